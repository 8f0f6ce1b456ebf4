/** The program is killed at random moments; what it was told is there, and nothing is done twice. */
import assert from "node:assert/strict";
import { denoHost } from "../../core/host/host.ts";
import { restoreThread } from "../../core/session/log/restore.ts";
import { listSessionFiles } from "../../core/session/log/files.ts";
import { imageDataUrl } from "../../core/util/image.ts";
import { openInput } from "../support/laws.ts";
import {
  call,
  type MockModel,
  mockModel,
  type MockRequest,
  say,
  type Step,
} from "../support/mock_model.ts";
import { bigPng } from "../support/big_png.ts";
import {
  type AgentHome,
  agentHome,
  type AgentRun,
  mockConfig,
  type RunningAgent,
  startAgent,
} from "../support/run_agent.ts";

const RUNS = Number(Deno.env.get("CRASH_RUNS") ?? 8);
/** Large enough to lie beside the log. */
const PICTURE = bigPng(64 * 1024);
/** Commands of one session. */
const ITERATIONS = 40;
/** The most a kill waits within an iteration: longer than one takes. */
const DELAY_MS = 30;

Deno.test(`exec goes on after ${RUNS} kills, loses nothing and does nothing twice`, async () => {
  // Where the prompt is checked: each request of a thread extends the one before it.
  await using model = mockModel({ script: nextStep });
  const config = mockConfig(model.url, {
    top: 'sandbox_mode = "danger-full-access"',
  });
  const counts = {
    kills: 0,
    resumed: 0,
    exact: 0,
    sessions: 0,
    pictures: 0,
  };
  while (counts.kills < RUNS) {
    await using home = await agentHome({ config });
    counts.sessions++;
    await Deno.writeFile(`${home.work}/picture.png`, PICTURE);
    await liveThrough(home, model, counts);
    counts.pictures += await countPictures(home);
  }
  if (Deno.env.has("CRASH_RUNS")) console.log(counts);
  assert.ok(counts.resumed >= RUNS / 2, "most kills met a session");
  assert.ok(counts.exact > 0, "some met a prompt that was answered");
  assert.ok(counts.pictures > 1, "pictures were shown, and shown again");
});

// Kept once however often it was shown, and as it was however often the program was killed;
// one whose call was killed is not on record.
async function countPictures(home: AgentHome): Promise<number> {
  const recorded = await readSession(home);
  assert.deepEqual(recorded?.problems, []);
  const url = imageDataUrl("image/png", PICTURE);
  const shown = recorded?.items.filter((json) => json.includes(url)) ?? [];
  const names = await Array.fromAsync(
    Deno.readDir(`${home.codexHome}/session_blobs`),
  );
  const whole = names.filter(({ name }) => !name.startsWith("."));
  assert.equal(whole.length, 1);
  return shown.length;
}

Deno.test("several processes that come for a dead one's session go on one at a time", async () => {
  await using model = mockModel({ script: nextStep });
  const config = mockConfig(model.url, {
    top: 'sandbox_mode = "danger-full-access"',
  });
  await using home = await agentHome({ config });
  const args = ["--json", "--skip-git-repo-check", "go on"];
  await using first = startAgent({ home, args: ["exec", ...args] });
  await model.received(5);
  killIfRunning(first);
  await first.finished;
  const resume = ["exec", "resume", "--last", ...args];
  const runs = await Promise.all(
    Array.from({ length: 4 }, async () => {
      await using agent = startAgent({ home, args: resume });
      return await agent.finished;
    }),
  );
  const codes = runs.map(({ code }) => code).sort();
  assert.equal(codes[0], 0, runs[0]?.stderr);
  for (const { code, stdout } of runs) {
    if (code === 0) continue;
    assert.equal(code, 9, stdout);
    assert.match(stdout, /open for writing|is opening it|taking the lock/);
  }
  const recorded = await readSession(home);
  assert.deepEqual(recorded?.problems, []);
  checkCommands(home, recorded);
});

interface Counts {
  kills: number;
  resumed: number;
  exact: number;
}

// One session: killed again and again until it comes to its end.
async function liveThrough(
  home: AgentHome,
  model: MockModel,
  counts: Counts,
): Promise<void> {
  for (;;) {
    const before = await readSession(home);
    const sent = model.requests.length;
    const run = await runAndKill(home, model, {
      resume: before !== undefined,
      kill: counts.kills < RUNS,
    });
    if (before !== undefined) checkResumed(before, run, model, sent, counts);
    checkCommands(home, await readSession(home));
    if (run.signal === "SIGKILL") {
      counts.kills++;
      continue;
    }
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.events.at(-1)?.["type"], "turn.completed");
    return;
  }
}

async function runAndKill(
  home: AgentHome,
  model: MockModel,
  how: { readonly resume: boolean; readonly kill: boolean },
): Promise<AgentRun> {
  const first = how.resume ? ["exec", "resume", "--last"] : ["exec"];
  await using agent = startAgent({
    home,
    args: [...first, "--json", "--skip-git-repo-check", "go on"],
  });
  if (how.kill) {
    const wait = Math.floor(Math.random() * (ITERATIONS + 2));
    const come = model.received(model.requests.length + wait);
    await Promise.race([come, agent.finished]);
    // The moment within the iteration is what is random here, nothing waits for it.
    await new Promise((wake) => setTimeout(wake, Math.random() * DELAY_MS));
    killIfRunning(agent);
  }
  return await agent.finished;
}

function killIfRunning(agent: RunningAgent): void {
  try {
    agent.kill("SIGKILL");
  } catch {
    // It came to its end before.
  }
}

interface Recorded {
  readonly items: readonly string[];
  readonly started: readonly string[];
  readonly problems: readonly string[];
}

// Undefined when the program was killed before it had been told anything.
async function readSession(home: AgentHome): Promise<Recorded | undefined> {
  const { files } = denoHost();
  const [file] = await listSessionFiles(files, home.codexHome);
  if (file === undefined) return undefined;
  const text = await Deno.readTextFile(file.path);
  if (text === "") return undefined;
  const { thread } = await restoreThread(files, file.path);
  const started = text.matchAll(/"type":"call_started","call_id":"([^"]+)"/g);
  const { items, problems } = thread;
  return { items, problems, started: [...started].map(([, id]) => id!) };
}

function checkResumed(
  before: Recorded,
  run: AgentRun,
  model: MockModel,
  sent: number,
  counts: Counts,
): void {
  const request = model.requests[sent];
  if (request === undefined) return;
  const input = openInput(request);
  const kept = `[${before.items.join(",")}`;
  assert.ok(input.startsWith(kept), "every recorded item is sent as it was");
  const [started] = run.events;
  assert.equal(started?.["type"], "thread.started");
  assert.equal(started?.["resumed"], true);
  counts.resumed++;
  const resume = started?.["resume"] as { exact: boolean } | undefined;
  if (resume === undefined) return;
  assert.deepEqual(resume, { exact: true, cause: "", lost_tokens: 0 });
  counts.exact++;
}

// A command says its own name in a file; its intent was on record before.
function checkCommands(home: AgentHome, recorded: Recorded | undefined): void {
  const ran = readLines(`${home.work}/ran`);
  assert.deepEqual(ran, [...new Set(ran)], "no command ran twice");
  assert.ok(ran.length <= (recorded?.started.length ?? 0), "all are on record");
}

function readLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

// The next command is told from what the prompt holds: one that ran without being on
// record would be asked for again, and be seen twice.
function nextStep(request: MockRequest): Step {
  const calls =
    request.input.filter(({ type }) => type === "function_call").length;
  if (calls >= ITERATIONS) return say("all done");
  // An image that lies beside the log.
  if (calls % 7 === 3) return call("view_image", { path: "picture.png" });
  const command = `echo command-${calls} >> ran`;
  return [
    say(`now number ${calls}`, { deltas: 3 }),
    call("shell", { command: ["bash", "-c", command] }),
  ];
}
