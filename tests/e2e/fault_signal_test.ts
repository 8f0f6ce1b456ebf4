/** Runs that are stopped: signals, the clock, readers that leave. Nothing is left running. */
import assert from "node:assert/strict";
import { call, hang, type Part, say } from "../support/mock_script.ts";
import {
  agentCommand,
  type AgentRun,
  isCompiled,
  type RunningAgent,
} from "../support/run_agent.ts";
import {
  assertNoneLeft,
  checkLines,
  ended,
  errorOf,
  eventsOf,
  hasBubblewrap,
  itemsOf,
  lastEvent,
  newMarker,
  processesWith,
  type Stage,
  stage,
  terminalLines,
} from "./support.ts";

/** Processes of `crowd`: the shell, a child, one in a session of its own, a deaf one. */
const CROWD = 4;

const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 143],
] as const;

const SANDBOXES = hasBubblewrap()
  ? ["danger-full-access", "workspace-write"]
  : ["danger-full-access"];

for (const [signal, code] of SIGNALS) {
  Deno.test(`${signal} during a stream ends the run with ${code}`, async () => {
    await using s = await stage({ script: [[say("half"), hang()]] });
    await using agent = s.start("go", { args: ["--deltas"] });
    await agent.untilEvent("text.delta");
    agent.kill(signal);
    const run = await ended(agent);
    assert.equal(run.code, code);
    assert.equal(errorOf(run)["kind"], "interrupted");
    // The answer was never finished: its words are taken back.
    assert.equal(eventsOf(run, "item.withdrawn").length, 1);
  });

  Deno.test(`${signal} before the answer begins ends the run with ${code}`, async () => {
    await using s = await stage({ script: [hang({ before: true })] });
    await using agent = s.start("go");
    await s.model.received(1);
    agent.kill(signal);
    assert.equal((await ended(agent)).code, code);
  });

  for (const sandbox of SANDBOXES) {
    Deno.test(`${signal} during a command ends all its processes, ${sandbox}`, async () => {
      const marker = newMarker();
      await using s = await stage({ script: [crowd(marker)] });
      await using agent = s.start("go", { sandbox });
      await untilCrowded(marker, agent);
      agent.kill(signal);
      const run = await ended(agent);
      assert.equal(run.code, code, run.stdout);
      const [command] = itemsOf(run, "command_execution");
      assert.equal(command?.["status"], "failed");
      assert.deepEqual(processesWith(marker), []);
    });
  }
}

for (const sandbox of SANDBOXES) {
  Deno.test(`SIGKILL during a command prints nothing more, ${sandbox}`, async () => {
    const marker = newMarker();
    await using s = await stage({ script: [crowd(marker)] });
    await using agent = s.start("go", { sandbox });
    await untilCrowded(marker, agent);
    agent.kill("SIGKILL");
    const run = await agent.finished;
    checkLines(run.stdout);
    assert.deepEqual(terminalLines(run), []);
    await assertNoneLeft(marker);
  });

  Deno.test(`a finished command leaves no process behind, ${sandbox}`, async () => {
    const marker = newMarker();
    const loop = loopOf(marker);
    const command = [
      "sh",
      "-c",
      `${loop} & (setsid ${loop} >/dev/null 2>&1 &); echo started`,
    ];
    await using s = await stage({
      script: [call("shell", { command }), say("ok")],
    });
    const run = await s.json("go", { sandbox });
    assert.equal(run.code, 0);
    assert.deepEqual(processesWith(marker), []);
    const [item] = itemsOf(run, "command_execution");
    assert.match(String(item?.["aggregated_output"]), /started/);
    // Under bwrap they end with their namespace and nobody can count them.
    if (sandbox === "danger-full-access") {
      assert.ok(Number(lastEvent(run)["reaped"]) >= 2, run.stdout);
    }
  });

  Deno.test(`--timeout ends a run in a command with 124, ${sandbox}`, async () => {
    const marker = newMarker();
    await using s = await stage({ script: [crowd(marker)] });
    const run = await s.json("go", { sandbox, args: ["--timeout", "1s"] });
    assert.equal(run.code, 124);
    assert.equal(errorOf(run)["kind"], "timeout");
    assert.deepEqual(processesWith(marker), []);
  });
}

Deno.test({
  name: "commands in the sandbox leave no dead process behind",
  ignore: !hasBubblewrap(),
  fn: async () => {
    await using s = await stage({
      script: ({ index }) =>
        index < 5
          ? call("shell", { command: ["true"] })
          : [hang({ before: true })],
    });
    await using agent = s.start("go", { sandbox: "workspace-write" });
    await s.model.received(6);
    // The last one may have died a moment ago; the run goes on until all are collected.
    for (let tries = 1; deadChildren(agent.pid).length > 0; tries++) {
      assert.ok(tries < 1_000, deadChildren(agent.pid).join("\n"));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    agent.kill("SIGTERM");
    assert.equal((await ended(agent)).code, 143);
  },
});

for (const backend of hasBubblewrap() ? ["bwrap", "landlock"] : []) {
  Deno.test(`SIGKILL during a command leaves no folder that nobody made, ${backend}`, async () => {
    await using s = await stage({ script: [] });
    const { work, codexHome } = s.home;
    const [program, ...first] = agentCommand();
    const child = new Deno.Command(program, {
      args: [
        ...[...first, "sandbox", "-s", "workspace-write", "-C", work],
        ...["--backend", backend, "--", "sh", "-c"],
        "ls -A; echo listed; exec sleep 600",
      ],
      env: { CODEX_HOME: codexHome },
      stdout: "piped",
    }).spawn();
    let shown = "";
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      shown += text;
      if (shown.includes("listed")) child.kill("SIGKILL");
    }
    await child.status;
    assert.equal(shown, "listed\n");
    assert.deepEqual(await Array.fromAsync(Deno.readDir(work)), []);
  });
}

Deno.test("SIGKILL during a stream prints nothing more", async () => {
  await using s = await stage({ script: [[say("half"), hang()]] });
  await using agent = s.start("go", { args: ["--deltas"] });
  await agent.untilEvent("text.delta");
  agent.kill("SIGKILL");
  const run = await agent.finished;
  checkLines(run.stdout);
  assert.deepEqual(terminalLines(run), []);
});

Deno.test("a second signal does not leave a command behind that will not end", async () => {
  const marker = newMarker();
  await using s = await stage({ script: [crowd(marker)] });
  await using agent = s.start("go");
  await untilCrowded(marker, agent);
  agent.kill("SIGINT");
  agent.kill("SIGTERM");
  const run = await ended(agent);
  // Sent at once, either may be the first to be heard.
  assert.ok([130, 143].includes(run.code), String(run.code));
  assert.deepEqual(processesWith(marker), []);
});

Deno.test("--timeout ends a run that waits for the provider with 124", async () => {
  await using s = await stage({ script: [hang({ before: true })] });
  const run = await s.json("go", { args: ["--timeout", "500ms"] });
  assert.equal(run.code, 124);
  assert.match(String(errorOf(run)["message"]), /Time limit/);
});

Deno.test("a command's own timeout ends the command and not the run", async () => {
  const marker = newMarker();
  await using s = await stage({
    script: [crowd(marker, { timeout_ms: 300 }), say("went on")],
  });
  const run = await s.json("go");
  assert.equal(run.code, 0);
  const [command] = itemsOf(run, "command_execution");
  assert.equal(command?.["exit_code"], 124);
  assert.deepEqual(processesWith(marker), []);
});

Deno.test("a reader that closes the pipe ends the run with 1 and its commands", async () => {
  const marker = newMarker();
  await using s = await stage({
    script: [
      call("shell", { command: ["sh", "-c", "yes | head -c 300000"] }),
      crowd(marker),
    ],
  });
  const child = spawnExec(s);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const { code } = await child.status;
  assert.equal(code, 1);
  await assertNoneLeft(marker);
});

Deno.test("a run whose reader has left before the first line ends with 1", async () => {
  await using s = await stage({ script: () => say("unheard") });
  assert.equal(
    await runInBash(s, '"$0" $ARGS hi | true; exit ${PIPESTATUS[0]}'),
    1,
  );
});

Deno.test("a run with a stdout that is open for reading alone ends with 1, and nothing is paid", async () => {
  await using s = await stage({ script: () => say("unheard") });
  for (const mode of ["--json", "--quiet"]) {
    assert.equal(await runInBash(s, `"$0" $ARGS ${mode} hi 1</dev/null`), 1);
    const gone = `mkfifo gone; exec 3<>gone 4>gone 3>&-; rm gone`;
    assert.equal(await runInBash(s, `${gone}; "$0" $ARGS ${mode} hi >&4`), 1);
  }
  assert.deepEqual(s.model.requests, []);
});

Deno.test("a run with a closed stdout ends with 1, and nothing is paid", async () => {
  await using s = await stage({ script: () => say("unheard") });
  // Only the build sees it: the runtime opens /dev/null in its place before any code of ours.
  const isSeen = isCompiled() && Deno.build.os === "linux";
  for (const closed of [">&-", "<&- >&-"]) {
    const code = await runInBash(s, `"$0" $ARGS hi ${closed}`);
    assert.equal(code, isSeen ? 1 : 0, closed);
  }
  assert.equal(s.model.requests.length, isSeen ? 0 : 2);
});

Deno.test("output of megabytes stays within the bound of a line", async () => {
  await using s = await stage({
    script: [
      call("shell", {
        command: ["sh", "-c", "yes 0123456789 | head -c 5000000"],
      }),
      call("shell", {
        command: ["sh", "-c", "head -c 700000 /dev/zero | tr '\\0' '\"'"],
      }),
      say("x".repeat(400_000)),
    ],
  });
  const run = await s.json("go", { args: ["--deltas"] });
  assert.equal(run.code, 0);
  const message = run.events.find((event) =>
    event["type"] === "item.completed" &&
    (event["item"] as { type?: string }).type === "agent_message"
  );
  assert.ok(Number(message?.["truncated_bytes"]) > 100_000);
});

function deadChildren(pid: number): string[] {
  const read = (path: string): string => {
    try {
      return Deno.readTextFileSync(`/proc/${path}`);
    } catch {
      return "";
    }
  };
  return read(`${pid}/task/${pid}/children`).trim().split(" ")
    .map((child) => read(`${child}/stat`))
    .filter((stat) => /\) Z /.test(stat));
}

// A shell with children that will not go by themselves, one of them deaf to SIGTERM.
function crowd(marker: string, more: Record<string, number> = {}): Part {
  const loop = loopOf(marker);
  const deaf = loopOf(marker, "trap '' TERM INT HUP; ");
  const script =
    `${loop} & (setsid ${loop} >/dev/null 2>&1 &); ${deaf} & wait # ${marker}`;
  return call("shell", { command: ["sh", "-c", script], ...more });
}

function loopOf(marker: string, before = ""): string {
  return `sh -c "${before}while :; do sleep 0.2; done # ${marker}"`;
}

async function untilCrowded(
  marker: string,
  agent: RunningAgent,
): Promise<void> {
  let over: AgentRun | undefined;
  void agent.finished.then((run) => over = run);
  // bwrap and its helper carry the words of the command too.
  while (processesWith(marker).length < CROWD) {
    assert.equal(over, undefined, over?.stdout);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function spawnExec(s: Stage): Deno.ChildProcess {
  const [command = ""] = agentCommand();
  return new Deno.Command(command, {
    args: [
      "exec",
      "--json",
      "--deltas",
      "--skip-git-repo-check",
      "-s",
      "danger-full-access",
      "hi",
    ],
    cwd: s.home.work,
    env: environment(s),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

async function runInBash(s: Stage, script: string): Promise<number> {
  const [command = ""] = agentCommand();
  const { code } = await new Deno.Command("bash", {
    args: ["-c", script, command],
    cwd: s.home.work,
    env: { ...environment(s), ARGS: "exec --json --skip-git-repo-check" },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return code;
}

function environment(s: Stage): Record<string, string> {
  return {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: s.home.home,
    CODEX_HOME: s.home.codexHome,
    MOCK_KEY: "mock-key",
  };
}
