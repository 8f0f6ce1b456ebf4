/** Runs that record nothing, cannot, or can no longer: they work, or say clearly why not. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { call, customCall, say } from "../support/mock_script.ts";
import type { MockRequest, Step } from "../support/mock_model.ts";
import { agentCommand, type AgentRun } from "../support/run_agent.ts";
import {
  checkLines,
  hasBubblewrap,
  type Stage,
  stage,
  terminalLines,
} from "./support.ts";

const NOBODY = 65534;
const IS_ROOT = Deno.uid() === 0;

Deno.test("exec --ephemeral writes nothing, whatever is done in it", async () => {
  await using s = await stage({
    script: [
      call("shell", { command: ["seq", "1", "30000"] }),
      customCall("apply_patch", PATCH),
      say("done"),
      say("resumed"),
      say("resumed without a trace"),
    ],
  });
  const before = await treeOf(s.home.home);
  const run = await s.json("work", { args: ["--ephemeral"] });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(await Deno.readTextFile(`${s.home.work}/new.txt`), "hello\n");
  assert.equal(await treeOf(s.home.home), before);
});

Deno.test("exec resume --ephemeral reads a session and leaves it as it was", async () => {
  await using s = await stage({ script: [say("one"), say("two")] });
  await s.json("begin");
  const before = await treeOf(s.home.home);
  const run = await s.json("go on", {
    command: ["resume", "--last"],
    args: ["--ephemeral"],
  });
  assert.equal(run.code, 0, run.stderr);
  assert.match(s.model.request(1).text, /begin.*go on/s);
  assert.equal(await treeOf(s.home.home), before);
});

Deno.test("exec without a home warns once and works", async () => {
  for (const home of [{}, { HOME: "/proc/nowhere" }]) {
    await using s = await stage({ script: twoSteps });
    await checkWorks(s, await spawnPlain(s, { env: home }));
  }
});

Deno.test("exec with a read-only home warns once and works, as nobody", async () => {
  await using s = await stage({ script: twoSteps });
  await Deno.chmod(s.home.root, 0o755);
  await Deno.chmod(s.home.work, 0o777);
  await Deno.chmod(s.home.temp, 0o777);
  await Deno.chmod(s.home.codexHome, 0o555);
  await Deno.chmod(s.home.home, 0o555);
  const before = await treeOf(s.home.home);
  const as = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const under = IS_ROOT ? ["setpriv", ...as, "--"] : [];
  await checkWorks(s, await spawnPlain(s, { under, env: homeEnv(s) }));
  assert.equal(await treeOf(s.home.home), before);
  await Deno.chmod(s.home.home, 0o755);
  await Deno.chmod(s.home.codexHome, 0o755);
});

Deno.test({
  name:
    "exec with a home on a read-only disk warns once and works, as root too",
  ignore: !hasBubblewrap(),
  fn: async () => {
    await using s = await stage({ script: twoSteps });
    const { home } = s.home;
    const under = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", home, home];
    const env = homeEnv(s);
    const before = await treeOf(home);
    await checkWorks(s, await spawnPlain(s, { under, env }));
    assert.equal(await treeOf(home), before);
  },
});

Deno.test(
  "a session that cannot be gone on with on a read-only disk is an error, unless ephemeral",
  {
    ignore: !hasBubblewrap(),
  },
  async () => {
    await using s = await stage({ script: twoSteps });
    await s.json("begin");
    const { home } = s.home;
    const under = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", home, home];
    const env = homeEnv(s);
    const words = ["resume", "--last"];
    const refused = await spawnPlain(s, { under, env, words });
    assert.equal(refused.code, 9, refused.stdout);
    assert.match(refused.stdout, /Cannot lock session/);
    const read = await spawnPlain(s, {
      under,
      env,
      words: [...words, "--ephemeral"],
    });
    assert.equal(read.code, 0, read.stdout);
  },
);

Deno.test("a log that can grow no further ends the turn once, clearly, and is resumed later", async () => {
  await using s = await stage({ script: manySteps });
  // The signal of the limit is ignored, so that the write fails as on a full disk.
  const script = 'trap "" XFSZ; ulimit -f 24; exec "$@"';
  const under = ["bash", "-c", script, "bash"];
  const run = await spawnPlain(s, { under, env: homeEnv(s) });
  await checkFull(s, run, /Cannot write session .*too large/i);
});

Deno.test(
  "a full disk ends the turn once, clearly, and the session is resumed later",
  {
    ignore: !canMount(),
  },
  async () => {
    await using s = await stage({ script: manySteps });
    const keep = `${s.home.root}/keep`;
    const script = `mount -t tmpfs -o size=32k tmpfs "$CODEX_HOME" || exit 99
    "$@"; code=$?; cp -r "$CODEX_HOME" ${keep}; exit $code`;
    const under = ["unshare", "--mount", "sh", "-c", script, "sh"];
    const run = await spawnPlain(s, { under, env: homeEnv(s) });
    // The small disk went with its namespace; what was on it did not.
    await Deno.rename(`${keep}/sessions`, `${s.home.codexHome}/sessions`);
    await checkFull(s, run, /Cannot write session .*no space/i);
  },
);

async function checkFull(
  s: Stage,
  run: AgentRun,
  message: RegExp,
): Promise<void> {
  assert.equal(run.code, 9, run.stdout + run.stderr);
  const last = terminalLines(run);
  assert.equal(last.length, 1);
  assert.equal(run.events.at(-1), last[0]);
  const error = last[0]?.["error"] as JsonObject;
  assert.equal(error["kind"], "session");
  assert.match(String(error["message"]), message);
  const ran = await ranIn(s);
  assert.ok(ran.length > 0);
  const later = await s.json("go on", { command: ["resume", "--last"] });
  assert.equal(later.code, 0, later.stdout);
  const all = await ranIn(s);
  assert.deepEqual(all, [...new Set(all)], "nothing ran twice");
  assert.deepEqual(all.slice(0, ran.length), ran);
  const check = await s.run(["sessions", "verify", await newestId(s)]);
  assert.match(check.stdout, /items, 0 compactions/);
}

const PATCH = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch";
const MANY = 30;

function twoSteps({ input }: MockRequest): Step {
  const hasRun = input.some(({ type }) => type === "function_call");
  return hasRun
    ? say("done")
    : call("shell", { command: ["sh", "-c", "echo 0 >> ran; seq 1 30000"] });
}

function manySteps({ input }: MockRequest): Step {
  const calls = input.filter(({ type }) => type === "function_call").length;
  if (calls >= MANY) return say("done");
  const command = ["sh", "-c", `echo ${calls} >> ran; seq 1 100`];
  return call("shell", { command });
}

// With nothing in the environment but what is asked for: the provider is on the command
// line, because there may be no file that names it.
async function spawnPlain(
  s: Stage,
  how: {
    readonly under?: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly words?: readonly string[];
  },
): Promise<AgentRun> {
  const provider = `{ name = "Mock", base_url = "${s.model.url}", ` +
    'wire_api = "responses", env_key = "MOCK_KEY" }';
  const [command = "", ...args] = [
    ...how.under ?? [],
    ...agentCommand(),
    "exec",
    ...how.words ?? [],
    "--json",
    "--skip-git-repo-check",
    "--sandbox=danger-full-access",
    "--model=gpt-5.2-codex",
    "--config=model_provider=mock",
    `--config=model_providers.mock=${provider}`,
    "go",
  ];
  const output = await new Deno.Command(command, {
    args,
    cwd: s.home.work,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      TMPDIR: s.home.temp,
      MOCK_KEY: "mock-key",
      ...how.env,
    },
    stdin: "null",
  }).output();
  const [stdout, stderr] = [output.stdout, output.stderr]
    .map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  checkLines(stdout);
  const lines = stdout.split("\n").filter((line) => line !== "");
  const { code, signal } = output;
  return {
    code,
    signal,
    stdout,
    stderr,
    events: lines.map((line) => JSON.parse(line)),
  };
}

function homeEnv(s: Stage): Record<string, string> {
  return { HOME: s.home.home, CODEX_HOME: s.home.codexHome };
}

async function checkWorks(s: Stage, run: AgentRun): Promise<void> {
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const warnings = run.events.flatMap(({ type, message }) =>
    type === "warning" ? [String(message)] : []
  );
  const told = warnings.filter((text) => text.includes("not recorded"));
  assert.equal(told.length, 1, warnings.join("\n"));
  assert.deepEqual(await ranIn(s), ["0"]);
}

async function ranIn(s: Stage): Promise<string[]> {
  const text = await Deno.readTextFile(`${s.home.work}/ran`);
  return text.split("\n").slice(0, -1);
}

async function newestId(s: Stage): Promise<string> {
  const { stdout } = await s.run(["sessions", "list", "--json"]);
  return JSON.parse(stdout).sessions[0].id;
}

// Names, modes, times and contents of everything in the folder.
async function treeOf(folder: string): Promise<string> {
  const { stdout, success } = await new Deno.Command("sh", {
    args: [
      "-c",
      'find . -printf "%p %m %T@ %s\\n" | sort; find . -type f -exec sha256sum {} +',
    ],
    cwd: folder,
  }).output();
  assert.ok(success);
  return new TextDecoder().decode(stdout);
}

// Whether a small disk can be made here; not so in most containers, nor as a person.
function canMount(): boolean {
  const script = "mount -t tmpfs tmpfs /mnt";
  try {
    const args = ["--mount", "sh", "-c", script];
    return new Deno.Command("unshare", { args, stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}
