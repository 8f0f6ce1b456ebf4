/** The reference servers of MCP, fetched from npm when it can be reached. */
import assert from "node:assert/strict";
import { piecesOfResult } from "../../tools/mcp/result.ts";
import type { McpServerSpec } from "../../tools/mcp/client/server_config.ts";
import type { Tool } from "../../core/protocol/tool.ts";
import { call, say } from "../support/mock_model.ts";
import {
  behindUrl,
  scripted,
  testServers,
  until,
} from "../tools/mcp/support.ts";
import {
  call as callView,
  recordingContext,
  settings,
} from "../tools/support.ts";
import { assertNoneLeft, itemsOf, stage } from "./support.ts";

const PACKAGES = [
  "@modelcontextprotocol/server-everything@2026.8.31",
  "@modelcontextprotocol/server-filesystem",
  "@modelcontextprotocol/server-memory",
];
const FREE = settings({ sandbox: { mode: "danger-full-access" } });

/** Folder with the packages, fetched once; undefined without npm or a network. */
let fetched: Promise<string | undefined> | undefined;
/** What has to go at the end. */
let installed = "";

function servers(): Promise<string | undefined> {
  fetched ??= fetchServers();
  return fetched;
}

async function fetchServers(): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "rondo-mcp-servers-" });
  installed = folder;
  try {
    const { success, stderr } = await new Deno.Command("npm", {
      args: [
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--fetch-retries=0",
        "--prefix",
        folder,
        ...PACKAGES,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(120_000),
    }).output();
    if (success) return folder;
    console.warn(new TextDecoder().decode(stderr).slice(-500));
  } catch (error) {
    console.warn(String(error));
  }
  return undefined;
}

function realTest(
  name: string,
  run: (folder: string) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const folder = await servers();
    if (folder === undefined) {
      console.warn("SKIPPED: npm cannot be reached, no reference servers");
      return;
    }
    await run(folder);
  });
}

function entry(folder: string, name: string): string {
  return `${folder}/node_modules/@modelcontextprotocol/server-${name}/dist/index.js`;
}

function program(
  folder: string,
  name: string,
  args: readonly string[] = [],
): McpServerSpec {
  return {
    ...scripted(name, {}),
    roots: name === "everything",
    transport: {
      type: "stdio",
      command: "node",
      args: [entry(folder, name), ...args],
      env: { MEMORY_FILE_PATH: `${folder}/memory.json` },
      envVars: [],
    },
  };
}

/** What each tool of server-everything is called with, and what its answer holds. */
const EVERYTHING: Readonly<Record<string, readonly [unknown, RegExp]>> = {
  "echo": [{ message: "hi" }, /Echo: hi/],
  "get-annotated-message": [
    { messageType: "success", includeImage: true },
    /data:image\/png/,
  ],
  "get-env": [{}, /"PATH"/],
  "get-resource-links": [{ count: 2 }, /\[resource demo:\/\/resource/],
  "get-resource-reference": [
    { resourceType: "Text", resourceId: 1 },
    /Resource 1: This is a plaintext resource/,
  ],
  "get-roots-list": [{}, /file:\/\/\/tmp/],
  "get-structured-content": [
    { location: "New York" },
    /^\{"temperature":\d+,"conditions":"\w+","humidity":\d+\}$/,
  ],
  "get-sum": [{ a: 1, b: 2 }, /is 3/],
  "get-tiny-image": [{}, /data:image\/png;base64,/],
  "gzip-file-as-resource": [
    { name: "x.gz", data: "data:text/plain,hello", outputType: "resourceLink" },
    /\[resource demo:\/\/resource\/session\/x\.gz/,
  ],
  "simulate-research-query": [{ topic: "cats" }, /Research Report: cats/],
  "toggle-simulated-logging": [{}, /logging/i],
  "toggle-subscriber-updates": [{}, /updat/i],
  "trigger-elicitation-request": [{}, /declined|User/],
  "trigger-long-running-operation": [{ duration: 1, steps: 2 }, /completed/],
  "trigger-url-elicitation": [
    { url: "https://example.com/x", message: "Look", elicitationId: "1" },
    /./,
  ],
};

async function textOf(tool: Tool, args: unknown): Promise<string> {
  const output = await tool.run(callView(args), recordingContext(FREE));
  return typeof output.content === "string"
    ? output.content
    : JSON.stringify(output.content);
}

async function callEverything(tools: readonly Tool[]): Promise<void> {
  const named = tools.filter((tool) =>
    tool.name.startsWith("mcp__everything__")
  );
  assert.deepEqual(
    named.map((tool) => tool.name.replace("mcp__everything__", "")),
    Object.keys(EVERYTHING),
  );
  await Promise.all(named.map(async (tool) => {
    const name = tool.name.replace("mcp__everything__", "");
    const [args, wanted] = EVERYTHING[name] ?? [{}, /./];
    assert.match(await textOf(tool, args), wanted, name);
  }));
}

realTest(
  "Every tool of server-everything can be called over stdio",
  async (folder) => {
    await using t = testServers([program(folder, "everything")]);
    const tools = await t.tools();
    assert.deepEqual(t.warnings, []);
    await callEverything(tools);
    const prompts = await t.mcpServers.prompts();
    assert.ok(prompts.some((one) => one.parameters.includes("city")));
    assert.match(
      await t.mcpServers.prompt("everything", "args-prompt", { city: "Bern" }),
      /Bern/,
    );
    const list = tools.find((one) => one.name === "list_mcp_resources");
    assert.ok(list !== undefined);
    assert.match(await textOf(list, {}), /demo:\/\/resource\/static/);
  },
);

realTest(
  "Every tool of server-everything can be called over HTTP",
  async (folder) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const child = new Deno.Command("node", {
      args: [entry(folder, "everything"), "streamableHttp"],
      env: { PORT: String(port) },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      const url = `http://127.0.0.1:${port}/mcp`;
      await until(async () => {
        try {
          await (await fetch(url)).body?.cancel();
          return true;
        } catch {
          return false;
        }
      });
      await using t = testServers([{
        ...behindUrl("everything", url),
        roots: true,
      }]);
      await callEverything(await t.tools());
      assert.deepEqual(t.warnings, []);
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
  },
);

realTest(
  "server-filesystem and server-memory do their work in a turn",
  async (folder) => {
    const work = await Deno.makeTempDir();
    const path = `${work}/note.txt`;
    await Deno.writeTextFile(path, "remember me");
    const table = (name: string, args: readonly string[]): string =>
      [
        `[mcp_servers.${name}]`,
        'command = "node"',
        `args = ${JSON.stringify([entry(folder, name), ...args])}`,
        `env = { MEMORY_FILE_PATH = ${JSON.stringify(`${work}/memory.json`)} }`,
        'default_tools_approval_mode = "approve"',
        "",
      ].join("\n");
    await using s = await stage({
      script: [
        [
          call("mcp__filesystem__read_text_file", { path }),
          call("mcp__memory__create_entities", {
            entities: [{ name: "n", entityType: "note", observations: ["o"] }],
          }),
        ],
        [call("mcp__memory__read_graph", {})],
        [say("done")],
      ],
      config: { bottom: table("filesystem", [work]) + table("memory", []) },
    });
    const run = await s.json("go");
    assert.equal(run.code, 0, run.stderr);
    const items = itemsOf(run, "mcp_tool_call");
    assert.deepEqual(items.map((item) => item["status"]), [
      "completed",
      "completed",
      "completed",
    ]);
    const body = JSON.stringify(s.model.request(2).body);
    assert.match(body, /remember me/);
    assert.match(body, /\\+"entityType\\+":\\+"note\\+"/);
    await assertNoneLeft(work);
  },
);

realTest(
  "What server-everything answers is understood block by block",
  async (folder) => {
    await using t = testServers([program(folder, "everything")]);
    const image = await t.tool("get-tiny-image");
    const context = recordingContext(FREE);
    const output = await image.run(callView({}), context);
    assert.ok(Array.isArray(output.content));
    assert.deepEqual(output.content.map((part) => part.type), [
      "input_text",
      "input_image",
    ]);
    const shown = [...context.activities.values()][0];
    assert.ok(shown?.type === "mcp_call");
    const pieces = piecesOfResult(
      shown.result as Parameters<typeof piecesOfResult>[0],
    );
    assert.deepEqual(pieces.map((one) => one.type), ["text", "image", "text"]);
  },
);

realTest(
  "server-everything asks by form and asks the model, and understands the answers",
  async (folder) => {
    let fields: readonly string[] = [];
    await using t = testServers([program(folder, "everything")], {
      elicit: (form) => {
        fields = form.fields.map(({ kind }) => kind.type);
        const content = { name: "Ada", integer: 7 };
        return Promise.resolve({ action: "accept", content });
      },
      sampling: {
        ask: () => Promise.resolve({ type: "approve" }),
        send: ({ instructions, tokensMax }) =>
          Promise.resolve({
            text: `${instructions} ${tokensMax}`,
            model: "m",
            stopReason: "endTurn",
            usage: null,
          }),
        tell: () => {},
      },
    });
    const form = await t.tool("trigger-elicitation-request");
    const filled = await textOf(form, {});
    assert.match(filled, /- Name: Ada[^]*- Favorite Integer: 7/);
    assert.deepEqual(
      new Set(fields),
      new Set([
        "text",
        "yes_no",
        "number",
        "choice",
        "choices",
      ]),
    );
    const sample = await t.tool("trigger-sampling-request");
    assert.match(
      await textOf(sample, { prompt: "Hi", maxTokens: 33 }),
      /You are a helpful test server\. 33/,
    );
  },
);

addEventListener("unload", () => {
  if (installed !== "") Deno.removeSync(installed, { recursive: true });
});
