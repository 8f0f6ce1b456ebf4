/** How commands are taken apart, and when they are not. */
import assert from "node:assert/strict";
import {
  splitCommand,
  systemProgram,
} from "../../../../core/policy/shell/split.ts";
import {
  quoteWords,
  splitLikeShell,
} from "../../../../core/policy/shell/quote.ts";

function cores(argv: string[]): unknown {
  const { kind, cwd, segments } = splitCommand(argv, "/ws");
  return [kind, cwd, ...segments.map((segment) => segment.core.join(" "))];
}

Deno.test("splitCommand() takes plain scripts of known shells apart", () => {
  for (
    const shell of [
      "bash",
      "/bin/bash",
      "/usr/bin/zsh",
      "sh",
      "/usr/local/bin/bash",
    ]
  ) {
    for (const flag of ["-c", "-lc"]) {
      assert.deepEqual(cores([shell, flag, "a b && c"]), [
        "plain",
        "/ws",
        "a b",
        "c",
      ]);
    }
  }
});

Deno.test("splitCommand() leaves everything else one command", () => {
  assert.deepEqual(cores(["ls", "-l"]), ["argv", "/ws", "ls -l"]);
  assert.deepEqual(cores(["./bash", "-lc", "ls"]), [
    "argv",
    "/ws",
    "./bash -lc ls",
  ]);
  assert.deepEqual(cores(["/tmp/bash", "-c", "ls"]), [
    "argv",
    "/ws",
    "/tmp/bash -c ls",
  ]);
  assert.deepEqual(cores(["bash", "-ic", "ls"]), [
    "argv",
    "/ws",
    "bash -ic ls",
  ]);
  assert.deepEqual(cores(["bash", "-c", "ls", "x"]), [
    "argv",
    "/ws",
    "bash -c ls x",
  ]);
  assert.deepEqual(cores(["fish", "-c", "ls"]), ["argv", "/ws", "fish -c ls"]);
  assert.deepEqual(cores(["bash", "-lc", "ls > x"]), [
    "opaque",
    "/ws",
    "bash -lc ls > x",
  ]);
  assert.deepEqual(cores([]), ["argv", "/ws", ""]);
});

Deno.test("splitCommand() folds what changes nothing", () => {
  assert.deepEqual(cores(["bash", "-lc", "cd sub && npm test"]), [
    "plain",
    "/ws/sub",
    "npm test",
  ]);
  assert.deepEqual(cores(["bash", "-lc", "cd a && cd ../b && x"]), [
    "plain",
    "/ws/b",
    "x",
  ]);
  assert.deepEqual(
    cores(["bash", "-lc", "CI=1 LC_ALL=C timeout -k 5 60s nice -n 5 npm test"]),
    ["plain", "/ws", "npm test"],
  );
  assert.deepEqual(cores(["env", "CI=1", "npm", "test"]), [
    "argv",
    "/ws",
    "npm test",
  ]);
  assert.deepEqual(cores(["timeout", "5", "bash", "-lc", "a && b"]), [
    "plain",
    "/ws",
    "a",
    "b",
  ]);
  const split = splitCommand(["bash", "-c", "cd s && CI=1 nohup x"], "/ws");
  assert.deepEqual(split.folded, ["cd s", "CI=1", "nohup"]);
  const written = splitCommand(
    [
      "bash",
      "-lc",
      "# Run it\nset -euo pipefail\ncd sub\ntime npm test \\\n  --x 2>&1 | tail -5",
    ],
    "/ws",
  );
  assert.deepEqual(
    [written.cwd, written.segments.map(({ core }) => core.join(" "))],
    ["/ws/sub", ["npm test --x", "tail -5"]],
  );
  assert.deepEqual(written.folded, [
    "set -euo pipefail",
    "cd sub",
    "time",
    "2>&1",
  ]);
});

Deno.test("splitCommand() folds nothing that could change a command", () => {
  for (
    const script of [
      "cd s; x",
      "cd s || x",
      "cd s\nx",
      "cd - && x",
      "cd && x",
      "cd a b && x",
      "cd -P s && x",
      "cd s",
    ]
  ) {
    const split = splitCommand(["bash", "-c", script], "/ws");
    assert.deepEqual([split.kind, split.cwd, split.segments[0]?.words[0]], [
      "plain",
      "/ws",
      "cd",
    ], script);
  }
  const unsure = splitCommand(
    ["bash", "-c", "set -o pipefail; cd s; x"],
    "/ws",
  );
  assert.equal(unsure.cwd, "/ws");
  for (
    const script of [
      "PATH=/x ls",
      "LD_PRELOAD=x ls",
      "CI=1 GIT_SSH_COMMAND=x git fetch",
    ]
  ) {
    assert.equal(
      splitCommand(["bash", "-c", script], "/ws").kind,
      "opaque",
      script,
    );
  }
  for (
    const words of [
      ["env", "PATH=/x", "ls"],
      ["env", "-S", "ls"],
      ["env", "-i", "ls"],
      ["timeout", "ls"],
      ["timeout", "--what", "5", "ls"],
      ["sudo", "ls"],
      ["nice"],
      ["env"],
      ["toString", "x"],
      ["./timeout", "5", "ls"],
    ]
  ) {
    const { segments } = splitCommand(words, "/ws");
    assert.deepEqual(segments[0]?.core, words);
  }
});

Deno.test("splitCommand() reads one command with a literal here-document", () => {
  const doc = (script: string): unknown => {
    const { kind, segments } = splitCommand(["bash", "-lc", script], "/ws");
    return kind === "heredoc" ? segments[0]?.words : kind;
  };
  assert.deepEqual(doc("python3 - <<'E'\nprint($x)\nE\n"), ["python3", "-"]);
  assert.deepEqual(doc('cat <<"E"\n`x`\nE'), ["cat"]);
  assert.deepEqual(doc("cat <<E\nplain\nE"), ["cat"]);
  // In a comment it begins nothing.
  assert.equal(doc("ls # <<E\nrm x\nE"), "plain");
  assert.equal(doc("cat '#' <<E\nE"), "opaque");
  for (
    const script of [
      "cat <<E\n$x\nE",
      "cat <<E\n`x`\nE",
      "cat <<E\n\\\nE",
      "cat <<E > f\nE",
      "cat <<E | sh\nE",
      "cat <<E\nE\nls",
      "cat <<E\nx",
      "a && cat <<E\nE",
      "cat <<-E\nE",
      "A=b cat <<E\nE",
      "cat <<E\nE\nE2\nrm x",
      "cat <f <<E\nE",
      "cat <<'E\nE",
    ]
  ) assert.equal(doc(script), "opaque", JSON.stringify(script));
});

Deno.test("systemProgram() trusts bare names and system folders only", () => {
  assert.equal(systemProgram("git"), "git");
  assert.equal(systemProgram("/usr/bin/git"), "git");
  assert.equal(systemProgram("/opt/homebrew/bin/git"), "git");
  for (
    const path of [
      "",
      "./git",
      "bin/git",
      "/tmp/git",
      "/usr/bin/../../tmp/git",
      "/usr/bin/x/git",
    ]
  ) {
    assert.equal(systemProgram(path), undefined, path);
  }
});

Deno.test("splitLikeShell() and quoteWords() are each other's inverse", () => {
  assert.deepEqual(splitLikeShell(`a  'b c' "d\\"e$x" f\\ g ''`), [
    "a",
    "b c",
    'd"e$x',
    "f g",
    "",
  ]);
  assert.equal(splitLikeShell("a 'b"), undefined);
  const words = ["a", "", "b c", "it's", '"', "$x", "\\", "*", "a\nb", "é"];
  assert.deepEqual(splitLikeShell(quoteWords(words)), words);
});
