/** What stops a run before its first request: each with its code and what to do about it. */
import assert from "node:assert/strict";
import { say } from "../support/mock_script.ts";
import { mockModel } from "../support/mock_model.ts";
import { agentCommand, agentHome, isCompiled } from "../support/run_agent.ts";
import { runAsReader } from "../support/snippets.ts";
import { checkStream, errorOf, stage } from "./support.ts";

Deno.test("exec without a key says which variable to set", async () => {
  await using s = await stage({ script: [] });
  const run = await s.json("go", { env: { MOCK_KEY: undefined } });
  assert.equal(run.code, 4);
  assert.equal(errorOf(run)["kind"], "auth");
  assert.match(String(errorOf(run)["message"]), /MOCK_KEY/);
});

Deno.test("exec without any configuration says how to log in", async () => {
  await using s = await stage({ script: [] });
  await Deno.remove(`${s.home.codexHome}/config.toml`);
  const run = await s.json("go");
  assert.equal(run.code, 4);
  assert.match(String(errorOf(run)["message"]), /OPENAI_API_KEY|login/);
});

Deno.test("what exec, a conversation and doctor show without a key can be typed as it stands", async () => {
  await using model = mockModel({ script: () => say("Done."), laws: false });
  await using home = await agentHome({
    config: `openai_base_url = ${JSON.stringify(model.url)}\n`,
  });
  const go = "rondo exec --skip-git-repo-check go";
  for (const asked of [go, "rondo", "rondo doctor"]) {
    const { stdout, stderr } = await runAsReader(home, ["sh", "-c", asked]);
    const [shown = ""] = /export OPENAI_API_KEY=[^\s,]+/.exec(
      stdout + stderr,
    ) ?? [];
    const done = await runAsReader(home, ["sh", "-c", `${shown}\n${go}`]);
    assert.equal(done.code, 0, `${asked}: ${shown}: ${done.stderr}`);
  }
});

Deno.test("exec shows the place of a mistake in config.toml", async () => {
  await using s = await stage({ script: [] });
  const path = `${s.home.codexHome}/config.toml`;
  await Deno.writeTextFile(path, 'model = "x"\nsandbox_mode = = 3\n');
  const run = await s.json("go");
  assert.equal(run.code, 3);
  assert.equal(errorOf(run)["kind"], "config");
  const message = String(errorOf(run)["message"]);
  assert.ok(message.includes(`${path}:2:`), message);
  assert.match(message, /sandbox_mode = = 3\n\s*\|?\s*\^/);
  assert.ok((await s.human("go")).stderr.includes("^"));
});

Deno.test("exec names a setting of the wrong type, and an unknown one only as a warning", async () => {
  await using s = await stage({
    script: () => say("ok"),
    config: { top: 'modle = "x"' },
  });
  const unknown = await s.json("go");
  assert.equal(unknown.code, 0);
  assert.match(unknown.stdout, /modle.*did you mean.*model/i);
  const strict = await s.json("go", { args: ["--strict-config"] });
  assert.equal(strict.code, 3);
  const wrong = await s.json("go", { args: ["-c", "model=3"] });
  assert.equal(wrong.code, 3);
  assert.match(String(errorOf(wrong)["message"]), /model/);
});

Deno.test("exec refuses flags and words it does not know", async () => {
  await using s = await stage({ script: [] });
  for (
    const args of [
      ["exec", "--modle", "x", "hi"],
      ["exec", "--sandbox", "everything", "hi"],
      ["exec", "--timeout", "soon", "hi"],
      ["exec", "-m"],
    ]
  ) {
    const run = await s.run(args);
    assert.equal(run.code, 2, args.join(" "));
    assert.equal(run.stdout, "");
    assert.match(run.stderr, /rondo (exec )?--help/);
  }
  assert.match(
    (await s.run(["exec", "--modle", "x", "hi"])).stderr,
    /--model/,
  );
});

Deno.test("exec --json ends with its one terminal line for words it does not know, too", async () => {
  await using s = await stage({ script: [] });
  const cases: [string[], RegExp][] = [
    [["exec", "--json", "--modle", "x", "hi"], /did you mean --model$/],
    [["--sandbox", "everything", "exec", "--json", "hi"], /"everything"/],
    [["e", "--experimental-json", "--timeout", "soon", "hi"], /"soon"/],
    [["exec", "--json", "-m"], /-m: its value is missing/],
    [["exec", "resume", "--json", "a", "b", "c"], /unexpected argument/],
    [["exec", "--json", "--output-format", "json", "hi"], /exclude/],
    [["exec", "--json", "--events", "native", "--bad", "hi"], /--bad/],
  ];
  for (const [args, says] of cases) {
    const run = await s.run(args);
    checkStream(run);
    assert.equal(run.code, 2, args.join(" "));
    assert.equal(errorOf(run)["kind"], "usage");
    assert.match(String(errorOf(run)["message"]), says);
    assert.match(
      run.stderr,
      /^Error: Cannot .*\nSee rondo exec (resume )?--help\n$/,
    );
  }
});

Deno.test("exec --output-format json gives its one object for words it does not know, too", async () => {
  await using s = await stage({ script: [] });
  const run = await s.run(["exec", "--output-format=json", "--modle", "hi"]);
  const result = JSON.parse(run.stdout);
  assert.equal(result.type, "result");
  assert.equal(result.error.kind, "usage");
  assert.equal(result.exit_code, 2);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /--modle.*\n(.*\n)*See rondo exec --help\n$/);
});

Deno.test(
  "exec ends with its terminal line in a folder and a home whose names are no text",
  {
    ignore: Deno.build.os !== "linux" || !isCompiled(),
  },
  async () => {
    await using s = await stage({ script: [] });
    const [program, ...first] = agentCommand();
    const start = '"$@" exec --json --skip-git-repo-check --yolo hi';
    const odd = "\"$(printf 'odd\\377')\"";
    const cases: [string, number, RegExp][] = [
      [`mkdir ${odd} && cd ${odd} && ${start}`, 2, /working folder/],
      [`CODEX_HOME=${odd} ${start}`, 3, /CODEX_HOME/],
    ];
    for (const [script, code, says] of cases) {
      const output = await new Deno.Command("sh", {
        args: ["-c", script, "sh", program, ...first],
        cwd: s.home.work,
        env: { HOME: s.home.home, CODEX_HOME: s.home.codexHome },
        stdin: "null",
      }).output();
      const stdout = new TextDecoder().decode(output.stdout);
      const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
      const stderr = new TextDecoder().decode(output.stderr);
      const run = { ...output, signal: null, stdout, stderr, events };
      checkStream(run);
      assert.equal(run.code, code);
      assert.match(String(errorOf(run)["message"]), says);
    }
  },
);

Deno.test("exec refuses images, folders and profiles that are not there", async () => {
  await using s = await stage({ script: [] });
  const cases: [string[], number, RegExp][] = [
    [["-i", "no.png"], 2, /no\.png/],
    [["-i", "."], 2, /not a file/],
    [["-C", "no-folder"], 2, /no-folder/],
    [["-C", "/etc/passwd"], 2, /not a folder/],
    [["-p", "no-profile"], 3, /no-profile/],
    [["-c", "model_provider=nowhere"], 3, /nowhere/],
  ];
  for (const [args, code, says] of cases) {
    const run = await s.json("go", { args });
    assert.equal(run.code, code, run.stdout);
    assert.match(String(errorOf(run)["message"]), says);
  }
  assert.equal(s.model.requests.length, 0);
});

Deno.test("exec with an unwritable session folder ends with 9", {
  // Root may write anywhere.
  ignore: Deno.uid() === 0,
}, async () => {
  await using s = await stage({ script: [] });
  await Deno.chmod(s.home.codexHome, 0o500);
  const run = await s.json("go");
  await Deno.chmod(s.home.codexHome, 0o700);
  assert.equal(run.code, 9);
});
