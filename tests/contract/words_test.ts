/** Words that are not commands: they are answered, and never reach a model. */
import assert from "node:assert/strict";
import { commandPaths } from "../../core/contract/commands.ts";
import { helpHintOf } from "../../core/frontends/cli/unparsed.ts";
import { FOREIGN, LEAVING } from "../../core/frontends/cli/words.ts";
import { understandArgv } from "../../main.ts";
import { forEachAtOnce } from "../support/at_once.ts";
import { say } from "../support/mock_model.ts";
import { openStage } from "./support.ts";

const TYPOS =
  "Exec EXEC exce exc resum resme reviw forkk doctr docter sesions session logn logot sandbx mpc shcema confg completon polcy debgu undoo trsut feature";
const OTHERS = String
  .raw`ask chat serve upgrade queue q :q :quit \q print show tui repl`;

Deno.test("no word that is not a command is taken for one", async () => {
  const words = [
    ...[...Object.keys(FOREIGN), ...LEAVING],
    ...`${TYPOS} ${OTHERS}`.split(" "),
  ];
  assert.ok(words.length > 90);
  for (const word of words) {
    await assert.rejects(understandArgv([word]), { kind: "usage" }, word);
  }
});

Deno.test("what is named instead of a foreign word is a command, and what there is gets named", () => {
  const paths = commandPaths().map((path) => path.join(" "));
  for (const [word, instead] of Object.entries(FOREIGN)) {
    for (const [, path = ""] of instead.matchAll(/rondo ([a-z][a-z -]*)/g)) {
      const words = path.split(/ (?:or|with) | --/)[0]?.trim() ?? "";
      assert.ok(paths.includes(words), `${word}: ${words}`);
    }
    const own = paths.filter((path) => path.split(" ").at(-1) === word);
    if (instead === "") assert.deepEqual(own, [], word);
  }
});

Deno.test("no word that is not a command starts a conversation", async () => {
  await using stage = await openStage({ script: [say("sent")] });
  const lines = [
    ...["codex", "cloud", "exit", ":q", "EXEC", "reviw"],
    ...["/exit", "/help", "hello", "fix the tests"],
  ].map((word) => [word]);
  await forEachAtOnce(lines, async (line) => {
    const run = await stage.run(line);
    assert.equal(run.code, 2, `${line}: ${run.stdout}${run.stderr}`);
    assert.match(run.stderr, /^See rondo --help$/m, line.join(" "));
  });
  const longer = [
    ["cloud", "exec", "x"],
    ["exce", "fix it"],
    ["exec", "quit"],
    ["exec", "reveiw"],
    ["exec", "help"],
    ["-m", "x", "update"],
    ["resume", "--last", "go on"],
  ];
  await forEachAtOnce(longer, async (line) => {
    const run = await stage.run(line);
    assert.equal(run.code, 2, `${line.join(" ")}: ${run.stderr}`);
  });
  assert.deepEqual(stage.model.requests, []);
});

Deno.test("after -- any word is a prompt", async () => {
  await using stage = await openStage({ script: [say("done")] });
  const run = await stage.run([
    "exec",
    "--skip-git-repo-check",
    "--",
    "review",
  ]);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(stage.model.requests.length, 1);
});

Deno.test("a conversation answers a word that is the name of a command", async () => {
  await using stage = await openStage({ script: [say("done")] });
  const run = await stage.run([], {
    stdin: { text: "?\nhelp\nstatus\nmodle\nexit\nnever sent\n" },
  });
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout + run.stderr, /did you mean \/status\?/);
  assert.match(run.stdout + run.stderr, /did you mean \/model\?/);
  assert.deepEqual(stage.model.requests, []);
});

Deno.test("help about what is no command is an error, about every command it is help", async () => {
  await using stage = await openStage({ script: [] });
  const wrong = [
    ["help", "nosuch"],
    ["nosuch", "--help"],
    ["nosuch", "-h"],
    ["mcp", "nosuch", "--help"],
    ["help", "exec", "nosuch"],
  ];
  await forEachAtOnce(wrong, async (args) => {
    const run = await stage.run(args);
    assert.equal(run.code, 2, args.join(" "));
    assert.match(run.stderr, /there is no command "/);
  });
  for (const path of commandPaths()) {
    assert.ok("text" in await understandArgv([...path, "--help"]), `${path}`);
  }
});

Deno.test("a usage error names the help of its own command", async () => {
  for (const path of commandPaths()) {
    const line = [...path, "--nonsense"];
    await assert.rejects(understandArgv(line), { kind: "usage" }, `${path}`);
    const words = ["rondo", ...path].join(" ");
    assert.equal(helpHintOf(line), `See ${words} --help`);
  }
  await using stage = await openStage({ script: [] });
  const lines: readonly (readonly [string[], string])[] = [
    [["--nonsense"], "rondo"],
    [["exec", "resume", "--nonsense"], "rondo exec resume"],
    [["-m", "exec", "mcp", "get"], "rondo mcp get"],
  ];
  for (const [line, words] of lines) {
    const { code, stderr } = await stage.run(line);
    assert.equal(code, 2);
    assert.ok(stderr.endsWith(`See ${words} --help\n`), stderr);
  }
});
