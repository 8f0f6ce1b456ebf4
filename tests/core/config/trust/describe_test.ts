/** What a person reads before a yes. */
import assert from "node:assert/strict";
import { describeSource } from "../../../../core/config/trust/describe.ts";

Deno.test("describeSource() names every program, address, variable and setting", () => {
  const content = {
    mcp_servers: {
      a: {
        command: "node",
        args: ["s.js", "two words"],
        env: { A: "1" },
        env_vars: ["DOCS_TOKEN"],
        default_tools_approval_mode: "approve",
      },
      b: {
        url: "https://b.example/mcp",
        bearer_token_env_var: "B_TOKEN",
        http_headers: { X: "y" },
        env_http_headers: { Z: "Z_TOKEN" },
      },
    },
    hooks: {
      PreToolUse: [{
        matcher: "Bash",
        hooks: [{ type: "command", command: "make check", timeout: 5 }],
      }],
    },
    sandbox_workspace_write: { network_access: true, writable_roots: ["/s"] },
  };
  assert.deepEqual(
    describeSource({
      kind: "settings",
      content,
      programs: { "s.js": "0123456789abcdef0123456789abcdef" },
    }),
    [
      'MCP server "a" starts: node s.js "two words"',
      'MCP server "a" gets A=1',
      'MCP server "a" is handed your variables ["DOCS_TOKEN"]',
      'MCP server "a" sets default_tools_approval_mode = "approve"',
      'MCP server "b" connects to https://b.example/mcp',
      'MCP server "b" is sent your variable B_TOKEN as its token',
      'MCP server "b" is sent the header X: y',
      'MCP server "b" is sent your variable Z_TOKEN as the header Z',
      "hook at PreToolUse (Bash), for 5 s at most, runs: make check",
      "sets sandbox_workspace_write.network_access = true",
      'sets sandbox_workspace_write.writable_roots = ["/s"]',
      "leads to the file s.js, as it is now (SHA-256 0123456789abcdef)",
    ],
  );
});

Deno.test("describeSource() names the variables that .mcp.json fills in", () => {
  const content = {
    x: { url: "https://x/${PLACE}", headers: { A: "${X_TOKEN:-none}" } },
  };
  assert.deepEqual(describeSource({ kind: "servers", content, programs: {} }), [
    'MCP server "x" connects to https://x/${PLACE}',
    'MCP server "x" is sent the header A: ${X_TOKEN:-none}',
    'MCP server "x" is handed your variable PLACE',
    'MCP server "x" is handed your variable X_TOKEN',
  ]);
});

Deno.test("describeSource() says when a change shows in none of its lines", () => {
  const before = { content: { Stop: [] }, programs: {} };
  const lines = describeSource({
    kind: "hooks",
    content: { Stop: [], Other: [] },
    programs: {},
    before,
  });
  assert.deepEqual(lines, ["(what differs from before changes none of these)"]);
});
