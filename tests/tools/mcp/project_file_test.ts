/** `.mcp.json`: taken where it is approved, variables filled in, mistakes said. */
import assert from "node:assert/strict";
import type { LoadedConfig } from "../../../core/config/load.ts";
import { parseConfig } from "../../../core/config/file/schema.ts";
import {
  buildMcpServers,
  type McpServerList,
  parseProjectServers,
} from "../../../tools/mcp/project_file.ts";

function parse(servers: unknown): McpServerList {
  const env: Record<string, string> = { TOKEN: "t", EMPTY: "" };
  const text = JSON.stringify({ mcpServers: servers });
  return parseProjectServers(text, "/p/.mcp.json", (name) => env[name]);
}

Deno.test("parseProjectServers() takes programs and URLs and fills in variables", () => {
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

Deno.test("parseProjectServers() leaves out what does not fit, and says why", () => {
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

Deno.test("parseProjectServers() says when the file is no such file at all", () => {
  for (const text of ["{", "[]", '{"mcpServers": 3}']) {
    const { servers, warnings } = parseProjectServers(text, "/p/f", () => "");
    assert.deepEqual(servers, []);
    assert.deepEqual(warnings, [
      'Cannot read /p/f: it is not JSON with an object "mcpServers"',
    ]);
  }
});

const TEXT = JSON.stringify({
  mcpServers: { zed: { command: "z" }, both: { command: "theirs" } },
});

function load(decision: "approved" | undefined): McpServerList {
  const loaded: Pick<
    LoadedConfig,
    "config" | "origin" | "projectRoot" | "trust"
  > = {
    config: parseConfig({ mcp_servers: { both: { command: "mine" } } }),
    origin: () => ({ layer: "user", file: "/c/config.toml" }),
    projectRoot: "/p",
    trust: {
      level: "trusted",
      folder: "/p",
      root: "/p",
      sources: [{
        file: "/p/.mcp.json",
        kind: "servers",
        text: TEXT,
        content: {},
        sha256: "",
        programs: { "run.sh": "1f" },
        decision,
      }],
    },
  };
  return buildMcpServers({ env: () => undefined }, loaded);
}

Deno.test("buildMcpServers() adds the approved servers of a project to the person's, sorted, the person's first", () => {
  const { servers, warnings } = load("approved");
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    servers.map(({ name, source, isOwn, programs, transport }) => [
      name,
      source,
      isOwn,
      programs,
      transport.type === "stdio" && transport.command,
    ]),
    [
      ["both", "/c/config.toml", true, {}, "mine"],
      ["zed", "/p/.mcp.json", false, { "/p/run.sh": "1f" }, "z"],
    ],
  );
});

Deno.test("buildMcpServers() leaves out servers that nobody has approved", () => {
  assert.deepEqual(load(undefined).servers.map((one) => one.name), ["both"]);
});
