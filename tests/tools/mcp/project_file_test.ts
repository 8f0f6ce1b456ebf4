/** `.mcp.json`: taken where it is approved, variables filled in, mistakes said. */
import assert from "node:assert/strict";
import { configOf } from "../../support/config.ts";
import {
  buildMcpServers,
  type McpServerList,
} from "../../../tools/mcp/project_file.ts";

function load(
  text: string,
  { decision = "approved", mine = {} }: {
    readonly decision?: "approved" | "open";
    readonly mine?: Record<string, { command: string }>;
  } = {},
): McpServerList {
  const env: Record<string, string> = { TOKEN: "t", EMPTY: "" };
  return buildMcpServers({ env: (name) => env[name] }, {
    config: configOf({ mcp_servers: mine }),
    origin: () => ({ layer: "user", file: "/c/config.toml" }),
    trust: {
      level: "trusted",
      folder: "/p",
      root: "/p",
      sources: [{
        file: "/p/.mcp.json",
        kind: "servers",
        text,
        content: {},
        sha256: "",
        programs: { "run.sh": "1f" },
        decision: decision === "open" ? undefined : decision,
      }],
    },
  });
}

function parse(servers: unknown): McpServerList {
  return load(JSON.stringify({ mcpServers: servers }));
}

const MINE = { both: { command: "mine" } };

Deno.test("buildMcpServers() takes programs and URLs and fills in variables", () => {
  const { servers, warnings } = parse({
    a: {
      command: "${BIN:-npx}",
      args: ["-y", "x@${VERSION:-1}"],
      env: { T: "${TOKEN}" },
      type: "stdio",
    },
    b: {
      type: "http",
      url: "https://x/${EMPTY:-mcp}",
      headers: { Authorization: "Bearer ${TOKEN}" },
    },
  });
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    servers.map((one) => [one.name, one.source, one.transport]),
    [
      ["a", "/p/.mcp.json", {
        type: "stdio",
        command: "npx",
        args: ["-y", "x@1"],
        env: { T: "t" },
        envVars: [],
      }],
      ["b", "/p/.mcp.json", {
        type: "http",
        url: "https://x/mcp",
        headers: { Authorization: "Bearer t" },
        envHeaders: {},
      }],
    ],
  );
});

Deno.test("buildMcpServers() leaves out what does not fit, and says why", () => {
  const { servers, warnings } = parse({
    "bad name": { command: "x" },
    both: { command: "x", url: "https://x" },
    neither: {},
    needs: { command: "${NO_SUCH}" },
    old: { type: "sse", url: "https://x" },
    types: { command: 7 },
    good: { command: "x" },
  });
  assert.deepEqual(servers.map((one) => one.name), ["good"]);
  const about = (name: string): string =>
    warnings.find((text) => text.includes(`"${name}"`)) ?? "";
  assert.match(about("bad name"), /its name must be letters/);
  assert.match(about("both"), /either a command or a url/);
  assert.match(about("neither"), /either a command or a url/);
  assert.match(about("needs"), /needs the variable NO_SUCH/);
  assert.match(about("old"), /must be http or stdio/);
  assert.match(about("types"), /its "command" does not fit/);
});

Deno.test("buildMcpServers() says when the file is no such file at all", () => {
  for (const text of ["{", "[]", '{"mcpServers": 3}']) {
    const { servers, warnings } = load(text);
    assert.deepEqual(servers, []);
    assert.deepEqual(warnings, [
      'Cannot read /p/.mcp.json: it is not JSON with an object "mcpServers"',
    ]);
  }
});

const FILE = JSON.stringify({
  mcpServers: { zed: { command: "z" }, both: { command: "theirs" } },
});

Deno.test("buildMcpServers() adds the approved servers of a project to the person's, sorted, the person's first", () => {
  const { servers, warnings } = load(FILE, { mine: MINE });
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    servers.map(({ name, source, isOwn, transport }) => [
      name,
      source,
      isOwn,
      transport.type === "stdio" && transport.command,
    ]),
    [
      ["both", "/c/config.toml", true, "mine"],
      ["zed", "/p/.mcp.json", false, "z"],
    ],
  );
});

Deno.test("buildMcpServers() leaves out servers that nobody has approved", () => {
  assert.deepEqual(
    load(FILE, { mine: MINE, decision: "open" }).servers.map((one) => one.name),
    ["both"],
  );
});

Deno.test("buildMcpServers() obeys what narrows a server in the words of others", () => {
  const { servers, warnings } = parse({
    a: { command: "x", disabled: true },
    b: { command: "x", enabled: false },
    c: { command: "x", includeTools: ["one"], excludeTools: ["two"] },
    d: { command: "x", disabled: false, disabledTools: ["three"] },
    e: { command: "x", disabled: "yes" },
  });
  assert.deepEqual(
    servers.map((one) => [
      one.name,
      one.enabled,
      one.enabledTools,
      one.disabledTools,
    ]),
    [
      ["a", false, undefined, []],
      ["b", false, undefined, []],
      ["c", true, ["one"], ["two"]],
      ["d", true, undefined, ["three"]],
    ],
  );
  assert.match(warnings.join(), /"e" of .* its "disabled" does not fit/);
});
