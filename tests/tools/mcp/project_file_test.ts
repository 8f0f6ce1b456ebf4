/** `.mcp.json`: read in trusted projects alone, variables filled in, mistakes said. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import type { LoadedConfig } from "../../../core/config/load.ts";
import { configOf } from "../../support/config.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import {
  loadMcpServers,
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

async function load(
  text: string,
  level: "trusted" | undefined,
): Promise<McpServerList> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/.mcp.json`, text);
    const loaded: Pick<
      LoadedConfig,
      "config" | "origin" | "projectRoot" | "trust"
    > = {
      config: configOf({ mcp_servers: { both: { command: "mine" } } }),
      origin: () => ({ layer: "user", file: "/c/config.toml" }),
      projectRoot: folder,
      trust: { level, folder },
    };
    const { servers, warnings } = await loadMcpServers(denoHost(), loaded);
    return {
      servers,
      warnings: warnings.map((one) => one.replaceAll(folder, "DIR")),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const FILE = JSON.stringify({
  mcpServers: { zed: { command: "z" }, both: { command: "theirs" } },
});

Deno.test("loadMcpServers() adds the project's servers to the person's, sorted, the person's first", async () => {
  const { servers, warnings } = await load(FILE, "trusted");
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    servers.map(({ name, source, transport }) => [
      name,
      source === "/c/config.toml",
      transport.type === "stdio" && transport.command,
    ]),
    [["both", true, "mine"], ["zed", false, "z"]],
  );
});

Deno.test("loadMcpServers() leaves the file of a project alone that nobody trusts", async () => {
  const { servers, warnings } = await load(FILE, undefined);
  assert.deepEqual(servers.map((one) => one.name), ["both"]);
  assert.deepEqual(warnings, [
    "Ignoring DIR/.mcp.json: the project DIR is not trusted",
  ]);
});

Deno.test("loadMcpServers() does not read a file that is too large", async () => {
  const { servers, warnings } = await load(
    " ".repeat(LIMITS.mcpProjectFileBytes) + FILE,
    "trusted",
  );
  assert.deepEqual(servers.map((one) => one.name), ["both"]);
  assert.match(warnings[0] ?? "", /^Ignoring DIR\/.mcp.json: it has \d+ bytes/);
});
