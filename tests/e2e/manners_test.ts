/** The command line as a newcomer meets it, by the compiled program. */
import assert from "node:assert/strict";
import {
  commandNames,
  commandPaths,
  pathOf,
} from "../../core/contract/commands.ts";
import { hasPty, openPty, type Pty } from "../support/pty.ts";
import { call, customCall, say } from "../support/mock_model.ts";
import { agentCommand, isCompiled } from "../support/run_agent.ts";
import { WITHOUT_BWRAP } from "../support/without_bwrap.ts";
import { hasBubblewrap, type Stage, stage } from "./support.ts";

const PTY = { ignore: !hasPty() };
if (PTY.ignore) console.warn("SKIPPED: no util-linux script");

function patchOf(path: string): string {
  return `*** Begin Patch\n*** Add File: ${path}\n+hello\n*** End Patch`;
}

/** A command of the program at a terminal of its own, begun once a file is there. */
function atTerminal(s: Stage, args: readonly string[], begin?: string): Pty {
  const wait = 'until [ -e "$0" ]; do :; done; exec "$@"';
  return openPty({
    argv: [
      ...(begin === undefined ? [] : ["sh", "-c", wait, begin]),
      ...agentCommand(),
      ...args,
    ],
    cwd: s.home.work,
    columns: 120,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: s.home.home,
      CODEX_HOME: s.home.codexHome,
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      MOCK_KEY: "mock-key",
      DENO_DIR: Deno.env.get("DENO_DIR") ??
        `${Deno.env.get("HOME")}/.cache/deno`,
    },
  });
}

async function talk(
  script: Parameters<typeof stage>[0]["script"] = () => say("done"),
): Promise<Stage> {
  return await stage({ ...(script !== undefined && { script }) });
}

async function idsOf(s: Stage, ...flags: string[]): Promise<string[]> {
  const run = await s.run(["sessions", "list", "--json", ...flags]);
  const { sessions } = JSON.parse(run.stdout) as {
    readonly sessions: readonly { readonly id: string }[];
  };
  return sessions.map(({ id }) => id);
}

Deno.test("the help of every command has an example", async () => {
  await using s = await talk();
  assert.ok(commandPaths().length > commandNames().length);
  for (const path of commandPaths()) {
    const { stdout } = await s.run([...path, "--help"]);
    const [, examples = ""] = stdout.split("\nExamples:\n");
    assert.match(examples, /^ {2}.*rondo/, path.join(" "));
  }
  assert.ok(commandNames().map(pathOf).length > 0);
});

Deno.test("what was not allowed is told with the flag that allows it", {
  ignore: !hasBubblewrap(),
}, async () => {
  await using s = await talk([
    customCall("apply_patch", patchOf("a.txt")),
    customCall("apply_patch", patchOf("/usr/local/a.txt")),
    call("shell", {
      command: ["touch", "b"],
      with_escalated_permissions: true,
      justification: "it is needed",
    }),
    say("done"),
    customCall("apply_patch", patchOf("/usr/local/a.txt")),
    say("done"),
  ]);
  const { work } = s.home;
  const reads = await s.human("hi", { sandbox: "read-only" });
  assert.ok(
    reads.stderr.includes(
      `Not allowed: Edit ${work}/a.txt (-s workspace-write allows it)\n` +
        "Not allowed: Edit /usr/local/a.txt (-s workspace-write --add-dir /usr/local allows it)\n" +
        "Not allowed: touch b (-s workspace-write lets commands change files here)\n",
    ),
    reads.stderr,
  );
  const writes = await s.human("hi", { sandbox: "workspace-write" });
  assert.match(writes.stderr, /Not allowed: Edit \/usr\/local\/a.txt\n/);
});

Deno.test("a key that is typed for login does not appear", PTY, async () => {
  await using s = await talk();
  await using pty = atTerminal(s, ["login", "--with-api-key"]);
  await pty.shows("API key (it is not shown):");
  await pty.type("sk-secre\x7fet-key\r");
  assert.equal(await pty.code, 0);
  assert.doesNotMatch(pty.output, /sk-|key\r|secret/);
  const auth = await Deno.readTextFile(`${s.home.codexHome}/auth.json`);
  assert.equal(JSON.parse(auth).OPENAI_API_KEY, "sk-secret-key");

  await using left = atTerminal(s, ["login", "--with-api-key"]);
  await left.shows("API key (it is not shown):");
  await left.type("sk-other\x03");
  assert.equal(await left.code, 130);
  assert.equal(
    await Deno.readTextFile(`${s.home.codexHome}/auth.json`),
    auth,
  );
});

Deno.test("an archived session is listed, and comes back", async () => {
  await using s = await talk();
  await s.human("one");
  const [id = ""] = await idsOf(s);
  const archived = await s.run(["sessions", "archive", id]);
  assert.match(archived.stdout, new RegExp(`rondo sessions unarchive ${id}`));
  assert.deepEqual(await idsOf(s), []);
  assert.deepEqual(await idsOf(s, "--archived"), [id]);
  const back = await s.run(["sessions", "unarchive", id]);
  assert.match(back.stdout, /^Listed again as .*\/sessions\/\d{4}\//);
  assert.deepEqual(await idsOf(s), [id]);
});

Deno.test("a new name does not make a session the newest", async () => {
  await using s = await talk();
  await s.human("one");
  const [first = ""] = await idsOf(s);
  await s.human("two");
  const both = await idsOf(s);
  assert.equal(both[1], first);
  await s.run(["sessions", "rename", first, "my old one"]);
  assert.deepEqual(await idsOf(s), both);
  const resumed = await s.human("three", { command: ["resume", "--last"] });
  assert.match(resumed.stderr, new RegExp(`session id: ${both[0]}`));
});

Deno.test("exec resume says what it has taken a lone word for", async () => {
  await using s = await talk();
  const run = await s.run(["exec", "resume", "go on"]);
  assert.equal(run.code, 2);
  assert.match(
    run.stderr,
    /prompt is empty.*"go on" is taken for the session, --last takes the newest/,
  );
  const talked = await s.run(["resume", "go on with the login"]);
  assert.equal(talked.code, 9);
  assert.match(
    talked.stderr,
    /Cannot find session .*; with --last "go on with the login" goes to the newest one as a message/,
  );
});

Deno.test("a deletion asks, and only a yes is one", PTY, async () => {
  await using s = await talk();
  await s.human("one");
  const [id = ""] = await idsOf(s);
  for (const answer of ["\r", "n\r", "yellow\r"]) {
    await using pty = atTerminal(s, ["sessions", "delete", id]);
    await pty.shows("for good? [y/N]");
    await pty.type(answer);
    await pty.shows("Nothing was deleted");
    assert.equal(await pty.code, 0);
  }
  {
    const begin = `${s.home.root}/begin`;
    await using pty = atTerminal(s, ["sessions", "delete", id], begin);
    await pty.type("y\r");
    await pty.wrote("y\r\n");
    await Deno.writeTextFile(begin, "");
    await pty.shows("for good? [y/N]");
    await pty.type("\r");
    await pty.shows("Nothing was deleted");
  }
  assert.deepEqual(await idsOf(s), [id]);
  const piped = await s.run(["sessions", "delete", id]);
  assert.equal(piped.code, 2);
  assert.match(piped.stderr, /not confirmed, must be called with --yes/);
  await using pty = atTerminal(s, ["sessions", "delete", id]);
  await pty.shows("for good? [y/N]");
  await pty.type("y\r");
  await pty.shows("Deleted");
  assert.deepEqual(await idsOf(s), []);
});

Deno.test("prune, rollback and undo ask, too", PTY, async () => {
  await using s = await talk([
    customCall("apply_patch", patchOf("a.txt")),
    say("done"),
    say("done"),
  ]);
  await s.human("one");
  await s.human("two", { command: ["resume", "--last"] });
  const answered = async (
    args: readonly string[],
    answer: string,
  ): Promise<string> => {
    await using pty = atTerminal(s, args);
    await pty.shows("[y/N]");
    await pty.type(answer);
    assert.equal(await pty.code, 0);
    return pty.screen();
  };
  assert.match(await answered(["rollback", "1"], "\r"), /Nothing was changed/);
  assert.match(await answered(["rollback", "1"], "y\r"), /> two[^]*Done;/);
  assert.match(await answered(["undo"], "\r"), /Nothing was changed/);
  await Deno.lstat(`${s.home.work}/a.txt`);
  assert.match(await answered(["undo"], "y\r"), /Done/);
  await assert.rejects(Deno.lstat(`${s.home.work}/a.txt`));
  const { stdout } = await s.run(["sessions", "list", "--json"]);
  const [session] = JSON.parse(stdout).sessions;
  await Deno.utime(session.path, new Date(0), new Date(0));
  const prune = ["sessions", "prune", "--older-than", "1d"];
  assert.match(await answered(prune, "\r"), /Nothing was deleted/);
  assert.equal((await idsOf(s)).length, 1);
  assert.match(await answered(prune, "y\r"), /Deleted 1 session/);
  assert.deepEqual(await idsOf(s), []);
});

Deno.test("the note on a weaker sandbox is short, and doctor has the rest", {
  ignore: Deno.uid() !== 0 || Deno.build.os !== "linux",
}, async () => {
  await using s = await talk();
  const run = await s.human("hi", {
    sandbox: "workspace-write",
    under: WITHOUT_BWRAP,
  });
  assert.match(
    run.stderr,
    /\nbwrap: bubblewrap is not installed .*; \d more: rondo doctor\n/,
  );
  for (const line of run.stderr.split("\n")) {
    assert.ok(line.length < 140 || line.includes(s.home.work), line);
  }
});

Deno.test("the manual page has files and the day of its commit", {
  ignore: !isCompiled(),
}, async () => {
  await using s = await talk();
  const { stdout } = await s.run(["man"]);
  assert.match(stdout, /^\.TH RONDO 1 "\d{4}-\d\d-\d\d" "rondo /);
  assert.match(stdout, /\.SH FILES\n\.TP\n\.I ~\/\.codex\/config\.toml\n/);
});

Deno.test("a home that cannot be written is one sentence", async () => {
  await using s = await talk();
  const file = `${s.home.root}/file`;
  await Deno.writeTextFile(file, "");
  const args = ["-c", "model_provider=mock", "-c"].concat(
    `model_providers.mock={name="Mock",base_url="${s.model.url}"}`,
  );
  const run = await s.human("hi", {
    args,
    env: { HOME: file, CODEX_HOME: undefined },
  });
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(
    run.stderr.split("\n").filter((line) => /warning|file/i.test(line)),
    [
      `Warning: The session is not recorded: nothing can be written to ${file}/.codex (Not a directory)`,
    ],
  );
});

function hasStrace(): boolean {
  try {
    return new Deno.Command("strace", { args: ["-o", "/dev/null", "true"] })
      .outputSync().success;
  } catch {
    return false;
  }
}

Deno.test("without a home no other folder is taken for one", {
  ignore: !isCompiled() || !hasStrace() || !hasBubblewrap(),
}, async () => {
  await using s = await talk();
  const args = ["-c", "model_provider=mock", "-c"].concat(
    `model_providers.mock={name="Mock",base_url="${s.model.url}"}`,
  );
  const trace = `${s.home.root}/trace`;
  const run = await s.human("hi", {
    args,
    sandbox: "read-only",
    env: { HOME: undefined, CODEX_HOME: undefined },
    under: ["strace", "-f", "-qq", "-e", "trace=file", "-o", trace],
  });
  assert.equal(run.code, 0, run.stderr);
  const asked = await Deno.readTextFile(trace);
  // What every agent looks for in a home, wherever that would be.
  assert.deepEqual(
    asked.split("\n").filter((line) =>
      /auth\.json|session_index|checkpoints|default\.rules/.test(line)
    ),
    [],
  );
});

Deno.test("a run that ends while the sandbox is tried leaves nothing of that", {
  ignore: !hasBubblewrap(),
}, async () => {
  await using s = await talk();
  const left = async (): Promise<string[]> =>
    (await Array.fromAsync(Deno.readDir(s.home.temp))).map(({ name }) => name);
  for (let round = 0; round < 5; round++) {
    // It is refused at once, while the first back end is still being tried.
    const early = await s.run(["exec", "-s", "read-only", "hi"]);
    assert.equal(early.code, 2, early.stderr);
    assert.deepEqual(await left(), []);
  }
});
