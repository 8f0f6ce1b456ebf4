/** The program is signalled at random moments: one last line, the right code, nothing left, resumable. */
import assert from "node:assert/strict";
import {
  call,
  type MockRequest,
  say,
  type Step,
} from "../support/mock_model.ts";
import { openInput } from "../support/laws.ts";
import type { AgentRun, RunningAgent } from "../support/run_agent.ts";
import {
  assertNoneLeft,
  checkLines,
  checkStream,
  hasBubblewrap,
  newMarker,
  type Stage,
  stage,
  terminalLines,
} from "./support.ts";

/** Moments of each test; a few in the gate, `SIGNAL_MOMENTS=500` for a proof. */
const MOMENTS = Number(Deno.env.get("SIGNAL_MOMENTS") ?? 2);
/** Commands of one run. */
const STEPS = 20;
/** At most between the news of a command and the kill while it starts. */
const STARTING_MS = 60;

const ENDING = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 143],
  ["SIGQUIT", 143],
] as const;

/** Nothing can be done about them. */
const MEANINGLESS = [
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGVTALRM",
  "SIGPROF",
  "SIGXFSZ",
  "SIGPWR",
  "SIGIO",
  "SIGSYS",
  "SIGTRAP",
] as const;

const SANDBOXES = hasBubblewrap()
  ? ["danger-full-access", "workspace-write"]
  : ["danger-full-access"];

for (const sandbox of SANDBOXES) {
  for (const [signal, code] of ENDING) {
    Deno.test(`${signal} at ${MOMENTS} random moments ends a run in good order, ${sandbox}`, async () => {
      const moments = new Moments(`${signal} ${sandbox}`);
      await moments.each(async (delayMs) => {
        await using s = await stage({ script: nextStep });
        const { run, takenMs } = await signalled(s, {
          sandbox,
          signal,
          delayMs,
        });
        const how = await judge(s, run, { sandbox, signal, codes: [code, 0] });
        return { how, takenMs };
      });
    });
  }

  Deno.test(`signals that mean nothing, at ${MOMENTS} random moments, change nothing, ${sandbox}`, async () => {
    const moments = new Moments(`meaningless ${sandbox}`);
    await moments.each(async (delayMs, index) => {
      const signal = MEANINGLESS[index % MEANINGLESS.length]!;
      await using s = await stage({ script: nextStep });
      const { run, takenMs } = await signalled(s, { sandbox, signal, delayMs });
      const how = await judge(s, run, { sandbox, signal, codes: [0] });
      return { how, takenMs };
    });
  });

  Deno.test(`SIGKILL at ${MOMENTS} random moments while commands start leaves nothing, ${sandbox}`, async () => {
    const moments = new Moments(`SIGKILL at starts ${sandbox}`);
    await moments.each(async () => {
      const marker = newMarker();
      const command = ["sh", "-c", `sleep 600; echo # ${marker}`];
      await using s = await stage({
        script: [Array.from({ length: 4 }, () => call("shell", { command }))],
      });
      await using agent = s.start("go", { sandbox });
      await agent.untilEvent("item.started");
      await elapsed(Math.random() * STARTING_MS);
      kill(agent, "SIGKILL");
      const run = await agent.finished;
      checkLines(run.stdout);
      assert.deepEqual(terminalLines(run), []);
      await assertNoneLeft(marker);
      return { how: "held" };
    });
  });
}

interface Outcome {
  readonly how: string;
  /** How long the program ran. */
  readonly takenMs?: number;
}

/** Spreads the moments over a whole run, and counts what became of them. */
class Moments {
  readonly #name: string;
  readonly #counts = new Map<string, number>();
  #wholeMs = 1_000;

  constructor(name: string) {
    this.#name = name;
  }

  async each(
    one: (delayMs: number, index: number) => Promise<Outcome>,
  ): Promise<void> {
    const failures: unknown[] = [];
    for (let index = 0; index < MOMENTS; index++) {
      // Of many the first is not in time for anything: it says how long a run takes.
      const delayMs = index === 0 && MOMENTS > 10
        ? Infinity
        : Math.random() * this.#wholeMs;
      const { how, takenMs } = await one(delayMs, index).catch((error) => {
        failures.push(error);
        return { how: "FAILED", takenMs: undefined };
      });
      this.#counts.set(how, (this.#counts.get(how) ?? 0) + 1);
      if (how === "done" && takenMs !== undefined) this.#wholeMs = takenMs;
    }
    if (Deno.env.has("SIGNAL_MOMENTS")) {
      console.log(this.#name, Object.fromEntries(this.#counts));
    }
    if (failures.length > 0) throw failures[0];
  }
}

interface Shot {
  readonly sandbox: string;
  readonly signal: Deno.Signal;
}

async function signalled(
  s: Stage,
  { sandbox, signal, delayMs }: Shot & { readonly delayMs: number },
): Promise<{ readonly run: AgentRun; readonly takenMs: number }> {
  const startMs = performance.now();
  await using agent = s.start("go", { sandbox });
  // The moment is what is random here, nothing waits for it.
  const moments = delayMs === Infinity ? [] : [elapsed(delayMs)];
  await Promise.race([...moments, agent.finished]);
  kill(agent, signal);
  const run = await agent.finished;
  return { run, takenMs: performance.now() - startMs };
}

async function judge(
  s: Stage,
  run: AgentRun,
  { sandbox, signal, codes }: Shot & { readonly codes: readonly number[] },
): Promise<string> {
  await assertNoneLeft(`${s.home.work}/ran`);
  if (run.signal === signal) {
    // The runtime itself had not begun to run any program.
    assert.equal(`${run.stdout}${run.stderr}`, "");
    assert.equal(s.model.requests.length, 0);
    return "before the program";
  }
  checkStream(run);
  assert.ok(codes.includes(run.code), `${run.code}: ${run.stdout}`);
  if (run.code !== 0) await resume(s, sandbox);
  const ran = await readRan(s);
  assert.deepEqual(ran, [...new Set(ran)], "no command ran twice");
  return run.code === 0 ? "done" : "stopped";
}

// What was recorded is sent again to the byte.
async function resume(s: Stage, sandbox: string): Promise<void> {
  const last = s.model.requests.at(-1);
  const run = await s.json("go on", { command: ["resume", "--last"], sandbox });
  if (run.code === 9 && last === undefined) return;
  assert.equal(run.code, 0, run.stdout);
  const next = s.model.requests.find((request) =>
    last !== undefined && request !== last &&
    openInput(request).startsWith(openInput(last))
  );
  assert.ok(last === undefined || next !== undefined);
}

async function readRan(s: Stage): Promise<string[]> {
  const text = await Deno.readTextFile(`${s.home.work}/ran`).catch(() => "");
  return text.split("\n").slice(0, -1);
}

// The name of the file is the mark of its processes.
function nextStep({ input, body }: MockRequest): Step {
  const calls = input.filter(({ type }) => type === "function_call").length;
  if (calls >= STEPS) return say("all done");
  const cwd = /<cwd>([^<]+)<\/cwd>/.exec(JSON.stringify(body))?.[1];
  const command = `echo command-${calls} >> ${cwd}/ran`;
  return call("shell", { command: ["bash", "-c", command] });
}

function kill(agent: RunningAgent, signal: Deno.Signal): void {
  try {
    agent.kill(signal);
  } catch {
    // It came to its end before.
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
