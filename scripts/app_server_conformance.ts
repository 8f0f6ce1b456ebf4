/** Every message of `rondo app-server` against the schema that Codex prints; not part of the gate. */
// deno run -A scripts/app_server_conformance.ts [--schema DIR] [--runs N]. Without a folder
// the schema comes from the npm package @openai/codex, which is fetched.
import { Ajv, type ValidateFunction } from "ajv";
import fc from "fast-check";
import type { JsonObject } from "../core/util/json/json.ts";
import { stage } from "../tests/e2e/support.ts";
import {
  AppClient,
  type AppClientOptions,
  type Message,
} from "../tests/support/app_client.ts";
import { HARD_TALK, TALK, Talks } from "../tests/support/app_scripts.ts";
import { mcpServerArgs } from "../tests/support/mcp_server.ts";
import { call, say, type Step } from "../tests/support/mock_model.ts";

const CODEX = "@openai/codex@0.171.0";

/** Answers, by method; what is not here is only known to be an object. */
const RESPONSES: Readonly<Record<string, string>> = {
  "initialize": "v1/InitializeResponse",
  "thread/start": "v2/ThreadStartResponse",
  "thread/resume": "v2/ThreadResumeResponse",
  "thread/fork": "v2/ThreadForkResponse",
  "thread/list": "v2/ThreadListResponse",
  "thread/loaded/list": "v2/ThreadLoadedListResponse",
  "thread/read": "v2/ThreadReadResponse",
  "thread/turns/list": "v2/ThreadTurnsListResponse",
  "thread/items/list": "v2/ThreadItemsListResponse",
  "thread/unsubscribe": "v2/ThreadUnsubscribeResponse",
  "thread/revert": "v2/ThreadRevertResponse",
  "turn/start": "v2/TurnStartResponse",
  "turn/steer": "v2/TurnSteerResponse",
  "review/start": "v2/ReviewStartResponse",
  "model/list": "v2/ModelListResponse",
  "skills/list": "v2/SkillsListResponse",
  "permissionProfile/list": "v2/PermissionProfileListResponse",
  "mcpServerStatus/list": "v2/ListMcpServerStatusResponse",
  "collaborationMode/list": "v2/CollaborationModeListResponse",
  "thread/archive": "v2/ThreadArchiveResponse",
  "thread/unarchive": "v2/ThreadUnarchiveResponse",
  "thread/delete": "v2/ThreadDeleteResponse",
  "thread/name/set": "v2/ThreadSetNameResponse",
  "thread/compact/start": "v2/ThreadCompactStartResponse",
  "thread/settings/update": "v2/ThreadSettingsUpdateResponse",
  "turn/interrupt": "v2/TurnInterruptResponse",
  "config/read": "v2/ConfigReadResponse",
  "account/read": "v2/GetAccountResponse",
  "command/exec": "v2/CommandExecResponse",
  "fs/getMetadata": "v2/FsGetMetadataResponse",
  "fs/readDirectory": "v2/FsReadDirectoryResponse",
  "fuzzyFileSearch": "FuzzyFileSearchResponse",
};

async function main(args: readonly string[]): Promise<number> {
  const value = (name: string): string | undefined => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args[at + 1];
  };
  const folder = value("--schema") ?? await generateSchema();
  const checker = await Checker.load(folder);
  await playAll(checker);
  const runs = Number(value("--runs") ?? 500);
  for (const [talk, onSocket] of [[TALK, false], [HARD_TALK, true]] as const) {
    await using talks = await Talks.open((options) => checker.open(options), {
      onSocket,
    });
    await fc.assert(
      fc.asyncProperty(talk, (steps) => talks.talk(steps)),
      { numRuns: runs },
    );
  }
  const { messages, kinds, problems } = checker;
  console.log(
    `${messages} messages of ${kinds.size} kinds, 2 x ${runs} scripts`,
  );
  console.log([...kinds].sort().join("\n"));
  for (const problem of problems) console.log(problem);
  return problems.size === 0 ? 0 : 1;
}

// Each method once, for its answer.
async function playAll(checker: Checker): Promise<void> {
  const steps: Step[] = [];
  await using s = await stage({
    laws: false,
    script: () => steps.shift() ?? [say("said")],
    config: {
      bottom: [
        "[mcp_servers.echo]",
        `command = ${JSON.stringify(Deno.execPath())}`,
        `args = ${
          JSON.stringify(mcpServerArgs({ tools: [{ name: "echo" }] }))
        }`,
        'env_vars = ["DENO_DIR"]',
      ].join("\n"),
    },
  });
  await using client = await checker.open({
    home: s.home,
    answer: () => ({ action: "accept" }),
  });
  const threadId = await client.startThread();
  const turn = await client.turn(threadId, "one");
  const { temp } = s.home;
  await Deno.writeTextFile(`${temp}/a.txt`, "a");
  const asked: readonly (readonly [string, JsonObject])[] = [
    ["thread/list", {}],
    ["thread/loaded/list", {}],
    ["thread/read", { threadId, includeTurns: true }],
    ["thread/turns/list", { threadId }],
    ["thread/items/list", { threadId }],
    ["thread/name/set", { threadId, name: "n" }],
    ["thread/settings/update", { threadId, effort: "low" }],
    ["thread/fork", { threadId }],
    ["thread/compact/start", { threadId }],
    ["model/list", {}],
    ["skills/list", {}],
    ["permissionProfile/list", {}],
    ["mcpServerStatus/list", {}],
    ["mcpServerStatus/list", { threadId }],
    ["collaborationMode/list", {}],
    ["config/read", {}],
    ["account/read", {}],
    ["command/exec", { command: ["echo", "x"] }],
    ["command/exec", { command: ["echo", "x"], processId: "p", tty: true }],
    ["fs/getMetadata", { path: `${temp}/a.txt` }],
    ["fs/readDirectory", { path: temp }],
    ["fuzzyFileSearch", { query: "a", roots: [temp] }],
  ];
  for (const [method, params] of asked) await client.request(method, params);
  await client.find(({ method, params }) =>
    method === "turn/completed" &&
    ((params as JsonObject)["turn"] as JsonObject)["id"] !== turn["id"]
  );
  await client.request("thread/revert", {
    threadId,
    beforeTurnId: turn["id"] ?? null,
  });
  await client.request("thread/unsubscribe", { threadId });
  await client.request("thread/resume", { threadId });
  const review = await client.request("review/start", {
    threadId,
    target: { type: "custom", instructions: "look" },
  });
  await client.ended(String((review["turn"] as JsonObject)["id"]));
  const settings = { model: "gpt-5.2-codex" };
  await client.turn(threadId, "plan", {
    collaborationMode: { mode: "plan", settings },
  });
  steps.push([call("shell", { command: ["echo", "x"] })]);
  await client.turn(threadId, "run", {
    approvalPolicy: "never",
    collaborationMode: { mode: "default", settings },
  });
  steps.push([call("mcp__echo__echo", { text: "x" })]);
  await client.turn(threadId, "call", { approvalPolicy: "untrusted" });
  for (const one of ["archive", "unarchive", "delete"]) {
    await client.request(`thread/${one}`, { threadId });
  }
}

/** Holds what the server says against the schema, and remembers what did not fit. */
class Checker {
  readonly problems = new Set<string>();
  readonly kinds = new Set<string>();
  messages = 0;
  readonly #notification: ValidateFunction;
  readonly #request: ValidateFunction;
  readonly #responses = new Map<string, ValidateFunction>();

  constructor(
    notification: ValidateFunction,
    request: ValidateFunction,
    responses: ReadonlyMap<string, ValidateFunction>,
  ) {
    this.#notification = notification;
    this.#request = request;
    for (const [name, one] of responses) this.#responses.set(name, one);
  }

  static async load(folder: string): Promise<Checker> {
    const ajv = new Ajv({ strict: false, allErrors: false, logger: false });
    const read = async (name: string): Promise<ValidateFunction> =>
      ajv.compile(
        JSON.parse(await Deno.readTextFile(`${folder}/${name}.json`)),
      );
    const responses = new Map<string, ValidateFunction>();
    for (const [method, name] of Object.entries(RESPONSES)) {
      responses.set(method, await read(name));
    }
    return new Checker(
      await read("ServerNotification"),
      await read("ServerRequest"),
      responses,
    );
  }

  async open(options: AppClientOptions): Promise<AppClient> {
    const sent = new Map<unknown, string>();
    const client = await AppClient.connect({
      ...options,
      onMessage: (message) => this.#take(message, sent),
    });
    const send = client.send.bind(client);
    client.send = async (message) => {
      const { id, method } = message as JsonObject;
      if (typeof method === "string") sent.set(id, method);
      await send(message);
    };
    await client.request("initialize", {
      clientInfo: { name: "test", title: null, version: "1" },
      capabilities: { experimentalApi: true, requestAttestation: false },
    });
    return client;
  }

  #take(message: Message, sent: ReadonlyMap<unknown, string>): void {
    this.messages++;
    const { id, method } = message;
    if (message["error"] !== undefined) return;
    const name = String(method ?? sent.get(id));
    this.kinds.add(method === undefined ? `answer ${name}` : name);
    const check = method === undefined
      ? this.#responses.get(name)
      : id === undefined
      ? this.#notification
      : this.#request;
    const value = method === undefined ? message["result"] : message;
    if (check === undefined || check(value)) return;
    const [error] = check.errors ?? [];
    this.problems.add(
      `${name}: ${error?.instancePath} ${error?.message}: ${
        JSON.stringify(value).slice(0, 400)
      }`,
    );
  }
}

async function generateSchema(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "rondo-schema-" });
  const { success, stderr } = await new Deno.Command("npx", {
    args: [
      "-y",
      CODEX,
      "app-server",
      "generate-json-schema",
      "--experimental",
      "--out",
      folder,
    ],
    env: { CODEX_HOME: folder },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return folder;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
