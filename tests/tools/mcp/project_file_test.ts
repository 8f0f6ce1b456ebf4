/** `.mcp.json`: read in trusted projects alone, variables filled in, mistakes said. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import type { LoadedConfig } from "../../../core/config/load.ts";
import { configOf } from "../../support/config.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import {
  loadMcpServers,
  type McpServerList,
} from "../../../tools/mcp/project_file.ts";

async function load(
  text: string,
  { level = "trusted", mine = {} }: {
    level?: "trusted" | "unknown";
    mine?: Record<string, { command: string }>;
  } = {},
): Promise<McpServerList> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/.mcp.json`, text);
    const loaded: Pick<
      LoadedConfig,
      "config" | "origin" | "projectRoot" | "trust"
    > = {
      config: configOf({ mcp_servers: mine }),
      origin: () => ({ layer: "user", file: "/c/config.toml" }),
      projectRoot: folder,
      trust: { level: level === "trusted" ? level : undefined, folder },
    };
    const env: Record<string, string> = { TOKEN: "t", EMPTY: "" };
    const host = { ...denoHost(), env: (name: string) => env[name] };
    const { servers, warnings } = await loadMcpServers(host, loaded);
    return {
      servers: servers.map((one) => ({
        ...one,
        source: one.source.replace(folder, "DIR"),
      })),
      warnings: warnings.map((one) => one.replaceAll(folder, "DIR")),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function parse(servers: unknown): Promise<McpServerList> {
  return await load(JSON.stringify({ mcpServers: servers }));
}

const MINE = { both: { command: "mine" } };

Deno.test("loadMcpServers() takes programs and URLs and fills in variables", async () => {
  const { servers, warnings } = await parse({
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
      ["a", "DIR/.mcp.json", {
        type: "stdio",
        command: "npx",
        args: ["-y", "x@1"],
        env: { T: "t" },
        envVars: [],
      }],
      ["b", "DIR/.mcp.json", {
        type: "http",
        url: "https://x/mcp",
        headers: { Authorization: "Bearer t" },
        envHeaders: {},
      }],
    ],
  );
});

Deno.test("loadMcpServers() leaves out what does not fit, and says why", async () => {
  const { servers, warnings } = await parse({
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

Deno.test("loadMcpServers() says when the file is no such file at all", async () => {
  for (const text of ["{", "[]", '{"mcpServers": 3}']) {
    const { servers, warnings } = await load(text);
    assert.deepEqual(servers, []);
    assert.deepEqual(warnings, [
      'Cannot read DIR/.mcp.json: it is not JSON with an object "mcpServers"',
    ]);
  }
});

const FILE = JSON.stringify({
  mcpServers: { zed: { command: "z" }, both: { command: "theirs" } },
});

Deno.test("loadMcpServers() adds the project's servers to the person's, sorted, the person's first", async () => {
  const { servers, warnings } = await load(FILE, { mine: MINE });
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
  const { servers, warnings } = await load(FILE, {
    mine: MINE,
    level: "unknown",
  });
  assert.deepEqual(servers.map((one) => one.name), ["both"]);
  assert.deepEqual(warnings, [
    "Ignoring DIR/.mcp.json: the project DIR is not trusted",
  ]);
});

Deno.test("loadMcpServers() does not read a file that is too large", async () => {
  const { servers, warnings } = await load(
    " ".repeat(LIMITS.mcpProjectFileBytes) + FILE,
    { mine: MINE },
  );
  assert.deepEqual(servers.map((one) => one.name), ["both"]);
  assert.match(warnings[0] ?? "", /^Ignoring DIR\/.mcp.json: it has \d+ bytes/);
});
