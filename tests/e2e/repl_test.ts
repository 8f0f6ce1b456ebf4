/** The real program at a real terminal: whole conversations, seen as a person sees them. */
import assert from "node:assert/strict";
import { hasPty, openPty, type Pty } from "../support/pty.ts";
import { call, customCall, mockModel, say } from "../support/mock_model.ts";
import type { MockModel, MockOptions, Part } from "../support/mock_model.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";

const CAN = hasPty();
if (!CAN) console.warn("SKIPPED: no util-linux script, so no pseudo-terminal");

interface Walk extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  readonly pty: Pty;
}

interface WalkOptions {
  readonly script: NonNullable<MockOptions["script"]>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly isTrusted?: boolean;
  readonly home?: AgentHome;
}

async function walk(options: WalkOptions): Promise<Walk> {
  const model = mockModel({ script: options.script });
  const home = options.home ?? await agentHome();
  const trust = options.isTrusted === false ? "" : trustOf(home);
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, { bottom: trust }),
  );
  const pty = openPty({
    argv: [
      ...agentCommand(),
      ...(options.args ?? ["-s", "danger-full-access"]),
    ],
    cwd: home.work,
    columns: options.columns ?? 80,
    env: {
      ...walkEnv(home),
      ...options.env,
    },
  });
  return {
    model,
    home,
    pty,
    [Symbol.asyncDispose]: async () => {
      await pty[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      if (options.home === undefined) await home[Symbol.asyncDispose]();
    },
  };
}

function trustOf(home: AgentHome): string {
  return `[projects.${JSON.stringify(home.work)}]\ntrust_level = "trusted"`;
}

/** argv of the program, begun once this file is there. */
function startedBy(file: string): readonly string[] {
  const script = 'until [ -e "$0" ]; do :; done; exec "$@"';
  return ["sh", "-c", script, file, ...agentCommand()];
}

function walkEnv(home: AgentHome): Record<string, string> {
  return {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home.home,
    CODEX_HOME: home.codexHome,
    TMPDIR: home.temp,
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    MOCK_KEY: "mock-key",
    DENO_DIR: Deno.env.get("DENO_DIR") ??
      `${Deno.env.get("HOME")}/.cache/deno`,
    DENO_NO_UPDATE_CHECK: "1",
  };
}

function shell(script: string): Part {
  return call("shell", { command: ["sh", "-c", script] });
}

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: !CAN, fn: body });
}

test("rondo without a key says what to do and leaves with 4", async () => {
  await using one = await walk({ script: [], env: { MOCK_KEY: "" } });
  assert.equal(await one.pty.code, 4);
  assert.match(one.pty.output, /^Cannot find the key: [^]*MOCK_KEY/);
  assert.doesNotMatch(one.pty.output, /\n\s+at |OpenAI/);
});

test("rondo leads a new user from nothing to the first changed file", async () => {
  await using model = mockModel({
    script: [
      customCall(
        "apply_patch",
        "*** Begin Patch\n*** Add File: hello.txt\n+hello\n*** End Patch\n",
      ),
      say("Made."),
    ],
  });
  await using home = await agentHome();
  const { MOCK_KEY: _, CODEX_HOME: __, ...env } = walkEnv(home);
  const start = (more: Record<string, string>): Pty =>
    openPty({
      argv: agentCommand(),
      cwd: home.work,
      env: { ...env, ...more },
      columns: 120,
    });
  let advice = "";
  {
    await using pty = start({});
    assert.equal(await pty.code, 4);
    advice = pty.output.replaceAll("\r", "");
  }
  assert.match(advice, /OpenAI:[^]*Ollama:[^]*Any other:/);
  const [, path = "", text = ""] = /this in (\S+):\n\n([^]*)$/.exec(advice) ??
    [];
  assert.equal(path, `${home.codexHome}/config.toml`);
  // What is in capitals is the person's to fill in.
  const config = text.replace('MODEL"', 'gpt-5.2-codex"')
    .replace("https://HOST/v1", model.url);
  await Deno.writeTextFile(path, config);
  await using pty = start({ MINE_API_KEY: "key" });
  await pty.shows("Do you trust");
  await pty.type("y\r");
  await pty.shows("/help lists commands");
  await pty.type("make hello.txt\r");
  await pty.shows(/Added hello\.txt[^]*Made\./);
  assert.equal(await Deno.readTextFile(`${home.work}/hello.txt`), "hello\n");
  await pty.type("\x04");
  assert.equal(await pty.code, 0);
});

test("rondo asks about trust once, answers in Markdown and leaves a clean screen", async () => {
  await using one = await walk({
    script: [
      say("# Result\n\nIt is **done**, see `a.ts`.", { deltas: 9 }),
      say("Again."),
    ],
    isTrusted: false,
  });
  const { pty } = one;
  await pty.shows("Do you trust");
  await pty.type("y\r");
  await pty.shows("/help lists commands");
  await pty.type("do it\r");
  await pty.shows("see a.ts.");
  await pty.shows(/\n›$/);
  assert.ok(pty.output.includes("\x1b[1mdone\x1b[0m"), pty.output);
  await pty.type("\x04");
  assert.equal(await pty.code, 0);
  assert.match(
    pty.screen(),
    /› do it\n\nResult\n\nIt is done, see a\.ts\.\n\nResume with: rondo resume \S+$/,
  );
  const config = await Deno.readTextFile(`${one.home.codexHome}/config.toml`);
  assert.match(config, /trust_level = "trusted"/);
});

test("rondo runs three commands at once, each with one line at start and end", async () => {
  await using one = await walk({
    script: [
      [shell("echo one"), shell("echo two; exit 3"), shell("seq 20")],
      say("All ran."),
    ],
    args: ["--yolo"],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows("All ran.");
  const screen = await one.pty.shows(/\n›$/);
  for (
    const part of [
      "$ sh -c 'echo one'",
      "exit 0",
      "exit 3",
      "lines above; /last shows all",
    ]
  ) {
    assert.ok(screen.includes(part), `${part} in:\n${screen}`);
  }
});

test("rondo asks before a command; y runs it, n sends a word, and neither is typed ahead", async () => {
  await using one = await walk({
    script: [shell("touch made"), shell("touch not-made"), say("Understood.")],
    args: ["-s", "danger-full-access", "-a", "untrusted"],
  });
  const { pty, home } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("answering in a moment");
  await pty.type("yyyy");
  await pty.shows("› yyyy");
  assert.equal(await exists(`${home.work}/made`), false);
  await pty.shows("Answer y");
  await pty.type("y");
  await pty.shows("yes, once");
  await pty.shows(/touch not-made[^]*Answer y/);
  await pty.type("n");
  await pty.shows("Reason (optional");
  await pty.type("use a tool\r");
  await pty.shows("Understood.");
  assert.equal(await exists(`${home.work}/made`), true);
  assert.equal(await exists(`${home.work}/not-made`), false);
  assert.match(one.model.requests.at(-1)?.text ?? "", /use a tool/);
});

test("rondo remembers a prefix that was allowed", async () => {
  await using one = await walk({
    script: [
      call("shell", { command: ["touch", "a"] }),
      call("shell", { command: ["touch", "a", "b"] }),
      say("Both."),
    ],
    args: ["-s", "danger-full-access", "-a", "untrusted"],
  });
  const { pty, home } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows(/begin with: touch a\n[^]*Answer y s p n q/);
  await pty.type("p");
  await pty.shows("Both.");
  assert.equal(await exists(`${home.work}/b`), true);
});

test("rondo shows a patch as a diff", async () => {
  await using one = await walk({
    script: [
      customCall(
        "apply_patch",
        "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n",
      ),
      say("Patched."),
    ],
    args: ["--yolo"],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  const screen = await one.pty.shows("Patched.");
  assert.match(screen, /Added new\.txt \(\+1 -0\)\n@@ .*\n\+hello\n/);
  assert.ok(one.pty.output.includes("\x1b[32m+hello"));
});

test("rondo lists the findings of a review, here and in exec", async () => {
  const finding = {
    title: "[P1] Close the file",
    body: "It stays open.",
    confidence_score: 0.9,
    priority: 1,
    code_location: {
      absolute_file_path: "/elsewhere/a.ts",
      line_range: { start: 3, end: 4 },
    },
  };
  const review = {
    findings: [finding],
    overall_correctness: "patch is incorrect",
    overall_explanation: "See above.",
    overall_confidence_score: 0.8,
  };
  const text = JSON.stringify(review, null, 2);
  const shown =
    "1 finding\n\n1. [P1] Close the file\n   /elsewhere/a.ts:3-4\n   It stays open.\n\nVerdict: patch is incorrect (80% sure)\nSee above.";
  await using one = await walk({
    script: [say(text, { deltas: 30 }), say(text), say(text)],
  });
  const { pty, home, model } = one;
  await pty.shows("/help lists commands");
  await pty.type("/review commit abc\r");
  const screen = await pty.shows(/See above\.\n\n?›$/);
  assert.ok(screen.includes(shown), screen);
  assert.match(model.requests[0]?.text ?? "", /commit `abc`/);
  await pty.type("\x04");
  assert.equal(await pty.code, 0);
  const args = ["exec", "review", "--uncommitted"];
  const human = await runAgent({ args, home });
  assert.equal(human.stdout, `${shown}\n`, human.stderr);
  const json = await runAgent({ args: [...args, "--json"], home });
  assert.deepEqual(json.events.at(-1)?.["review"], review);
});

test("rondo takes a paste of 500 lines as one message", async () => {
  await using one = await walk({ script: [say("Read.")] });
  await one.pty.shows("/help lists commands");
  const lines = Array.from({ length: 500 }, (_, at) => `pasted line ${at}`);
  await one.pty.type(`\x1b[200~${lines.join("\r")}\x1b[201~`);
  await one.pty.shows("pasted line 499");
  assert.equal(one.model.requests.length, 0);
  await one.pty.type("\r");
  await one.pty.shows("Read.");
  const said = JSON.stringify(lines.join("\n")).slice(1, -1);
  assert.ok(one.model.requests[0]?.text.includes(said));
});

test("rondo lets one steer a turn, and send the next message after it", async () => {
  const gate = Promise.withResolvers<void>();
  await using one = await walk({
    script: [
      [{ type: "wait", until: gate.promise }, shell("true")],
      say("Steered."),
      say("Then this."),
    ],
    args: ["--yolo"],
  });
  const { pty, model } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("Waiting for the model");
  while (model.requests.length === 0) {
    await new Promise((wake) => setTimeout(wake, 5));
  }
  await pty.type("xyzzy steer\r");
  await pty.shows("steering: xyzzy steer");
  await pty.type("xyzzy next\t");
  await pty.shows("next: xyzzy next");
  gate.resolve();
  await pty.shows("Then this.");
  assert.equal(model.requests[0]?.text.includes("xyzzy steer"), false);
  assert.ok(model.requests[1]?.text.includes("xyzzy steer"));
  assert.equal(model.requests[1]?.text.includes("xyzzy next"), false);
  assert.ok(model.requests[2]?.text.includes("xyzzy next"));
});

test("rondo stops a turn on Ctrl-C with its command, and goes on", async () => {
  await using one = await walk({
    script: [shell("echo $$ > pid; sleep 600"), say("Back again.")],
    args: ["--yolo"],
  });
  const { pty, home } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("Running sh");
  while (!(await exists(`${home.work}/pid`))) await pty.shows("Running sh");
  await pty.type("\x03");
  await pty.shows("Stopped");
  const pid = Number(await Deno.readTextFile(`${home.work}/pid`));
  assert.equal(await exists(`/proc/${pid}`), false);
  await pty.type("and now\r");
  await pty.shows("Back again.");
  assert.match(one.model.requests[1]?.text ?? "", /turn_aborted/);
  await pty.type("\x03\x03");
  assert.equal(await pty.code, 130);
});

test("rondo keeps every word when the window changes while an answer streams", async () => {
  const words = Array.from({ length: 400 }, (_, at) => `word${at}`).join(" ");
  const cut = words.indexOf("word200");
  const half = Promise.withResolvers<void>();
  await using one = await walk({
    script: [[say(words.slice(0, cut), { deltas: 40 }), {
      type: "wait",
      until: half.promise,
    }, say(words.slice(cut), { deltas: 40 })]],
    columns: 100,
  });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("word150");
  await pty.resize(50);
  half.resolve();
  await pty.shows("word399");
  await pty.type("\x04");
  assert.equal(await pty.code, 0);
  // deno-lint-ignore no-control-regex
  const plain = pty.output.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "");
  for (let at = 0; at < 400; at++) {
    assert.ok(plain.includes(`word${at}`), `word${at}`);
  }
  assert.ok(
    pty.screen().split("\n").slice(-8).every((line) => line.length <= 50),
  );
});

test("rondo resume shows what was said and goes on with it", async () => {
  await using home = await agentHome();
  {
    await using first = await walk({
      script: [say("The first answer.")],
      home,
    });
    await first.pty.shows("/help lists commands");
    await first.pty.type("first question\r");
    await first.pty.shows(/The first answer\.\n\n?›$/);
    await first.pty.type("\x04");
    assert.equal(await first.pty.code, 0);
  }
  await using second = await walk({
    script: [say("The second answer.")],
    home,
    args: ["resume", "--last", "-s", "danger-full-access"],
  });
  await second.pty.shows(/› first question\n\nThe first answer\./);
  await second.pty.type("\x1b[A");
  await second.pty.shows(/› first question$/);
  await second.pty.type("\r");
  await second.pty.shows("The second answer.");
  assert.ok(second.model.requests[0]?.text.includes("The first answer."));
});

test("rondo gives the terminal back on SIGTERM, with the log whole", async () => {
  await using one = await walk({ script: [[{ type: "hang", before: false }]] });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("Waiting for the model");
  pty.kill("SIGTERM");
  assert.equal(await pty.code, 143);
  assert.ok(
    pty.output.trimEnd().endsWith("\x1b[?2004l") ||
      pty.output.includes("\x1b[?2004l"),
  );
  assert.doesNotMatch(pty.screen(), /Waiting for the model/);
});

test("rondo in a dumb terminal is plain, and still asks", async () => {
  await using one = await walk({
    script: [shell("touch made"), say("**Plain** answer.")],
    args: ["-s", "danger-full-access", "-a", "untrusted"],
    env: { TERM: "dumb" },
  });
  const { pty, home } = one;
  await pty.shows(/\n>$/);
  await pty.type("go\n");
  await pty.shows("Run this command?");
  await pty.shows("Answer y");
  await pty.type("y\n");
  await pty.shows("**Plain** answer.");
  assert.equal(await exists(`${home.work}/made`), true);
  await pty.type("\x04");
  assert.equal(await pty.code, 0);
  assert.equal(pty.output.includes("\x1b"), false);
});

test("rondo fits a window of 40 columns", async () => {
  const table =
    "| name | what it is for |\n|---|---|\n| a | one |\n| b | two |";
  await using one = await walk({
    script: [
      shell("touch made"),
      say(`# Head\n\n${"some words ".repeat(20)}\n\n${table}`, { deltas: 40 }),
    ],
    args: ["-s", "danger-full-access", "-a", "untrusted"],
    columns: 40,
  });
  const { pty } = one;
  await pty.shows("lists commands");
  await pty.type("have a look at all of it, and tell me what is there\r");
  await pty.shows("Answer y");
  await pty.type("y");
  await pty.shows(/two\n\n?›$/);
  await pty.type("/help\r");
  await pty.shows("runs in your");
  // A line that the terminal had to break is as wide as the window, in the middle of a word.
  const path = one.home.work;
  const lines = pty.screen().split("\n");
  const full = lines.filter((line, at) =>
    [...line].length === 40 && /^\S/.test(lines[at + 1] ?? "") &&
    !path.includes(line.trim().split(" ").at(-1) ?? "")
  );
  assert.deepEqual(full, []);
});

test("rondo into a pipe is plain, with a person at the keys", async () => {
  await using model = mockModel({ script: [say("**Plain** answer.")] });
  await using home = await agentHome();
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, { bottom: trustOf(home) }),
  );
  await using pty = openPty({
    argv: ["sh", "-c", `${quoted(agentCommand())} -s read-only | cat`],
    cwd: home.work,
    env: walkEnv(home),
  });
  await pty.shows(/\n>$/);
  await pty.type("hello\n");
  await pty.shows(/\*\*Plain\*\* answer\.\n>$/);
  await pty.type("\x04");
  assert.equal(await pty.code, 0);
  assert.equal(pty.output.includes("\x1b"), false);
  assert.match(pty.output, /> hello\r\n\*\*Plain\*\* answer\.\r\n> \r\n$/);
});

Deno.test("rondo reads lines from a pipe and writes plain text", async () => {
  await using model = mockModel({ script: [say("# One"), say("Two")] });
  await using home = await agentHome({ config: mockConfig(model.url) });
  const run = await runAgent({
    args: ["-s", "danger-full-access"],
    home,
    stdin: { text: "first\nsecond\n" },
  });
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /> first\n# One\n> second\nTwo\n$/);
  assert.equal(run.stdout.includes("\x1b"), false);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

test("rondo stops on Ctrl-Z with a clean terminal, and is whole again on fg", async () => {
  const gate = Promise.withResolvers<void>();
  await using model = mockModel({
    script: [[say("The first half."), {
      type: "wait",
      until: gate.promise,
    }, say("The second half.")]],
  });
  await using home = await agentHome();
  await using pty = await openShell(home, model);
  await pty.shows("shell>");
  // Started by another program of the job, as npx or a script would.
  const command = `${quoted(agentCommand())} -s danger-full-access; true`;
  await pty.type(`sh -c "${command}"\r`);
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("The first half.");
  await pty.type("half a draft");
  await pty.shows("› half a draft");
  await pty.type("\x1a");
  const stopped = await pty.shows(/Stopped[^]*\nshell> ?$/);
  assert.doesNotMatch(stopped, /half a draft|Waiting for|Writing/);
  await stoppedBelow(pty.pid);
  assert.ok(isLast(pty.output, "\x1b[?2004l", "\x1b[?2004h"));
  await pty.type("stty -a | grep -oE -- '-?(icanon|echo|isig)\\b'\r");
  const modes = await pty.shows(/isig\n[^]*icanon\n[^]*shell> ?$/);
  assert.doesNotMatch(modes, /^-(icanon|echo|isig)/m);
  gate.resolve();
  await pty.type("fg\r");
  await pty.shows(/The second half\.[^]*› half a draft$/);
  assert.ok(isLast(pty.output, "\x1b[?2004h", "\x1b[?2004l"));
  await pty.type("\x15\x04");
  await pty.shows(/Resume with: rondo resume \S+\nshell> ?$/);
  await pty.type("exit 7\r");
  assert.equal(await pty.code, 7);
});

// A thread that still waits for a key could take the next line from the shell.
async function stoppedBelow(pid: number): Promise<void> {
  for (const child of await childrenOf(pid)) {
    const threads = `/proc/${child}/task`;
    const isStopped = async (): Promise<boolean> => {
      for await (const { name } of Deno.readDir(threads)) {
        const stat = await Deno.readTextFile(`${threads}/${name}/stat`);
        if (!/^T /.test(stat.slice(stat.lastIndexOf(")") + 2))) return false;
      }
      return true;
    };
    while (!(await isStopped())) {
      await new Promise((wake) => setTimeout(wake, 5));
    }
    await stoppedBelow(child);
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

// A shell that stops and continues what runs in it, and says little itself.
async function openShell(home: AgentHome, model: MockModel): Promise<Pty> {
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, { bottom: trustOf(home) }),
  );
  return openPty({
    argv: ["bash", "--norc", "--noprofile", "--noediting", "-i"],
    cwd: home.work,
    env: {
      ...walkEnv(home),
      PS1: "shell> ",
    },
  });
}

function isLast(text: string, last: string, other: string): boolean {
  return text.lastIndexOf(last) > text.lastIndexOf(other);
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

test("rondo keeps a command that was typed above its answer, with lines between", async () => {
  await using one = await walk({ script: [say("Done.")], columns: 100 });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("/rules\r");
  await pty.shows(/\n› \/rules\n\nNo rules are saved\n›$/);
  await pty.type("/diff\r");
  await pty.shows(
    /\n› \/rules\n\nNo rules are saved\n\n› \/diff\n\nCannot look at changes: .*\n(.*\n)?›$/,
  );
  // One that is a message stands there once.
  await pty.type("/plan look\r");
  const screen = await pty.shows("Done.");
  assert.equal(screen.split("› /plan look").length, 2, screen);
});

test("rondo shows the commands that fit while a slash is typed", async () => {
  await using one = await walk({ script: [] });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("/");
  await pty.shows(
    /\n› \/\n {2}\/help +Show this list\n[^]*… \d+ more, press Tab/,
  );
  await pty.type("re");
  const some = await pty.shows(
    /\n› \/re\n {2}\/resume .*\n {2}\/rename .*\n {2}\/review/,
  );
  assert.doesNotMatch(some, /\/help +Show/);
  await pty.type("view\t");
  const whole = await pty.shows(/\n› \/review$/);
  assert.doesNotMatch(whole, /\/resume/);
  // A path is no command.
  await pty.type("\x15/usr/bin");
  await pty.shows(/\n› \/usr\/bin$/);
});

test("rondo shows a command that is asked about once, and Enter takes the marked no", async () => {
  await using one = await walk({
    script: [shell("touch made"), say("Understood.")],
    args: ["-s", "danger-full-access", "-a", "untrusted"],
  });
  const { pty, home } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  const asked = await pty.shows(/\n› n {2}no, [^]*\nAnswer .*\(Enter: n\):/);
  const [, question = ""] = asked.split("$ sh -c 'touch made'");
  assert.match(question, /^\n\nRun this command\?\n {2}Why: /);
  const once = question.split("\n").filter((line) => /^ {2}sh -c/.test(line));
  assert.deepEqual(once, [], asked);
  await pty.type("\r");
  await pty.shows("Understood.");
  assert.match(pty.screen(), /\n {2}no\n/);
  assert.equal(await exists(`${home.work}/made`), false);
});

test("rondo keeps a message that was sent before a question, and takes no Enter of it", async () => {
  const gate = Promise.withResolvers<void>();
  await using one = await walk({
    script: [
      [{ type: "wait", until: gate.promise }, shell("touch made")],
      say("Understood."),
    ],
    args: ["-s", "danger-full-access", "-a", "untrusted"],
  });
  const { pty, home } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("Waiting for the model");
  await pty.type("y");
  gate.resolve();
  await pty.shows("Run this command?");
  await pty.type("y");
  await pty.shows(/Answer .*:[^]*\n› yy$/);
  assert.equal(await exists(`${home.work}/made`), false);
  assert.equal(one.model.requests.length, 1);
});

test("rondo says an answer that was stopped once", async () => {
  const gate = Promise.withResolvers<void>();
  const item = { id: "m", type: "message", role: "assistant", content: [] };
  await using one = await walk({
    script: [
      [
        { type: "event", event: { type: "response.output_item.added", item } },
        {
          type: "event",
          event: {
            type: "response.output_text.delta",
            item_id: "m",
            delta: "The first paragraph.\n\nThe second one",
          },
        },
        { type: "wait", until: gate.promise },
      ],
      say("Other words."),
    ],
  });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("The second one");
  await pty.type("\x03");
  await pty.shows("Stopped");
  await pty.type("more\r");
  const screen = await pty.shows("Other words.");
  gate.resolve();
  for (const text of ["The first paragraph.", "The second one", "› go"]) {
    assert.equal(screen.split(text).length, 2, screen);
  }
});

test("rondo takes exit for leaving and ? for help, and sends neither", async () => {
  await using one = await walk({ script: [] });
  const { pty, model } = one;
  await pty.shows("/help lists commands");
  await pty.type("?\r");
  await pty.shows(/\n› \?\n\n {2}\/help +Show this list/);
  await pty.type("exit\r");
  assert.equal(await pty.code, 0);
  assert.equal(model.requests.length, 0);
});

test("ls shows a command nothing that the sandbox has put there", async () => {
  await using one = await walk({
    script: [shell("ls -A; echo end"), say("Seen.")],
    args: ["-s", "workspace-write"],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows("Seen.");
  const output = one.model.requests.at(-1)?.text ?? "";
  assert.match(output, /end/);
  assert.doesNotMatch(output, /\.codex\\n|\.agents\\n|\.git\\n/);
});

test("rondo goes on where a home takes nothing: one sentence at the question, one for the log, one for undo", async () => {
  await using model = mockModel({
    script: [shell("touch made"), say("Done.")],
  });
  await using home = await agentHome();
  await using pty = openPty({
    argv: [
      ...agentCommand(),
      ...["-c", "model_provider=mock", "-c"],
      `model_providers.mock={name="Mock",base_url="${model.url}"}`,
    ],
    cwd: home.work,
    columns: 200,
    env: { ...walkEnv(home), HOME: "/dev/null", CODEX_HOME: "" },
  });
  await pty.shows("[y/n]");
  await pty.type("y\r");
  await pty.shows(
    /Cannot write .*config\.toml: Not a directory.*; it holds for this conversation/,
  );
  await pty.shows("sandbox workspace-write");
  await pty.type("go\r");
  const screen = await pty.shows(/Done\.[^]*›$/);
  assert.match(
    screen,
    /What commands do to files cannot be undone: .*Not a dir/,
  );
  assert.equal(screen.match(/Not a directory/g)?.length, 3, screen);
  assert.equal(await exists(`${home.work}/made`), true);
  await pty.type("\x04");
  assert.equal(await pty.code, 0);
});

test("rondo takes no answer to a question that was typed before it", async () => {
  await using home = await agentHome({
    config: mockConfig("http://127.0.0.1:9/v1"),
    files: {
      ".codex/config.toml": "sandbox_workspace_write.network_access = true",
    },
  });
  await using pty = openPty({
    argv: startedBy(`${home.root}/go`),
    cwd: home.work,
    env: walkEnv(home),
    columns: 120,
  });
  await pty.type("y\ry\r");
  await pty.wrote("y\r\ny\r\n");
  await Deno.writeTextFile(`${home.root}/go`, "");
  await pty.shows("[y/n]");
  // One for the first question, and one too many.
  await pty.type("y\ry\r");
  await pty.shows("Do you approve it?");
  await pty.type("n\r");
  await pty.shows("Left out: .codex/config.toml");
  assert.doesNotMatch(pty.output, /Approved as it is now/);
});
