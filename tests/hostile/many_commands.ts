/** A thousand commands where few processes are allowed: nothing piles up, whatever confines them. */
import assert from "node:assert/strict";
import { call, mockModel, say, type Step } from "../support/mock_model.ts";
import { agentHome, mockConfig, startAgent } from "../support/run_agent.ts";
import { WITHOUT_BWRAP } from "../support/without_bwrap.ts";
import { peakMiB, type Situation } from "./situation.ts";

const COMMANDS = 1_000;
const A_STEP = 50;
const PROCESSES_MAX = 64;
const MEMORY_MIB = 300;

/** What a command leaves to be tidied; a storm of forks stays inside the limit. */
const SCRIPTS: Readonly<Record<string, (index: number) => string>> = {
  "that end": () => "true",
  "that leave children": () => "sleep 300 & sleep 300 &",
  "that need more processes than there may be": (index) =>
    index % 20 === 0
      ? 'for n in $(seq 80); do sleep 2 & done 2>/dev/null; echo "$!"'
      : "true",
};

const PLACES = ["bwrap", "landlock", "none"] as const;

/** Every script in every back end. */
export function manyCommands(): Situation[] {
  return PLACES.flatMap((place) =>
    Object.entries(SCRIPTS).map(([name, script]) => ({
      kind: "a thousand commands",
      name: `${place}: ${name}`,
      isQuick: false,
      run: () => tryMany(place, script),
    }))
  );
}

interface Left {
  readonly descriptors: number;
  readonly dead: number;
  readonly children: number;
}

async function tryMany(
  place: typeof PLACES[number],
  script: (index: number) => string,
): Promise<void> {
  await using group = await limitedGroup();
  await using home = await agentHome();
  const looks: Left[] = [];
  const program: { pid?: number } = {};
  let index = 0;
  const next = (): Step => {
    if (program.pid !== undefined) looks.push(lookAt(program.pid));
    if (index >= COMMANDS) return say("done");
    return Array.from(
      { length: A_STEP },
      () => call("shell", { command: ["sh", "-c", script(index++)] }),
    );
  };
  await using model = mockModel({ laws: false, script: next });
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url),
  );
  const programs = `${home.root}/programs`;
  await linkPrograms(programs);
  const agent = startAgent({
    home,
    under: [...group.under, ...place === "landlock" ? WITHOUT_BWRAP : []],
    env: { PATH: programs },
    args: [
      "exec",
      "--json",
      "--skip-git-repo-check",
      "--sandbox",
      place === "none" ? "danger-full-access" : "workspace-write",
      "go",
    ],
  });
  const watch = setInterval(
    () => memory = Math.max(memory, peakMiB(agent.pid)),
    500,
  );
  program.pid = agent.pid;
  let memory = 0;
  const run = await agent.finished.finally(() => clearInterval(watch));
  const said = `${run.stdout.slice(-1_000)}\n${run.stderr.slice(-1_000)}`;
  assert.equal(run.code, 0, said);
  const started = run.events.find(({ type }) => type === "thread.started");
  const backend = (started?.["sandbox"] as { backend?: string } | undefined)
    ?.backend;
  assert.equal(backend, place);
  assert.ok(looks.length >= COMMANDS / A_STEP, said);
  const [first, last] = [looks[1], looks.at(-1)];
  // One or two may just have ended.
  assert.ok((last?.dead ?? 0) <= 2, JSON.stringify(looks));
  assert.ok(
    (last?.descriptors ?? 0) <= (first?.descriptors ?? 0) + 4,
    JSON.stringify(looks),
  );
  assert.ok(
    (last?.children ?? 0) <= (first?.children ?? 0) + 1,
    JSON.stringify(looks),
  );
  assert.ok(memory < MEMORY_MIB, `${memory} MiB`);
  const left = await Array.fromAsync(Deno.readDir(home.temp));
  assert.deepEqual(left, [], "what is left in TMPDIR");
  for (let tries = 0;; tries++) {
    const left = await group.processes();
    if (left === "") break;
    assert.ok(tries < 100, `these are left: ${left}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// The runtime reads /proc itself only with all permissions there are.
function lookAt(pid: number): Left {
  const { stdout } = new Deno.Command("sh", {
    args: [
      "-c",
      `ls /proc/${pid}/fd | wc -l
cat /proc/${pid}/task/*/children | wc -w
for child in $(cat /proc/${pid}/task/*/children); do cat /proc/$child/stat; done | grep -c ') Z '`,
    ],
  }).outputSync();
  const [descriptors = 0, children = 0, dead = 0] = new TextDecoder()
    .decode(stdout).trim().split("\n").map(Number);
  return { descriptors, children, dead };
}

async function linkPrograms(folder: string): Promise<void> {
  const names = ["sh", "bash", "true", "sleep", "seq"];
  const { success } = await new Deno.Command("sh", {
    args: [
      "-ec",
      'mkdir "$1"; cd "$1"; shift; for p; do ln -s "$(command -v "$p")" "$p"; done',
      "sh",
      folder,
      ...names,
    ],
  }).output();
  assert.ok(success);
}

interface Group extends AsyncDisposable {
  readonly under: readonly string[];
  /** A line for each process in it. */
  processes(): Promise<string>;
}

/** A control group of few processes; none where this machine has no such groups to give. */
async function limitedGroup(): Promise<Group> {
  for (const root of ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"]) {
    const folder = `${root}/rondo-test-${crypto.randomUUID()}`;
    const run = (script: string): Promise<Deno.CommandOutput> =>
      new Deno.Command("sh", { args: ["-ec", script], stderr: "null" })
        .output();
    const { success } = await run(
      `[ -w ${root} ]; mkdir ${folder}; echo ${PROCESSES_MAX} > ${folder}/pids.max`,
    );
    if (!success) {
      await run(`rmdir ${folder}`);
      continue;
    }
    return {
      under: [
        "/bin/sh",
        "-c",
        `echo $$ > ${folder}/cgroup.procs; exec "$@"`,
        "sh",
      ],
      processes: async () => {
        const { stdout } = await run(
          `for n in $(cat ${folder}/cgroup.procs); do cut -c1-300 /proc/$n/stat || true; done`,
        );
        return new TextDecoder().decode(stdout);
      },
      [Symbol.asyncDispose]: async () => {
        await run(
          `for n in $(cat ${folder}/cgroup.procs); do kill -9 $n; done`,
        );
        await run(
          `for n in 1 2 3 4 5; do rmdir ${folder} && exit; sleep 0.2; done`,
        );
      },
    };
  }
  return {
    under: [],
    processes: () => Promise.resolve(""),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
