/** Programs that ask, draw or wait, typed to by a model, in each back end that confines. */
import assert from "node:assert/strict";
import { asObject } from "../../core/util/json/json.ts";
import { conversation, exec, LIVE } from "../support/live_script.ts";
import { WITHOUT_BWRAP } from "../support/without_bwrap.ts";
import { hasBubblewrap, itemsOf, stage } from "./support.ts";

type Exchange = Parameters<typeof conversation>[1][number];

interface Dialog {
  /** What must be installed. */
  readonly program: string;
  readonly command: string;
  readonly talk: readonly Exchange[];
  /** What the back end without a network of its own says instead. */
  readonly plainly?: readonly Exchange[];
}

const END = { shows: /Process exited with code 0/ };

const DIALOGS: Readonly<Record<string, Dialog>> = {
  "python3 -i answers line by line": {
    program: "python3",
    command: "python3 -q -i",
    talk: [
      { shows: />>> $/, type: "6*7\n" },
      { shows: /^6\*7\r\n42\r\n>>> $/, type: "exit()\n" },
      END,
    ],
  },
  "a password prompt takes a word that it does not show": {
    program: "python3",
    command:
      `bash -c 'read -rsp "One: " a; echo; echo "\${#a}"'; python3 -c 'import getpass; print(len(getpass.getpass("Two: ")))'`,
    talk: [
      { shows: /^One: $/, type: "secret\n" },
      { shows: /^\r\n6\r\nTwo: $/, type: "hidden words\n" },
      { shows: /^\r\n12\r\n$/ },
    ],
  },
  "vim -es edits a file": {
    program: "vim",
    command: "echo ready; vim -es -u NONE note; cat note",
    talk: [
      { shows: /^ready\r\n$/, type: "a\nwritten\n.\nwq\n" },
      { shows: /\r\nwritten\r\n$/ },
    ],
  },
  "top draws a screen and goes with q": {
    program: "top",
    command: "TERM=xterm top -d 1",
    talk: [
      { shows: /load average[^]*PID[^]*COMMAND/, type: "q" },
      END,
    ],
  },
  "ssh-keygen asks twice": {
    program: "ssh-keygen",
    command: "ssh-keygen -q -t ed25519 -f key && ls key*",
    talk: [
      { shows: /^Enter passphrase[^\n]*: $/, type: "long enough\n" },
      { shows: /^\r\nEnter same passphrase again: $/, type: "long enough\n" },
      { shows: /^\r\nkey +key\.pub\r\n$/ },
    ],
  },
  "a shell has job control": {
    program: "bash",
    command: "PS1='ready> ' bash --norc --noediting -i",
    talk: [
      { shows: /ready> $/, type: "sleep 100\n" },
      { shows: /sleep 100/, type: "\u001a" },
      { shows: /Stopped +sleep 100\r\nready> $/, type: "fg\n" },
      { shows: /sleep 100/, type: "\u0003" },
      { shows: /ready> $/, type: "exit 0\n" },
      END,
    ],
  },
  "npm init asks its way through": {
    program: "npm",
    command: "mkdir -p pack && cd pack && npm init",
    talk: [
      { shows: /package name: \(pack\) $/, type: "\n" },
      { shows: /version: \(1\.0\.0\) $/, type: "2.0.0\n" },
      ...["description", "entry point", "test command", "git repository"].map(
        (name) => ({ shows: new RegExp(`${name}:[^\\n]*$`), type: "\n" }),
      ),
      ...["keywords", "author", "license"].map(
        (name) => ({ shows: new RegExp(`${name}:[^\\n]*$`), type: "\n" }),
      ),
      { shows: /type: [^\n]*$|Is this OK\? \(yes\) $/, type: "\n" },
      { shows: /Is this OK\? \(yes\) $|exited with code 0/, type: "yes\n" },
    ],
  },
  "git add -p takes hunks one by one": {
    program: "git",
    command: "git add -p && git diff --cached --stat",
    talk: [
      { shows: /\+two[^]*Stage this hunk [^\n]*\? $/, type: "y\n" },
      { shows: / text \| 1 \+\r\n/ },
    ],
  },
  "node --inspect listens": {
    program: "node",
    command: "node --inspect=127.0.0.1:0 -i",
    talk: [
      { shows: /Debugger listening on ws:[^]*> $/, type: "6*7\n" },
      { shows: /42\r\n> $/, type: ".exit\n" },
      END,
    ],
    plainly: [{ shows: /Starting inspector [^]* not permitted/ }],
  },
};

function isThere(program: string): boolean {
  const args = ["-c", `command -v ${program}`];
  return new Deno.Command("sh", { args, stdout: "null" }).outputSync().success;
}

const BACKENDS: Readonly<Record<string, readonly string[]>> = {
  bwrap: [],
  landlock: WITHOUT_BWRAP,
};

// Each takes seconds: the gate plays one, `LIVE_PROGRAMS=all` all of them.
const IS_WHOLE = Deno.env.get("LIVE_PROGRAMS") === "all";
const IN_GATE = "a password prompt takes a word that it does not show";

for (const [backend, under] of Object.entries(BACKENDS)) {
  for (const [name, dialog] of Object.entries(DIALOGS)) {
    if (!IS_WHOLE && (name !== IN_GATE || backend !== "landlock")) continue;
    const { program, command, talk, plainly = talk } = dialog;
    Deno.test({
      name: `${name} (${backend})`,
      ignore: !hasBubblewrap() || !isThere(program) ||
        (under.length > 0 && Deno.uid() !== 0),
      fn: async () => {
        await using s = await stage({
          config: { bottom: "[sandbox_workspace_write]\ngit_commits = true" },
          files: { "text": "one\n" },
          script: conversation(
            exec(command, { tty: true, yield_time_ms: 1_000 }),
            backend === "landlock" ? plainly : talk,
          ),
        });
        await new Deno.Command("sh", {
          args: [
            "-c",
            "git init -q && git add . && git -c user.name=a -c user.email=a@b commit -qm one && echo two >> text",
          ],
          cwd: s.home.work,
        }).output();
        const run = await s.json("go", {
          ...LIVE,
          sandbox: "workspace-write",
          under,
        });
        const said = itemsOf(run, "agent_message").at(-1)?.["text"];
        assert.equal(said, "done");
        const [started] = run.events;
        assert.equal(asObject(started?.["sandbox"])?.["backend"], backend);
      },
    });
  }
}
