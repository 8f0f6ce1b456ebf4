/** Flags that no other test gives: what each of them changes. */
import assert from "node:assert/strict";
import { PolicyReport } from "../../core/contract/policy_report.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { say } from "../support/mock_model.ts";
import { openStage, type Stage } from "./support.ts";

async function bodyOf(
  stage: Stage,
  ...flags: readonly string[]
): Promise<JsonObject> {
  const run = await stage.run(["debug", "prompt", ...flags, "hi"]);
  assert.equal(run.code, 0, run.stderr);
  return JSON.parse(run.stdout) as JsonObject;
}

function toolNames({ tools }: JsonObject): readonly unknown[] {
  return (tools as JsonObject[]).map((tool) => tool["name"] ?? tool["type"]);
}

Deno.test("--search, --enable and --disable change the tools that are offered", async () => {
  await using stage = await openStage({ script: [] });
  assert.ok(toolNames(await bodyOf(stage, "--search")).includes("web_search"));
  const body = await bodyOf(
    stage,
    "--disable",
    "shell_tool",
    "--enable",
    "web_search_request",
  );
  assert.ok(!toolNames(body).includes("shell"));
  assert.ok(toolNames(body).includes("web_search"));
});

Deno.test("--local-provider chooses the server and its model", async () => {
  await using stage = await openStage({ script: [] });
  const body = await bodyOf(stage, "--local-provider", "lmstudio");
  assert.equal(body["model"], "openai/gpt-oss-20b");
});

Deno.test("--profile lays a profile over the configuration", async () => {
  await using stage = await openStage({
    script: [],
    config: { bottom: '[profiles.fast]\nmodel = "quick"' },
  });
  assert.equal((await bodyOf(stage, "--profile", "fast"))["model"], "quick");
});

Deno.test("--ask-for-approval tells the model when the user is asked", async () => {
  await using stage = await openStage({ script: [] });
  const of = async (policy: string): Promise<string> =>
    JSON.stringify(
      (await bodyOf(stage, "--ask-for-approval", policy))["input"],
    );
  assert.notEqual(await of("untrusted"), await of("never"));
});

Deno.test("--rules reads other rules, --ignore-rules none, --revoke ends one", async () => {
  await using stage = await openStage({ script: [] });
  const { codexHome, work } = stage.home;
  const rule = (word: string): string =>
    `prefix_rule(pattern = ["${word}"], decision = "forbidden")\n`;
  await Deno.mkdir(`${codexHome}/rules`);
  await Deno.writeTextFile(`${codexHome}/rules/default.rules`, rule("mine"));
  await Deno.writeTextFile(`${work}/more.rules`, rule("more"));
  const list = async (...flags: readonly string[]): Promise<string> =>
    (await stage.run(["policy", "rules", ...flags])).stdout;
  assert.match(await list(), /^1\tforbidden "mine"[^\n]*\n$/);
  assert.match(
    await list("--rules", `${work}/more.rules`),
    /^1\tforbidden "more"[^\n]*\n$/,
  );
  assert.equal(await list("--ignore-rules"), "There are no rules\n");
  assert.match(await list("--revoke", "1"), /^Revoked: forbidden "mine"/);
  assert.equal(await list(), "There are no rules\n");
});

Deno.test("policy test says which of the cases in a file does not hold", async () => {
  await using stage = await openStage({ script: [] });
  const path = `${stage.home.work}/cases.jsonl`;
  const write = (expect: string): Promise<void> =>
    Deno.writeTextFile(path, JSON.stringify({ command: "ls", expect }));
  await write("run");
  assert.equal((await stage.run(["policy", "test", path])).code, 0);
  await write("refuse");
  assert.equal((await stage.run(["policy", "test", path])).code, 1);
});

Deno.test("--json of each policy command is one value that fits its schema", async () => {
  await using stage = await openStage({ script: [] });
  const cases = `${stage.home.work}/cases.jsonl`;
  await Deno.writeTextFile(
    `${stage.home.work}/more.rules`,
    'prefix_rule(pattern = ["git", "push"], decision = "forbidden", justification = "no")\n',
  );
  const value = async (...words: readonly string[]): Promise<unknown> => {
    const { stdout, stderr } = await stage.run(
      ["policy", ...words.slice(0, 1), "--json", ...words.slice(1)],
    );
    const found = PolicyReport.safeParse(JSON.parse(stdout));
    assert.ok(found.success, `${stdout}${stderr}`);
    return found.data;
  };
  const rules = ["--rules", `${stage.home.work}/more.rules`];
  const script = "ls | git push";
  const explained = await value("explain", ...rules, "--", script) as Record<
    string,
    unknown
  >;
  assert.equal(explained["verdict"], "refuse");
  await Deno.writeTextFile(
    cases,
    JSON.stringify({ command: script, expect: explained["verdict"] }),
  );
  assert.deepEqual(await value("test", ...rules, cases), {
    cases: 1,
    failures: [],
    broken: [],
  });
  assert.deepEqual(await value("rules", ...rules), {
    rules: [{
      number: 1,
      pattern: "git push",
      decision: "forbidden",
      justification: "no",
      source: `${stage.home.work}/more.rules:1`,
    }],
    network: [],
  });
  const { problems } = await value("lint", "--headless", "-a", "never") as {
    readonly problems: number;
  };
  assert.equal(problems, 0);
  for (const file of ["nosuch.rules", "."]) {
    for (const words of [["rules"], ["lint"], ["test", cases]]) {
      const run = await stage.run(["policy", ...words, "--rules", file]);
      assert.equal(run.code, 3, run.stderr);
      assert.match(run.stderr, /Cannot read rules: /);
    }
  }
});

Deno.test("--replay-mode and --replay-timing need --replay", async () => {
  await using stage = await openStage({ script: [] });
  for (
    const flags of [["--replay-mode", "full"], ["--replay-timing", "keep"]]
  ) {
    for (const command of [[], ["exec"]]) {
      const run = await stage.run([...command, ...flags, "go"]);
      assert.equal(run.code, 2, run.stderr);
      assert.match(run.stderr, new RegExp(`${flags[0]} needs --replay`));
    }
  }
});

Deno.test("--headless finds what would ask although nobody is there", async () => {
  await using stage = await openStage({ script: [] });
  const lint = (...flags: readonly string[]): Promise<{ stdout: string }> =>
    stage.run(["policy", "lint", "--ask-for-approval", "never", ...flags]);
  assert.match(
    (await lint("--headless")).stdout,
    /Nothing in this policy asks/,
  );
  assert.match((await lint()).stdout, /No problems/);
});

Deno.test("--header is written into the server's table", async () => {
  await using stage = await openStage({ script: [] });
  const url = "https://example.com/mcp";
  const run = await stage.run(
    ["mcp", "add", "docs", "--url", url, "--header", "X-Team=blue"],
  );
  assert.equal(run.code, 0, run.stderr);
  const text = await Deno.readTextFile(`${stage.home.codexHome}/config.toml`);
  assert.match(text, /X-Team"? = "blue"/);
});

Deno.test("mcp add writes what a login needs, the secret beside the logins", async () => {
  await using stage = await openStage({ script: [] });
  const url = "http://127.0.0.1:1/mcp";
  const add = (...more: string[]) => stage.run(["mcp", "add", "docs", ...more]);
  const run = await add(
    ...["--url", url, "--oauth-client-id", "mine"],
    ...[
      "--oauth-client-secret",
      "hush",
      "--oauth-resource",
      "https://r.example",
    ],
  );
  assert.equal(run.code, 0, run.stderr);
  const { codexHome } = stage.home;
  const text = await Deno.readTextFile(`${codexHome}/config.toml`);
  assert.match(text, /client_id = "mine"/);
  assert.match(text, /oauth_resource = "https:\/\/r\.example"/);
  assert.doesNotMatch(text, /hush/);
  const kept = `${codexHome}/mcp_logins/docs.json`;
  assert.match(await Deno.readTextFile(kept), /hush/);
  assert.equal(((await Deno.stat(kept)).mode ?? 0) & 0o777, 0o600);
  assert.equal((await add("--url", url, "--oauth-client-secret", "x")).code, 2);
  assert.equal((await add("--oauth-client-id", "x", "--", "prog")).code, 2);
  const unreachable = ["mcp", "login", "docs", "--scopes", "a,b"];
  assert.notEqual((await stage.run(unreachable)).code, 0);
});

async function commitIn(cwd: string): Promise<string> {
  let output = "";
  for (
    const args of [["init"], ["commit", "--allow-empty", "-m", "first"], [
      "rev-parse",
      "HEAD",
    ]]
  ) {
    const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    const { stdout } = await new Deno.Command("git", {
      args: [...identity, ...args],
      cwd,
      stderr: "null",
    }).output();
    output = new TextDecoder().decode(stdout).trim();
  }
  return output;
}

Deno.test("--commit and --title say what is reviewed", async () => {
  await using stage = await openStage({
    script: [
      say(
        '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"","overall_confidence_score":1}',
      ),
    ],
  });
  const commit = await commitIn(stage.home.work);
  await stage.exec(["review", "--commit", commit, "--title", "Fix the lock"]);
  const input = JSON.stringify(stage.model.requests[0]?.input);
  assert.match(
    input,
    /the commit `[0-9a-f]{40}`[^]*Title of the commit: Fix the lock/,
  );
});

Deno.test("--output-last-message writes the answer into a file", async () => {
  await using stage = await openStage({ script: [say("done")] });
  const path = `${stage.home.work}/answer.txt`;
  await stage.exec(["--output-last-message", path, "go"]);
  assert.match(await Deno.readTextFile(path), /^done\n?$/);
});

Deno.test("--with-api-key stores the key from stdin, and only so", async () => {
  await using stage = await openStage({ script: [] });
  const stdin = { text: "sk-test-1234567890\n" };
  const run = await stage.run(["login", "--with-api-key"], { stdin });
  assert.equal(run.code, 0, run.stderr);
  const auth = await Deno.readTextFile(`${stage.home.codexHome}/auth.json`);
  assert.match(auth, /sk-test-1234567890/);
  const status = await stage.run(["login", "status"]);
  assert.match(status.stdout, /MOCK_KEY/);
  const without = await stage.run(["login"]);
  assert.equal(without.code, 2);
  assert.match(
    without.stderr,
    /only API keys are supported, must be rondo login --with-api-key/,
  );
  assert.equal((await stage.run(["logout"])).code, 0);
  await assert.rejects(Deno.stat(`${stage.home.codexHome}/auth.json`));
});

Deno.test("flags of the Codex SDK are accepted", async () => {
  await using stage = await openStage({ script: [say("done")] });
  const run = await stage.exec(
    ["--cyber-access-program", "x", "--thread-source", "sdk", "go"],
  );
  assert.equal(run.code, 0, run.stderr);
});

Deno.test("--replay-timing is for a cassette that is replayed", async () => {
  await using stage = await openStage({ script: [say("done")] });
  const tape = `${stage.home.work}/run.cassette`;
  await stage.exec(["--record", tape, "go"]);
  for (const timing of ["keep", "skip"]) {
    const run = await stage.exec(
      [
        "--replay",
        tape,
        "--replay-mode",
        "model",
        "--replay-timing",
        timing,
        "go",
      ],
    );
    assert.equal(run.code, 0, run.stderr);
  }
  assert.equal(stage.model.requests.length, 1);
});
