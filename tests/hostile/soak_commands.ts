/** Thousands of commands that live on, then runs that end at random with some of them: nothing grows, nothing is left. */
import assert from "node:assert/strict";
import { type JsonObject } from "../../core/util/json/json.ts";
import { assertNoneLeft, newMarker, processesWith } from "../e2e/support.ts";
import { exec, LIVE, newest } from "../support/live_script.ts";
import {
  call,
  mockModel,
  type MockRequest,
  type Part,
  say,
  type Step,
} from "../support/mock_model.ts";
import {
  type AgentHome,
  agentHome,
  mockConfig,
  type RunningAgent,
  startAgent,
} from "../support/run_agent.ts";
import { WITHOUT_BWRAP } from "../support/without_bwrap.ts";

const A_STEP = 12;
/** Of the 64 there may be: what is read beside them has ended. */
const OPEN_MAX = 40;
const ALL_SESSIONS = 64;
const BETWEEN_LOOKS = 60;
const BACKENDS: Readonly<Record<string, readonly string[]>> = {
  bwrap: [],
  landlock: WITHOUT_BWRAP,
};

/** What each kind of command leaves to be tidied. */
const LINES: readonly ((at: number) => [string, JsonObject?])[] = [
  (at) => [`echo ${at}`],
  (at) => [`echo ${at}; exit ${at % 7}`],
  (at) => [`sleep 300 & sleep 300 & echo ${at}`],
  (at) => [`echo ${at}; kill -9 $$`],
  (at) => [`tty; echo ${at}`, { tty: true }],
  (at) => [
    `head -c 300000 /dev/zero | tr '\\0' x; echo ${at}`,
    { max_output_tokens: 100 },
  ],
  (at) => [`sleep 1000; : ${at}`],
  (at) => [`cat; : ${at}`, { tty: true }],
];

interface Held {
  readonly commands: number;
  readonly descriptors: number;
  readonly processes: number;
  readonly dead: number;
  readonly tempFiles: number;
  readonly rssMiB: number;
}

/** Plays them in each back end that confines, and fails for what grows. */
export async function soakCommands(
  random: () => number,
  { commands, ends }: { readonly commands: number; readonly ends: number },
): Promise<void> {
  const names = Object.keys(BACKENDS);
  for (const backend of names) {
    const looks = await play(random, backend, commands / names.length);
    checkFlat(backend, looks);
  }
  for (let at = 0; at < ends; at++) {
    const backend = names[at % names.length] ?? "";
    await endAtRandom(random, backend, at < names.length);
  }
  console.log(`${ends} random ends, nothing left`);
}

async function openHome(url: string): Promise<AgentHome> {
  const home = await agentHome();
  // So small that the thread is compacted again and again: what is sent stays as it is.
  const top = "model_context_window = 60000";
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(url, { top }),
  );
  return home;
}

function start(
  home: AgentHome,
  backend: string,
  more: readonly string[] = [],
): RunningAgent {
  return startAgent({
    home,
    under: BACKENDS[backend] ?? [],
    args: [
      ...["exec", "--json", "--skip-git-repo-check", ...LIVE.args],
      ...["--sandbox", "workspace-write", ...more, "go"],
    ],
  });
}

async function play(
  random: () => number,
  backend: string,
  commands: number,
): Promise<readonly Held[]> {
  const looks: Held[] = [];
  const open = new Set<number>();
  let started = 0;
  // From time to time all of them end, so that what they leave can be seen.
  let pauseAt = BETWEEN_LOOKS;
  const program: { agent?: RunningAgent; temp?: string } = {};
  const next = (request: MockRequest): Step => {
    follow(request, open);
    // The server keeps what it was sent; what is measured is the program.
    (model.requests as unknown[]).length = 0;
    const { agent, temp } = program;
    if (request.body["tool_choice"] === "none") return say("They go on.");
    if (agent !== undefined && temp !== undefined && open.size === 0) {
      if (started >= pauseAt) {
        looks.push(lookAt(agent.pid, temp, started));
        pauseAt += BETWEEN_LOOKS;
      }
      if (started >= commands) return say("done");
    }
    const isFull = open.size > OPEN_MAX - A_STEP || started >= pauseAt;
    if (isFull) return [...open].slice(0, A_STEP).map(interrupt);
    return Array.from({ length: A_STEP }, () => {
      const line = LINES[Math.floor(random() * LINES.length)] ?? LINES[0];
      const [cmd, words] = line?.(started++) ?? ["true"];
      return exec(cmd, { yield_time_ms: 400, ...words });
    });
  };
  await using model = mockModel({ laws: false, script: next });
  await using place = await openHome(model.url);
  await using agent = start(place, backend);
  Object.assign(program, { agent, temp: place.temp });
  const run = await agent.finished;
  assert.equal(run.code, 0, `${run.stdout.slice(-800)}${run.stderr}`);
  const [first] = run.events;
  assert.match(JSON.stringify(first?.["sandbox"]), new RegExp(`"${backend}"`));
  return looks;
}

function interrupt(session: number): Part {
  const chars = "\u0003";
  return call("write_stdin", { session_id: session, chars });
}

/** Keeps account of the sessions that run, by what the newest outputs say. */
function follow({ input }: MockRequest, open: Set<number>): void {
  for (const item of input.slice(-3 * A_STEP)) {
    const output = String(item["output"] ?? "");
    const running = /running with session ID (\d+)/.exec(output)?.[1];
    if (running !== undefined) open.add(Number(running));
  }
  for (const item of input.slice(-4 * A_STEP)) {
    const text = JSON.stringify(item);
    for (const [, id] of text.matchAll(/Session (\d+) \(/g)) {
      open.delete(Number(id));
    }
    const typed = /"session_id\\*":(\d+)/.exec(text)?.[1];
    const answer = input.find((one) =>
      one["type"] === "function_call_output" &&
      one["call_id"] === item["call_id"]
    );
    const said = String(answer?.["output"] ?? "");
    if (typed !== undefined && /exited with code|Cannot reach/.test(said)) {
      open.delete(Number(typed));
    }
  }
}

function lookAt(pid: number, temp: string, commands: number): Held {
  const { stdout } = new Deno.Command("sh", {
    args: [
      "-c",
      `ls /proc/${pid}/fd | wc -l
cat /proc/${pid}/task/*/children | wc -w
for child in $(cat /proc/${pid}/task/*/children); do cat /proc/$child/stat; done 2>/dev/null | grep -c ') Z '
find ${temp} | wc -l
awk '/VmRSS/ { print int($2 / 1024) }' /proc/${pid}/status`,
    ],
  }).outputSync();
  const [descriptors = 0, processes = 0, dead = 0, tempFiles = 0, rssMiB = 0] =
    new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  return { commands, descriptors, processes, dead, tempFiles, rssMiB };
}

function checkFlat(backend: string, looks: readonly Held[]): void {
  const quarter = Math.max(1, Math.floor(looks.length / 4));
  const rows = [
    ["descriptors", 1, 4],
    ["processes", 1, 2],
    ["dead", 1, 2],
    ["tempFiles", 1, 1],
    ["rssMiB", 1.3, 40],
  ] as const;
  const grown = rows.flatMap(([key, factor, slack]) => {
    const most = (some: readonly Held[]): number =>
      Math.max(...some.map((one) => one[key]));
    const before = most(looks.slice(0, quarter));
    const after = most(looks.slice(-quarter));
    console.log(
      `${key} under ${backend}: ${before} at first, ${after} at last`,
    );
    return after <= before * factor + slack ? [] : [key];
  });
  assert.deepEqual(grown, [], "what grew");
  console.log(`flat over ${looks.at(-1)?.commands} commands under ${backend}`);
}

const ENDS = [
  "exit",
  "kill",
  "timeout",
  "SIGINT",
  "SIGTERM",
  "SIGKILL",
] as const;

async function endAtRandom(
  random: () => number,
  backend: string,
  isFull: boolean,
): Promise<void> {
  const marker = newMarker();
  const end = ENDS[Math.floor(random() * ENDS.length)] ?? "exit";
  const count = isFull ? ALL_SESSIONS : 1 + Math.floor(random() * 8);
  const line = `trap '' TERM HUP; exec -a ${marker} sleep 1000`;
  const parts = Array.from(
    { length: count },
    (_, at) =>
      exec(`: ${at}; ${line}`, { tty: random() < 0.3, shell: "/bin/bash" }),
  );
  const script = [
    parts,
    (request: MockRequest): Step => {
      assert.match(newest(request), /running with session ID/);
      return end === "exit"
        ? say("done")
        : exec("sleep 30", { yield_time_ms: 30_000 });
    },
    say("done"),
  ];
  await using model = mockModel({ laws: false, script });
  await using home = await openHome(model.url);
  const more = end === "timeout" ? ["--timeout", "20s"] : [];
  await using agent = start(home, backend, more);
  await model.received(2);
  const afterMs = random() * 300;
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  if (end === "kill") {
    for (const pid of processesWith(marker)) Deno.kill(pid, "SIGKILL");
    agent.kill("SIGTERM");
  } else if (end.startsWith("SIG")) agent.kill(end as Deno.Signal);
  await agent.finished;
  await assertNoneLeft(marker);
}
