/** JSON nested deeper, and answers larger, than anything has a reason to be. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  event,
  fail,
  raw,
  say,
  type Step,
  unknownItem,
} from "../support/mock_model.ts";
import {
  openStage,
  type Promised,
  runJson,
  runProgram,
  type Situation,
  type Stage,
} from "./situation.ts";

const DEPTHS = [1_000, 5_000, 200_000];
const KIND = "depth of JSON";
/** One door of each kind: the gate tries these, the table all. */
const QUICK = new Set([
  "from the model, a message",
  "from the model, arguments of a call",
  "from the model, an event of no known kind",
  "--output-schema",
  "history.jsonl",
  "--input jsonl",
]);

type Try = (deep: string, stage: Stage) => Promise<void>;

const FROM_MODEL: Readonly<Record<string, (deep: string) => Step>> = {
  "an item of no known kind": (deep) =>
    done(`{"type":"hologram","id":"h","x":${deep}}`),
  "a message": (deep) =>
    done(
      `{"type":"message","id":"m","role":"assistant","x":${deep},"content":[{"type":"output_text","text":"hi"}]}`,
    ),
  "the content of a message": (deep) =>
    done(`{"type":"message","id":"m","role":"assistant","content":${deep}}`),
  "reasoning": (deep) =>
    done(`{"type":"reasoning","id":"r","summary":${deep}}`),
  "a call": (deep) =>
    done(
      `{"type":"function_call","id":"f","call_id":"c","name":"shell","arguments":"{}","x":${deep}}`,
    ),
  "arguments of a call": (deep) => [call("shell", `{"command":${deep}}`)],
  "arguments of no known tool": (deep) => [call("nothing", deep)],
  "the plan": (deep) => [call("update_plan", `{"plan":${deep}}`)],
  "an event of no known kind": (deep) =>
    raw(sse(`{"type":"response.news","x":${deep}}`)),
  "the usage": (deep) =>
    raw(
      sse(
        `{"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":${deep}}}`,
      ),
    ),
  "the list of output": (deep) =>
    raw(
      sse(
        `{"type":"response.completed","response":{"id":"r","status":"completed","output":${deep}}}`,
      ),
    ),
  "an error": (deep) =>
    raw(
      sse(
        `{"type":"response.failed","response":{"error":{"code":"x","message":"no","x":${deep}}}}`,
      ),
    ),
  "an HTTP error": (deep) => fail(400, `{"error":${deep}}`),
};

const ELSEWHERE: Readonly<Record<string, Try>> = {
  "-c": async (deep, stage) => {
    await runJson(stage, ["-c", `x=${deep.slice(0, 100_000)}`]);
  },
  "config.toml": async (deep, stage) => {
    const path = `${stage.home.codexHome}/config.toml`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, `x = ${deep}\n${text}`);
    await runJson(stage, []);
  },
  "--output-schema": inFile(
    ({ home }) => `${home.root}/schema.json`,
    (deep) => `{"type":"object","x":${deep}}`,
    (path) => ["--output-schema", path],
  ),
  "properties of --output-schema": inFile(
    ({ home }) => `${home.root}/schema.json`,
    (deep) =>
      deep.replaceAll("[", '{"type":"array","items":').replaceAll("]", "}"),
    (path) => ["--output-schema", path],
  ),
  "model_catalog_json": inFile(
    ({ home }) => `${home.root}/models.json`,
    (deep) => deep,
    (path) => ["-c", `model_catalog_json=${JSON.stringify(path)}`],
  ),
  "--replay": inFile(
    ({ home }) => `${home.root}/a.cassette`,
    (deep) => deep,
    (path) => ["--replay", path],
  ),
  "auth.json": inFile(({ home }) => `${home.codexHome}/auth.json`),
  "trust.json": inFile(({ home }) => `${home.codexHome}/trust.json`),
  "history.jsonl": inFile(({ home }) => `${home.codexHome}/history.jsonl`),
  "session_index.jsonl": inFile(({ home }) =>
    `${home.codexHome}/session_index.jsonl`
  ),
  "hooks.json": inFile(({ home }) => `${home.codexHome}/hooks.json`),
  ".mcp.json": inFile(
    ({ home }) => `${home.work}/.mcp.json`,
    (deep) => `{"mcpServers":{"a":{"command":"true","x":${deep}}}}`,
  ),
  "a project's hooks.json": inFile(({ home }) =>
    `${home.work}/.codex/hooks.json`
  ),
  "a skill's head": inFile(
    ({ home }) => `${home.codexHome}/skills/a/SKILL.md`,
    (deep) => `---\nname: a\ndescription: ${deep.slice(0, 60_000)}\n---\nx\n`,
  ),
  "rules": inFile(
    ({ home }) => `${home.codexHome}/rules/a.rules`,
    (deep) => `prefix_rule(pattern=${deep.slice(0, 400_000)})\n`,
  ),
  "--input jsonl": async (deep, stage) => {
    await runProgram(stage, [
      "exec",
      "--json",
      "--skip-git-repo-check",
      "--input",
      "jsonl",
    ], { stdin: `${deep}\n{"type":"user_message","x":${deep}}\n` });
  },
  "mcp-server": async (deep, stage) => {
    await runProgram(stage, ["mcp-server"], {
      stdin:
        `${deep}\n{"jsonrpc":"2.0","id":1,"method":"initialize","params":${deep}}\n`,
    });
  },
  "policy test": async (deep, stage) => {
    const path = `${stage.home.root}/cases.jsonl`;
    await Deno.writeTextFile(path, `${deep.slice(0, 400_000)}\n`);
    await runProgram(stage, ["policy", "test", path]);
  },
};

/** Every door through which JSON comes, at every depth. */
export function deepJson(): Situation[] {
  const doors: [string, Try][] = [
    ...Object.entries(FROM_MODEL).map(([name, step]): [string, Try] => [
      `from the model, ${name}`,
      (deep, stage) => {
        const isWhole = /HTTP|arguments|plan/.test(name);
        return tryModel(stage, step(deep), !isWhole && deep.length > 2_000);
      },
    ]),
    ...Object.entries(ELSEWHERE),
  ];
  return doors.flatMap(([name, run]) =>
    DEPTHS.map((depth) => ({
      kind: KIND,
      name: `${name}, ${depth} levels`,
      isQuick: depth === 5_000 && QUICK.has(name),
      run: async (): Promise<void> => {
        await using stage = await openStage({ script: () => say("done") });
        await run("[".repeat(depth) + "]".repeat(depth), stage);
      },
    }))
  );
}

// Whatever becomes of the answer, the session can be gone on with.
async function tryModel(
  stage: Stage,
  step: Step,
  isLost: boolean,
): Promise<void> {
  stage.model.add(step);
  const first = await runJson(stage, [
    "-c",
    "model_providers.mock.stream_max_retries=0",
  ], isLost ? { says: /event of it was passed over/ } : {});
  await runJson(stage, ["-c", "x=1"]);
  const id = first.events[0]?.["thread_id"];
  assert.ok(typeof id === "string", first.stdout);
  await runProgram(stage, [
    "exec",
    "resume",
    "--json",
    "--skip-git-repo-check",
    id,
    "more",
  ], { codes: [0] });
}

function inFile(
  at: (stage: Stage) => string,
  content: (deep: string) => string = (deep) => deep,
  args: (path: string) => readonly string[] = () => [],
): Try {
  return async (deep, stage) => {
    const path = at(stage);
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(path, `${content(deep)}\n`);
    await runJson(stage, args(path));
  };
}

function done(item: string): Step {
  return raw(
    sse(`{"type":"response.output_item.done","output_index":0,"item":${item}}`),
  );
}

function sse(data: string): string {
  return `data: ${data}\n\n`;
}

/** Large and many. */
export function largeAnswers(): Situation[] {
  const kind = "size of answers";
  const cases: [
    string,
    Step,
    Promised & { readonly check?: (events: readonly JsonObject[]) => void },
  ][] = [
    ["50 MB of arguments", [
      call("shell", `{"command":["true","${"x".repeat(50e6)}"]}`),
    ], { memoryMiBMax: 1_100 }],
    ["50 MB of one message", [say("x".repeat(50e6))], { memoryMiBMax: 1_100 }],
    ["10,000 calls in one answer", [
      ...Array.from({ length: 10_000 }, () => call("nothing", {})),
    ], {
      check: (events) => {
        const warnings = events.filter(({ type, message }) =>
          type === "warning" && /every tool call/.test(String(message))
        );
        assert.equal(warnings.length, 1);
      },
    }],
    ["10,000 items of no known kind", [
      ...Array.from({ length: 10_000 }, () => unknownItem()),
      say("done"),
    ], { codes: [0] }],
    ...[1e300, -1e300, 8.64e15 + 1, "1e999", "never", null].map((
      time,
    ): [string, Step, Promised] => [
      `a limit that ends at ${time}`,
      fail(429, {
        error: {
          type: "usage_limit_reached",
          message: "the words of the server",
          resets_at: time,
          resets_in_seconds: time,
        },
      }),
      { says: /the words of the server/ },
    ]),
    [
      "a wait of 1e300 s",
      fail(429, "the words of the server", {
        "retry-after": "1e300",
      }),
      { says: /the words of the server/ },
    ],
    ["a created_at of 1e300", [
      event({
        type: "response.created",
        response: { id: "r", created_at: 1e300 },
      }),
      say("done"),
    ], { codes: [0] }],
  ];
  return cases.map(([name, step, { check, ...promised }]) => ({
    kind,
    name,
    isQuick: /calls|never|of 1e300/.test(name),
    run: async (): Promise<void> => {
      await using stage = await openStage({ script: () => say("done") });
      stage.model.add(step);
      const retries = ["request_max_retries=0", "stream_max_retries=0"]
        .flatMap((value) => ["-c", `model_providers.mock.${value}`]);
      const run = await runJson(stage, retries, promised);
      check?.(run.events);
    },
  }));
}
