/** `deno task soak [--minutes N] [--seed S] [--turns N]`: one process, many turns with random faults; what grows is a leak. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { parseArgs } from "node:util";
import {
  call,
  cut,
  event,
  fail,
  failed,
  garbage,
  incomplete,
  type MockModel,
  mockModel,
  type Part,
  raw,
  say,
  type Step,
  think,
  unknownItem,
  usage,
} from "../support/mock_model.ts";
import {
  type AgentHome,
  agentHome,
  mockConfig,
  startAgent,
} from "../support/run_agent.ts";

const TURNS_MAX = 10_000;
/** Turns before the first look, so that caches are warm. */
const WARM_TURNS = 40;
const LOOK_EVERY = 20;
/** Fewer show no trend: the first quarter is held against the last one. */
const LOOKS_MIN = 8;
/** A turn that takes longer hangs. Far above what any takes on a busy machine. */
const HANG_MS = 120_000;

interface Look {
  readonly turns: number;
  readonly descriptors: number;
  readonly processes: number;
  readonly tempFiles: number;
  readonly rssMiB: number;
  readonly logBytesPerTurn: number;
}

/** A generator of its own seed (mulberry32), so that a run can be replayed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shell(script: string, more: JsonObject = {}): Part {
  return call("shell", { command: ["sh", "-c", script], ...more });
}

/** What a turn may meet: of the server, the model, the machine. */
const FAULTS: readonly (() => readonly Step[])[] = [
  () => [say("plain")],
  () => [[think("a thought"), say("x".repeat(5_000), { deltas: 50 })]],
  () => [shell("echo hi"), say("done")],
  () => [shell("exit 3"), say("done")],
  () => [shell("sleep 60 & echo started"), say("done")],
  () => [shell("head -c 300000 /dev/zero | tr '\\0' x"), say("done")],
  () => [shell("kill -9 $$"), say("done")],
  () => [shell("sleep 5", { timeout_ms: 50 }), say("done")],
  () => [shell("mkfifo f && rm f"), say("done")],
  () => [
    [shell("echo 1"), shell("echo 2"), call("nothing", {})],
    say("done"),
  ],
  () => [call("shell", "{"), say("done")],
  () => [call("shell", "[".repeat(5_000)), say("done")],
  () => [call("view_image", { path: "/dev/null" }), say("done")],
  () => [call("apply_patch", { input: "*** nothing" }), say("done")],
  () => [fail(500), say("after an error")],
  () => [fail(429, "slow down", { "retry-after": "0" }), say("after a limit")],
  () => [cut(), say("after a cut")],
  () => [[say("half"), cut()], say("after a cut")],
  () => [garbage(), say("after garbage")],
  () => [fail(400, "no")],
  () => [failed("server_error", "broken"), say("after a failure")],
  () => [incomplete("max_output_tokens")],
  () => [[unknownItem(), say("and a hologram")]],
  () => [raw(`data: {"x":${"[".repeat(9_000)}\n\n`), say("after depth")],
  () => [[event({ type: "response.news" }), say("news")]],
  () => [[usage(null), say("no usage")]],
];

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args.filter((word) => word !== "--"),
    options: {
      minutes: { type: "string", default: "20" },
      turns: { type: "string", default: String(TURNS_MAX) },
      seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    },
  });
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  const looks = await soak(randomOf(seed), {
    untilMs: Date.now() + countOf(values.minutes) * 60_000,
    turns: countOf(values.turns),
  });
  console.table(looks);
  checkFlat(looks);
  console.log(`flat over ${looks.at(-1)?.turns ?? 0} turns, seed ${seed}`);
}

function countOf(text: string): number {
  const count = Number(text);
  assert.ok(count > 0, `Cannot soak: ${text}, must be a number above 0`);
  return count;
}

async function soak(
  random: () => number,
  limits: { readonly untilMs: number; readonly turns: number },
): Promise<Look[]> {
  await using model = mockModel({ laws: false, script: () => say("done") });
  await using home = await agentHome({
    config: mockConfig(model.url, {
      provider: [
        "request_max_retries = 2",
        "stream_max_retries = 2",
      ].join("\n"),
      top: "model_auto_compact_token_limit = 40000",
    }),
  });
  await using agent = startAgent({
    home,
    stdin: "open",
    args: [
      "exec",
      "--json",
      "--input",
      "jsonl",
      "--skip-git-repo-check",
      "--sandbox",
      "danger-full-access",
      "-c",
      'approval_policy="never"',
    ],
  });
  const looks: Look[] = [];
  let turns = 0;
  while (turns < limits.turns && Date.now() < limits.untilMs) {
    await playTurn(agent, model, random);
    // The server keeps what it was sent; what is measured is the program.
    (model.requests as unknown[]).length = 0;
    turns++;
    if (turns >= WARM_TURNS && turns % LOOK_EVERY === 0) {
      looks.push(await look(agent.pid, home, turns));
      console.log(JSON.stringify(looks.at(-1)));
    }
  }
  await agent.closeStdin();
  const run = await agent.finished;
  assert.notEqual(run.code, 70, run.stderr.slice(-2_000));
  const ends = run.events.filter(({ type }) =>
    type === "turn.completed" || type === "turn.failed"
  );
  assert.equal(ends.length, turns, "one terminal line a turn");
  return looks;
}

async function playTurn(
  agent: ReturnType<typeof startAgent>,
  model: MockModel,
  random: () => number,
): Promise<void> {
  const fault = FAULTS[Math.floor(random() * FAULTS.length)];
  model.add(...fault?.() ?? []);
  const text = `turn ${random()}`;
  await agent.write(`${JSON.stringify({ type: "user.input", text })}\n`);
  let last = "";
  const alarm = setTimeout(() => {
    console.error(`a turn hangs after: ${last}\nit met ${fault}`);
    agent.kill("SIGKILL");
  }, HANG_MS);
  await agent.until((line) => {
    last = line;
    return /^\{"type":"turn\.(completed|failed)"/.test(line);
  });
  clearTimeout(alarm);
}

async function look(
  pid: number,
  home: AgentHome,
  turns: number,
): Promise<Look> {
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      `ls /proc/${pid}/fd | wc -l
cat /proc/${pid}/task/*/children | wc -w
find ${home.temp} | wc -l
awk '/VmRSS/ { print $2 }' /proc/${pid}/status
find ${home.codexHome} -name '*.jsonl' -printf '%s\\n' | awk '{ s += $1 } END { print s }'`,
    ],
  }).output();
  const [descriptors = 0, processes = 0, tempFiles = 0, rssKiB = 0, log = 0] =
    new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  return {
    turns,
    descriptors,
    processes,
    tempFiles,
    rssMiB: Math.round(rssKiB / 1024),
    logBytesPerTurn: Math.round(log / turns),
  };
}

/** The last quarter may need no more than the first one did, by a margin for the collector. */
function checkFlat(looks: readonly Look[]): void {
  assert.ok(
    looks.length >= LOOKS_MIN,
    `Cannot tell whether it is flat: ${looks.length} looks, must be ${LOOKS_MIN} (more --minutes or --turns)`,
  );
  const quarter = Math.max(1, Math.floor(looks.length / 4));
  const most = (part: readonly Look[], key: keyof Look): number =>
    Math.max(...part.map((one) => one[key]));
  const margins: [keyof Look, number, number][] = [
    ["descriptors", 1, 4],
    ["processes", 1, 1],
    ["tempFiles", 1, 4],
    ["rssMiB", 1.3, 40],
    ["logBytesPerTurn", 1.2, 1_000],
  ];
  for (const [key, factor, slack] of margins) {
    const before = most(looks.slice(0, quarter), key);
    const after = most(looks.slice(-quarter), key);
    assert.ok(
      after <= before * factor + slack,
      `${key} grew from ${before} to ${after}`,
    );
  }
}
