/** Completion scripts in real shells, the manual page in a real man, help as goldens. */
import assert from "node:assert/strict";
import { renderCompletion } from "../../../../core/frontends/cli/completion.ts";
import { renderHelp } from "../../../../core/frontends/cli/help.ts";
import { renderManPage } from "../../../../core/frontends/cli/man_page.ts";
import { checkGolden } from "../../../support/golden.ts";

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

async function runShell(
  shell: string,
  args: readonly string[],
  script: string,
): Promise<string[]> {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/folder`);
  await Deno.writeTextFile(`${dir}/file.txt`, "");
  const { stdout, stderr, code } = await new Deno.Command(shell, {
    args: [...args, script],
    cwd: dir,
    env: { HOME: dir, TERM: "dumb", LC_ALL: "C" },
    stdin: "null",
  }).output();
  await Deno.remove(dir, { recursive: true });
  const errors = new TextDecoder().decode(stderr);
  assert.deepEqual([code, errors], [0, ""], script.slice(-300));
  return new TextDecoder().decode(stdout).split("\n").map((line) =>
    line.split("\t")[0] ?? ""
  )
    .filter((line) => line !== "");
}

// What each shell must offer at the end of a line, and what it must not.
const CASES: readonly [
  line: string,
  offered: readonly string[],
  not: readonly string[],
][] = [
  ["rondo ex", ["exec"], ["--model"]],
  ["rondo exec re", ["resume", "review"], ["fork"]],
  ["rondo exec --js", ["--json"], ["--model"]],
  ["rondo -m gpt exec --json resume --la", ["--last"], []],
  ["rondo e resume --la", ["--last"], []],
  ["rondo exec --sandbox work", ["workspace-write"], ["read-only"]],
  ["rondo exec --sandbox=work", ["workspace-write"], ["read-only"]],
  ["rondo --sandbox=read-only exec resume --la", ["--last"], []],
  ["rondo exec --output-schema=fi", ["file.txt"], []],
  ["rondo policy ", ["explain", "test", "lint", "rules"], ["exec"]],
  ["rondo schema e", ["events", "exit-codes"], ["config"]],
  ["rondo completion ", ["bash", "zsh", "fish"], []],
  ["rondo he", ["help"], []],
  ["rondo help e", ["exec", "events", "exit-codes"], ["config"]],
  ["rondo help exec re", ["resume", "review"], ["fork"]],
  ["rondo exec --output-schema fi", ["file.txt"], []],
];

function check(shell: string, line: string, found: readonly string[]): void {
  const [, offered, not] = CASES.find(([one]) => one === line) ?? ["", [], []];
  for (const word of offered) {
    assert(
      found.includes(word),
      `${shell} "${line}": no ${word} in ${found.slice(0, 20)}`,
    );
  }
  for (const word of not) {
    assert(!found.includes(word), `${shell} "${line}": ${word}`);
  }
}

// bash takes "=" for a word of its own.
function bashWords(line: string): string[] {
  return line.replaceAll("=", " = ").split(" ");
}

Deno.test("renderCompletion() works in a real bash", async () => {
  const script = renderCompletion("bash");
  for (const [line] of CASES) {
    const found = await runShell(
      "bash",
      ["--norc", "-c"],
      `compopt() { :; }
${script}
COMP_WORDS=(${bashWords(line).map((word) => `'${word}'`).join(" ")})
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_rondo
printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    check("bash", line, found);
  }
});

Deno.test({
  name: "renderCompletion() works in a real fish",
  ignore: !isInstalled("fish"),
  async fn(): Promise<void> {
    const script = renderCompletion("fish");
    for (const [line] of CASES) {
      const found = await runShell(
        "fish",
        ["--no-config", "-c"],
        `${script}\ncomplete -C '${line}'`,
      );
      // fish offers the flag together with its value.
      check("fish", line, found.map((one) => one.replace(/^--[\w-]+=/, "")));
    }
  },
});

Deno.test({
  name: "renderCompletion() works in a real zsh",
  ignore: !isInstalled("zsh"),
  async fn(): Promise<void> {
    const script = renderCompletion("zsh");
    for (const [line] of CASES) {
      // The completion system runs only inside its line editor: its helpers stand in.
      const found = await runShell(
        "zsh",
        ["-f", "-c"],
        `compdef() { :; }
_describe() { local -a all; all=("\${(@P)4}"); local row; for row in $all; do
  row="\${row%%:*}"; [[ "$row" = "$PREFIX"* ]] && print -r -- "$row"; done; }
compadd() { shift; local row; for row in "$@"; do
  [[ "$row" = "$PREFIX"* ]] && print -r -- "$row"; done; }
_files() { print -r -l -- "$PREFIX"*(N); }
compset() { PREFIX="\${PREFIX#*=}"; }
_message() { :; }
${script}
words=(${line.split(" ").map((word) => `'${word}'`).join(" ")})
CURRENT=$#words
PREFIX="\${words[CURRENT]}"
_rondo
true`,
      );
      check("zsh", line, found);
    }
  },
});

Deno.test({
  name: "renderCompletion() is valid for each shell that is here",
  async fn(): Promise<void> {
    for (
      const [shell, flag] of [["bash", "-n"], ["zsh", "-n"], [
        "fish",
        "--no-execute",
      ]] as const
    ) {
      if (!isInstalled(shell)) continue;
      const file = await Deno.makeTempFile();
      await Deno.writeTextFile(file, renderCompletion(shell));
      const { code, stderr } = await new Deno.Command(shell, {
        args: [flag, file],
      }).output();
      assert.deepEqual(
        [code, new TextDecoder().decode(stderr)],
        [0, ""],
        shell,
      );
      await Deno.remove(file);
    }
  },
});

Deno.test({
  name: "renderManPage() is rendered by man without a complaint",
  ignore: !isInstalled("man"),
  async fn(): Promise<void> {
    const file = await Deno.makeTempFile({ suffix: ".1" });
    await Deno.writeTextFile(file, renderManPage());
    const { code, stdout, stderr } = await new Deno.Command("man", {
      args: ["--warnings", "-l", file],
      env: {
        MANWIDTH: "80",
        LC_ALL: "C",
        MAN_KEEP_FORMATTING: "",
        PAGER: "cat",
      },
    }).output();
    const page = new TextDecoder().decode(stdout);
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
    for (
      const text of [
        "exec resume",
        "--output-schema FILE",
        "EXIT STATUS",
        "rondo help exit-codes",
        "133",
        "CODEX_HOME",
      ]
    ) {
      assert(page.includes(text), text);
    }
    await Deno.remove(file);
  },
});

Deno.test("renderHelp() says what each command is", async () => {
  const pages = [[], ["exec"], ["exec", "resume"], ["policy"], ["sandbox"], [
    "schema",
  ]];
  for (const path of pages) {
    const name = path.join("_") || "rondo";
    await checkGolden(`help_${name}_short.txt`, renderHelp(path, "short"));
    const long = renderHelp(path, "long");
    await checkGolden(`help_${name}_long.txt`, long);
    for (const line of long.split("\n")) {
      const isExample = /^ {2}(rondo|git|printenv|source)/.test(line);
      assert(line.length <= 80 || isExample, line);
    }
  }
});
