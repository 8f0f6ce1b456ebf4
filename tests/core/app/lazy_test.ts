/** Runs load nothing of MCP, of the doors for editors, of telemetry: all are reached by dynamic imports alone. */
import assert from "node:assert/strict";

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const root = new URL("../../../", import.meta.url).href;

async function loadGraph(): Promise<Graph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: decodeURIComponent(new URL(root).pathname),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** All that is loaded with these files, whatever happens afterwards. */
function loadedWith(graph: Graph, files: readonly string[]): Set<string> {
  const modules = new Map(graph.modules.map((one) => [one.specifier, one]));
  const seen = new Set<string>();
  const visit = (specifier: string): void => {
    if (seen.has(specifier)) return;
    seen.add(specifier);
    for (
      const { code, isDynamic } of modules.get(specifier)?.dependencies ?? []
    ) {
      if (!isDynamic && code?.specifier !== undefined) visit(code.specifier);
    }
  };
  for (const file of files) visit(`${root}${file}`);
  return seen;
}

/** All that any run starts with. */
const EVERY_RUN = [
  "main.ts",
  "core/app.ts",
  "core/app/commands/exec.ts",
  "core/app/repl/command.ts",
  "core/app/open_thread.ts",
];

Deno.test("A run without servers loads neither the SDK nor what uses it", async () => {
  const graph = await loadGraph();
  const mcp = [...loadedWith(graph, EVERY_RUN)].filter((one) =>
    /modelcontextprotocol|\/tools\/mcp_|\/mcp_server/.test(one)
  );
  assert.deepEqual(mcp, []);
  // The graph would show it: the commands around servers do load the SDK.
  const commands = loadedWith(graph, ["core/app/mcp/command.ts"]);
  assert.ok([...commands].some((one) => one.includes("modelcontextprotocol")));
});

Deno.test("A run that nobody asks for telemetry loads no more of it than that question", async () => {
  const graph = await loadGraph();
  const loaded = [...loadedWith(graph, EVERY_RUN)].filter((one) =>
    /opentelemetry|\/core\/telemetry\//.test(one)
  );
  assert.deepEqual(loaded, [`${root}core/telemetry/access.ts`]);
  const all = loadedWith(graph, ["core/telemetry/telemetry.ts"]);
  assert.ok([...all].some((one) => one.includes("opentelemetry")));
});

Deno.test("A run loads nothing of the app server and of ACP, nor the library of it", async () => {
  const graph = await loadGraph();
  const doors = [...loadedWith(graph, EVERY_RUN)].filter((one) =>
    /agentclientprotocol|\/(frontends|serve)\/(acp|app_server)/.test(one)
  );
  assert.deepEqual(doors, []);
  const acp = loadedWith(graph, ["core/app/serve/acp.ts"]);
  assert.ok([...acp].some((one) => one.includes("agentclientprotocol")));
});
