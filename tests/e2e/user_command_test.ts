/** The person's own `!command` at the real terminal: it gets it whole, and gives it back. */
import assert from "node:assert/strict";
import { type MockModel, mockModel, say } from "../support/mock_model.ts";
import { hasPty, openPty, type Pty } from "../support/pty.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  mockConfig,
} from "../support/run_agent.ts";

const CAN = hasPty();

interface Walk extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  readonly pty: Pty;
}

/** In an interactive shell of its own, when a stopped program has to be continued. */
async function walk(
  { inShell = false }: { readonly inShell?: boolean } = {},
): Promise<Walk> {
  const model = mockModel({ script: [say("I have seen it.")] });
  const home = await agentHome();
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, {
      bottom: `[projects.${
        JSON.stringify(home.work)
      }]\ntrust_level = "trusted"`,
    }),
  );
  const argv = [...agentCommand(), "-s", "danger-full-access"];
  const pty = openPty({
    argv: inShell ? ["bash", "--norc", "--noprofile", "-i"] : argv,
    cwd: home.work,
    columns: 100,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home.home,
      CODEX_HOME: home.codexHome,
      TMPDIR: home.temp,
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      PS1: "outer$ ",
      MOCK_KEY: "mock-key",
      DENO_DIR: Deno.env.get("DENO_DIR") ??
        `${Deno.env.get("HOME")}/.cache/deno`,
    },
  });
  if (inShell) {
    await pty.shows("outer$");
    await pty.type(`${argv.map((word) => `'${word}'`).join(" ")}\r`);
  }
  await pty.shows("›");
  // Until the session is open, some milliseconds later, lines wait for their turn, each for
  // itself: what follows a command would be a message, and none of its input.
  await pty.type("!exit 9\r");
  await pty.shows("exit 9 ·");
  return {
    model,
    home,
    pty,
    [Symbol.asyncDispose]: async () => {
      await pty[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !CAN, fn });
}

test("A command of the person's has the terminal: its keys, its echo, its size, its signals", async () => {
  await using one = await walk();
  const { pty, model } = one;
  await pty.type("!tty -s && stty size && echo at a terminal\r");
  await pty.shows("24 100");
  await pty.shows("exit 0");
  await pty.type(
    "!stty -echo; printf 'Secret: '; read -r x; stty echo; echo got ${#x}\r",
  );
  await pty.shows(/^Secret:/m);
  await pty.type("hidden\r");
  await pty.shows(/got 6\n {2}exit 0/);
  assert.doesNotMatch(pty.output, /hidden/);
  await pty.type(
    "!trap 'stty size' WINCH; echo ready; while :; do sleep 0.1; done\r",
  );
  await pty.shows(/^ready/m);
  await pty.resize(60);
  await pty.shows("24 60");
  await pty.type("\x03");
  await pty.shows("exit 130");
  await pty.type("what was that\r");
  await pty.shows("I have seen it.");
  const sent = JSON.stringify(model.requests.at(-1)?.input);
  assert.match(sent, /Output:\\n24 100\\nat a terminal\\n/);
  assert.match(sent, /got 6/);
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("A program that dies with everything switched on leaves a sane terminal and a short note", async () => {
  await using one = await walk();
  const { pty, model } = one;
  await pty.type(
    "!stty raw -echo; printf '\\033[?1049h\\033[?1000;1006h\\033[?25l\\033[?2026h\\033[2JDRAWN'; kill -9 $$\r",
  );
  await pty.shows("exit 137");
  const { output } = pty;
  const from = output.lastIndexOf("DRAWN");
  for (
    const undo of [
      "\x1b[?1049l",
      "\x1b[?1000l",
      "\x1b[?1006l",
      "\x1b[?25h",
      "\x1b[?2026l",
    ]
  ) assert.ok(output.indexOf(undo, from) > from, JSON.stringify(undo));
  await pty.type("what was that\r");
  await pty.shows("I have seen it.");
  const sent = JSON.stringify(model.requests.at(-1)?.input);
  assert.match(sent, /\[a full-screen program\]/);
  assert.doesNotMatch(sent, /DRAWN\\n|\\u001b/);
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("Ctrl-Z stops the command and the conversation together, and fg goes on with both", async () => {
  await using one = await walk({ inShell: true });
  const { pty } = one;
  await pty.type("!cat\r");
  await pty.shows("!cat");
  await pty.type("before\r");
  await pty.shows(/^before\nbefore/m);
  await pty.type("\x1a");
  await pty.shows(/Stopped/);
  await pty.type("echo ou''ter\r");
  await pty.shows(/^outer$/m);
  await pty.type("fg\r");
  // The shell names what it continues, whose signal comes a little later.
  await pty.shows(/^outer\$ fg\n.*rondo/m);
  await pty.isRaw();
  await pty.type("after\r");
  await pty.shows(/after\nafter$/m);
  await pty.type("\x04");
  await pty.shows("exit 0");
  await pty.type("hello\r");
  await pty.shows("I have seen it.");
  await pty.type("/quit\r");
  // What is typed before the shell has its terminal back belongs to nobody.
  await pty.shows(/Resume with[^]*outer\$ *$/);
  await pty.type("exit\r");
  assert.equal(await pty.code, 0);
});

test("What was typed ahead, and not read by the command, stands in the draft and sends nothing by itself", async () => {
  await using one = await walk();
  const { pty, model } = one;
  await pty.type("!echo begun; until [ -e go ]; do sleep 0.02; done\r");
  await pty.shows(/^begun/m);
  await pty.type("!touch ''bad\r");
  await pty.type("typed \x1b[2Jahead");
  await pty.shows("typed");
  await Deno.writeTextFile(`${one.home.work}/go`, "");
  await pty.shows(/exit 0[^]*› !touch ''bad\n +typed ahead$/m);
  await pty.type("\x15\x7f\x15and so on\r");
  await pty.shows("I have seen it.");
  assert.match(
    JSON.stringify(model.requests.at(-1)?.input),
    /[^d]and so on/,
  );
  await assert.rejects(Deno.stat(`${one.home.work}/bad`));
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("What comes in one piece with the line that starts a command is the command's", async () => {
  await using one = await walk();
  const { pty } = one;
  await pty.type("!cat\rone\rtwo\r");
  await pty.shows(/^one\ntwo\none\ntwo$|^one\none\ntwo\ntwo$/m);
  await pty.type("\x04");
  await pty.shows("exit 0");
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("More than a terminal holds is typed ahead, and nothing of it is lost", async () => {
  await using one = await walk();
  const { pty, model } = one;
  await pty.type(
    "!stty raw -echo; echo begun; until [ -e go ]; do sleep 0.02; done\r",
  );
  await pty.shows(/^begun/m);
  const words = Array.from({ length: 1500 }, (_, at) => `w${at}`).join(" ");
  await pty.type(words);
  await Deno.writeTextFile(`${one.home.work}/go`, "");
  await pty.shows(/w1499$/m);
  await pty.type("\r");
  await pty.shows("I have seen it.");
  assert.ok(JSON.stringify(model.requests.at(-1)?.input).includes(words));
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});
