/** Words that are not commands: they are answered, and never reach a model. */
import assert from "node:assert/strict";
import { commandPaths } from "../../core/contract/commands.ts";
import { FOREIGN, LEAVING } from "../../core/frontends/cli/words.ts";
import { say } from "../support/mock_model.ts";
import { openStage } from "./support.ts";

const TYPOS =
  "Exec EXEC exce exc resum resme reviw forkk doctr docter sesions session logn logot sandbx mpc shcema confg completon polcy debgu undoo trsut feature";

Deno.test("no word that is not a command starts a conversation", async () => {
  await using stage = await openStage({ script: [say("sent")] });
  const words = [
    ...Object.keys(FOREIGN),
    ...LEAVING,
    ...TYPOS.split(" "),
    "/exit",
    "/help",
    "hello",
    "fix the tests",
  ];
  assert.ok(words.length > 90);
  for (const word of words) {
    const run = await stage.run([word]);
    assert.equal(run.code, 2, `${word}: ${run.stdout}${run.stderr}`);
    assert.match(run.stderr, /^See rondo --help$/m, word);
  }
  for (
    const line of [
      ["cloud", "exec", "x"],
      ["exce", "fix it"],
      ["exec", "quit"],
      [
        "exec",
        "reveiw",
      ],
      ["exec", "help"],
      ["-m", "x", "update"],
      ["resume", "--last", "go on"],
    ]
  ) {
    const run = await stage.run(line);
    assert.equal(run.code, 2, `${line.join(" ")}: ${run.stderr}`);
  }
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
  for (
    const args of [["help", "nosuch"], ["nosuch", "--help"], ["nosuch", "-h"], [
      "mcp",
      "nosuch",
      "--help",
    ], ["help", "exec", "nosuch"]]
  ) {
    const run = await stage.run(args);
    assert.equal(run.code, 2, args.join(" "));
    assert.match(run.stderr, /there is no command "/);
  }
  for (const path of commandPaths()) {
    const run = await stage.run([...path, "--help"]);
    assert.equal(run.code, 0, path.join(" "));
  }
});

Deno.test("a usage error names the help of its own command", async () => {
  await using stage = await openStage({ script: [] });
  for (const path of commandPaths()) {
    const { code, stderr } = await stage.run([...path, "--nonsense"]);
    assert.equal(code, 2);
    const words = ["rondo", ...path].join(" ");
    assert.ok(stderr.endsWith(`See ${words} --help\n`), `${words}: ${stderr}`);
  }
  const { stderr } = await stage.run(["-m", "exec", "mcp", "get"]);
  assert.match(stderr, /^See rondo mcp get --help$/m);
});
