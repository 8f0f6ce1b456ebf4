/** `rondo sessions …` and its neighbours on the built program, over sessions it wrote itself. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { call, say } from "../support/mock_script.ts";
import { agentCommand, type AgentRun } from "../support/run_agent.ts";
import { errorOf, type Stage, stage } from "./support.ts";

Deno.test("sessions list, show and search tell what was said, to people and programs", async () => {
  await using s = await talk();
  const id = await idOf(s);
  const { sessions } = json(await s.run(["sessions", "list", "--json"]));
  assert.deepEqual(
    (sessions as JsonObject[]).map((
      { id, title, cwd, program, isArchived },
    ) => ({
      id,
      title,
      cwd,
      program,
      isArchived,
    })),
    [{
      id,
      title: "mend the login",
      cwd: s.home.work,
      program: "rondo",
      isArchived: false,
    }],
  );
  const table = await good(s, "sessions", "list");
  assert.match(
    table,
    new RegExp(`^${id} +now +[0-9.]+ KiB +mend the login\n$`),
  );
  const shown = await good(s, "sessions", "show", id.slice(0, 13));
  const parts = [
    `session ${id}`,
    "user:\nmend the login",
    "call shell:\necho key-of-mine mock-key",
    "output:\nExit code: 0",
    "assistant:\nThe flaky test is mended.",
  ];
  let at = 0;
  for (const part of parts) {
    const found = shown.indexOf(part, at);
    assert.ok(found >= at, `${part} in ${shown}`);
    at = found;
  }
  const found = await good(s, "sessions", "search", "flaky", "mended");
  assert.equal(found, `${id}  mend the login\n    The flaky test is mended.\n`);
  assert.match(await good(s, "sessions", "search", "nowhere"), /^No/);
});

Deno.test("sessions of other folders are counted aloud, and shown when asked for", async () => {
  await using s = await talk({ "other/keep": "" });
  const other = { cwd: `${s.home.work}/other` };
  const here = await s.run(["sessions", "list"], other);
  assert.match(here.stdout, /1 in other folders not shown \(--all/);
  const all = await s.run(["sessions", "list", "--all"], other);
  assert.match(all.stdout, new RegExp(`${await idOf(s)}.*mend the login`));
});

Deno.test("a session is renamed, found by its name, and named in the list", async () => {
  await using s = await talk();
  const id = await idOf(s);
  await good(s, "sessions", "rename", id, "login bug");
  assert.match(await good(s, "sessions", "list"), /\[login bug\] mend/);
  const run = await s.json("go on", { command: ["resume", "login bug"] });
  assert.equal(run.events[0]?.["thread_id"], id);
  const empty = await s.run(["sessions", "rename", id, " "]);
  assert.equal(empty.code, 9);
});

Deno.test("an export that nobody takes whole is a failure", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using s = await talk();
  const id = await idOf(s);
  for (const words of [`sessions export ${id}`, "debug prompt hi"]) {
    const { code } = await new Deno.Command("sh", {
      args: ["-c", `"$@" ${words} >/dev/full`, "sh", ...agentCommand()],
      cwd: s.home.work,
      env: {
        HOME: s.home.home,
        CODEX_HOME: s.home.codexHome,
        MOCK_KEY: "mock-key",
      },
      stdin: "null",
      stderr: "null",
    }).output();
    assert.equal(code, 1, words);
  }
});

Deno.test("sessions export leaves keys out, in both forms", async () => {
  await using s = await talk();
  const id = await idOf(s);
  const text = await good(s, "sessions", "export", id);
  assert.ok(text.startsWith(`# Session ${id}\n`));
  assert.match(text, /echo key-of-mine \[redacted\]/);
  await good(s, "sessions", "export", id, "--format", "jsonl", "-o", "o.jsonl");
  const first = await Deno.readTextFile(`${s.home.work}/o.jsonl`);
  await good(s, "sessions", "export", id, "--format", "jsonl", "-o", "o.jsonl");
  const lines = await Deno.readTextFile(`${s.home.work}/o.jsonl`);
  assert.equal(lines, first, "a file that is there is replaced");
  const lost = await s.run(["sessions", "export", id, "-o", "no/where.md"]);
  assert.equal(lost.code, 9);
  assert.match(lost.stderr, /Cannot write .*no\/where.md: /);
  assert.doesNotMatch(lines, /mock-key/);
  assert.equal(
    (await Deno.stat(`${s.home.work}/o.jsonl`)).mode! & 0o777,
    0o600,
  );
  // What was exported is a session again.
  const path = await logPath(s);
  await Deno.copyFile(`${s.home.work}/o.jsonl`, path);
  assert.match(await good(s, "sessions", "verify", id), /the log is whole\n$/);
});

Deno.test("sessions verify finds damage, and repair mends it and keeps the original", async () => {
  await using s = await talk();
  const id = await idOf(s);
  const path = await logPath(s);
  const text = await Deno.readTextFile(path);
  const damaged = text.replace("mend the login", "mend the logon");
  await Deno.writeTextFile(path, damaged);
  const check = await s.run(["sessions", "verify", id, "--json"]);
  assert.equal(check.code, 9);
  assert.match(String(json(check)["problems"]), /checksum does not match/);
  const dry = await good(s, "sessions", "repair", id, "--dry-run");
  assert.match(dry, /nothing written\n$/);
  assert.equal(await Deno.readTextFile(path), damaged);
  await good(s, "sessions", "repair", id);
  assert.match(await good(s, "sessions", "verify", id), /the log is whole\n$/);
  const kept = (await filesOf(s)).filter((name) => name.includes(".damaged-"));
  assert.equal(kept.length, 1);
  assert.match(await good(s, "sessions", "repair", id), /^Nothing to repair/);
});

Deno.test("a damaged session resumes with what is whole, and says so", async () => {
  await using s = await talk();
  const path = await logPath(s);
  const text = await Deno.readTextFile(path);
  const torn = `${text.slice(0, -1)}\n{"timestamp":"2026`;
  await Deno.writeTextFile(path, torn);
  const run = await s.json("go on", { command: ["resume", "--last"] });
  assert.equal(run.code, 0);
  const warnings = run.events.filter(({ type }) => type === "warning");
  assert.match(String(warnings[0]?.["message"]), /is torn/);
  assert.match(
    await good(s, "sessions", "verify", await idOf(s)),
    /the log is whole\n$/,
  );
});

Deno.test("sessions archive, delete and prune take only what they are asked to", async () => {
  await using s = await talk();
  const id = await idOf(s);
  await good(s, "sessions", "archive", id);
  assert.match(await good(s, "sessions", "list"), /^No sessions in /);
  assert.match(await good(s, "sessions", "show", id), /mend the login/);
  // Going on with it brings it back.
  await s.json("go on", { command: ["resume", id] });
  assert.match(await good(s, "sessions", "list"), new RegExp(`^${id} `));
  await good(s, "sessions", "archive", id);
  const unsure = await s.run(["sessions", "delete", id]);
  assert.equal(unsure.code, 2);
  assert.match(unsure.stderr, /must be called with --yes/);
  await good(s, "sessions", "delete", id, "--yes");
  const gone = await s.run(["sessions", "show", id]);
  assert.equal(gone.code, 9);
  const younger = await s.json("another");
  const path = await logPath(s);
  await Deno.utime(path, new Date(0), new Date(0));
  const dry = await good(s, "sessions", "prune", "--older-than", "90d");
  assert.match(
    dry,
    /^rollout-.*\nWould delete 1 session, .*\n.*pass --yes to delete\n$/,
  );
  await Deno.stat(path);
  assert.match(
    await good(s, "sessions", "prune", "--yes"),
    /Deleted 1 session/,
  );
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  assert.equal(younger.code, 0);
});

Deno.test("sessions cache shows what each request took from the cache", async () => {
  await using s = await talk();
  const rows = await good(s, "sessions", "cache", await idOf(s));
  const lines = rows.trimEnd().split("\n").map((line) => line.trim());
  assert.match(lines[0] ?? "", /^# +items +input +cached +share +output$/);
  assert.equal(lines.length, 4);
  assert.match(lines[2] ?? "", /^2 +\d+ +\d+ +[1-9]\d* +\d+% +10$/);
});

Deno.test("rollback takes turns out of the prompt and leaves the session's file", async () => {
  await using s = await talk();
  await s.json("second words", { command: ["resume", "--last"] });
  await good(s, "rollback", "1", "--yes");
  await s.json("third words", { command: ["resume", "--last"] });
  const { text } = s.model.request(3);
  assert.match(text, /mend the login.*third words/s);
  assert.doesNotMatch(text, /second words/);
});

Deno.test("exec resume says before it sends anything whether the prompt has drifted", async () => {
  await using s = await talk();
  const resume = ["resume", "--last"];
  const same = await s.json("go on", { command: resume });
  assert.deepEqual(same.events[0]?.["resume"], {
    exact: true,
    cause: "",
    lost_tokens: 0,
  });
  assert.deepEqual(same.events.filter(({ type }) => type === "warning"), []);
  const people = await s.human("go on", { command: resume });
  assert.match(people.stderr, / · resumed\nsession id: [0-9a-f-]+$/m);
  await Deno.writeTextFile(`${s.home.work}/other.md`, "Be another.");
  const args = ["-c", `model_instructions_file="${s.home.work}/other.md"`];
  const other = await s.json("go on", { command: resume, args });
  const report = other.events[0]?.["resume"] as JsonObject;
  assert.equal(report["exact"], false);
  assert.equal(report["cause"], "instructions changed");
  assert.ok(Number(report["lost_tokens"]) > 1000);
  const types = other.events.map(({ type }) => type);
  assert.ok(types.indexOf("warning") < types.indexOf("turn.started"));
});

Deno.test("a session nobody recorded is an error in every command, and never a new one", async () => {
  await using s = await stage({ script: [] });
  const commands = [
    ["sessions", "show", "nobody"],
    ["sessions", "verify", "nobody"],
    ["sessions", "repair", "nobody"],
    ["sessions", "export", "nobody"],
    ["sessions", "rename", "nobody", "x"],
    ["sessions", "archive", "nobody"],
    ["sessions", "delete", "nobody", "--yes"],
    ["sessions", "cache", "nobody"],
    ["rollback", "1", "nobody", "--yes"],
    ["exec", "--skip-git-repo-check", "resume", "nobody", "go"],
    ["exec", "--skip-git-repo-check", "fork", "nobody", "go"],
  ];
  const runs = await Promise.all(commands.map((args) => s.run(args)));
  for (const [at, run] of runs.entries()) {
    assert.equal(run.code, 9, `${commands[at]}: ${run.stdout}${run.stderr}`);
    assert.match(run.stderr, /Cannot find session "nobody"/);
  }
  assert.deepEqual(await filesOf(s), ["config.toml"]);
  assert.equal(s.model.requests.length, 0);
});

Deno.test("a second writer is refused with the pid of the first, readers are not", async () => {
  await using s = await stage({
    script: [say("ok"), [say("working"), { type: "hang", before: false }]],
  });
  await s.json("begin");
  await using first = s.start("hold it", { command: ["resume", "--last"] });
  await first.untilEvent("turn.started");
  const id = await idOf(s);
  const second = await s.json("me too", { command: ["resume", "--last"] });
  assert.equal(second.code, 9);
  const error = errorOf(second);
  assert.equal(error["kind"], "session");
  assert.match(
    String(error["message"]),
    new RegExp(`process ${first.pid} has had it open for writing since 20`),
  );
  for (const args of [["rename", id, "x"], ["delete", id, "--yes"]]) {
    const run = await s.run(["sessions", ...args]);
    assert.equal(run.code, 9);
    assert.match(run.stderr, new RegExp(`process ${first.pid} `));
  }
  assert.match(await good(s, "sessions", "show", id), /begin/);
  await Deno.utime(await logPath(s), new Date(0), new Date(0));
  const pruned = await good(s, "sessions", "prune", "--yes");
  assert.match(pruned, /Left rollout-.*open for writing\n$/);
});

// One session: a command, an answer.
async function talk(
  files: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const command = ["echo", "key-of-mine", "mock-key"];
  let requests = 0;
  const s = await stage({
    files,
    laws: false,
    script: () => {
      requests++;
      if (requests === 1) return call("shell", { command });
      return say(requests === 2 ? "The flaky test is mended." : "ok");
    },
  });
  const run = await s.json("mend the login");
  assert.equal(run.code, 0, run.stderr);
  return s;
}

async function good(s: Stage, ...args: readonly string[]): Promise<string> {
  const run = await s.run(args);
  assert.equal(run.code, 0, `${args.join(" ")}: ${run.stdout}${run.stderr}`);
  return run.stdout;
}

function json(run: AgentRun): JsonObject {
  return JSON.parse(run.stdout);
}

async function logPath(s: Stage): Promise<string> {
  const files = await filesOf(s);
  const logs = files.filter((name) => name.endsWith(".jsonl"));
  const log = logs.find((name) => name.startsWith("sessions/"));
  assert.ok(log, `a session among ${files}`);
  return `${s.home.codexHome}/${log}`;
}

async function idOf(s: Stage): Promise<string> {
  return (await logPath(s)).slice(-42, -6);
}

async function filesOf(s: Stage, folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${s.home.codexHome}/${folder}`)) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) found.push(...await filesOf(s, `${path}/`));
    else found.push(path);
  }
  return found.sort();
}
