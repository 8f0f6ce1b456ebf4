/** Keys of config.toml as a user meets them: they do what they say, or it is said that they do not. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { call, say } from "../support/mock_model.ts";
import { think, unknownItem } from "../support/mock_script.ts";
import { openStage, type Stage } from "./support.ts";

// The body that would be sent under these settings.
async function bodyOf(
  stage: Stage,
  ...settings: readonly string[]
): Promise<{ readonly body: JsonObject; readonly stderr: string }> {
  const flags = settings.flatMap((setting) => ["-c", setting]);
  const run = await stage.run(["debug", "prompt", ...flags, "hi"]);
  assert.equal(run.code, 0, run.stderr);
  return { body: JSON.parse(run.stdout) as JsonObject, stderr: run.stderr };
}

function toolNames({ tools }: JsonObject): readonly unknown[] {
  return (tools as JsonObject[]).map((tool) => tool["name"] ?? tool["type"]);
}

Deno.test("a tool that is switched off is not offered", async () => {
  await using stage = await openStage({ script: [] });
  const { body } = await bodyOf(
    stage,
    "tools.view_image=false",
    "tools.update_plan=false",
    "features.shell_tool=false",
    "web_search=live",
    "tools.web_search.context_size=low",
  );
  assert.deepEqual(toolNames(body), ["apply_patch", "web_search"]);
  assert.equal(
    (body["tools"] as JsonObject[])[1]?.["search_context_size"],
    "low",
  );
});

Deno.test("messages that are switched off are not sent, and `instructions` are", async () => {
  await using stage = await openStage({ script: [] });
  const { body } = await bodyOf(
    stage,
    "include_environment_context=false",
    "include_permissions_instructions=false",
    'instructions="Be brief."',
  );
  assert.equal(body["instructions"], "Be brief.");
  assert.equal((body["input"] as unknown[]).length, 1);
});

Deno.test("experimental_instructions_file stands in for the built-in instructions", async () => {
  await using stage = await openStage({
    script: [],
    files: { "words.md": "Be brief.\n" },
  });
  const { body } = await bodyOf(
    stage,
    `experimental_instructions_file=${stage.home.work}/words.md`,
  );
  assert.equal(body["instructions"], "Be brief.");
});

Deno.test("oss_provider is the provider of --oss", async () => {
  await using stage = await openStage({
    script: [],
    config: { top: 'oss_provider = "lmstudio"' },
  });
  const { stdout } = await stage.run(["--oss", "config", "explain"]);
  assert.match(stdout, /^model_provider = "lmstudio"/m);
});

Deno.test("compact_prompt asks for the summary", async () => {
  await using stage = await openStage({
    script: [call("shell", { command: ["true"] }), say("a summary"), say("ok")],
    config: {
      top:
        'compact_prompt = "Sum it up."\nmodel_auto_compact_token_limit = 1000',
    },
  });
  await stage.exec(["go"]);
  const inputs = stage.model.requests.map(({ body }) =>
    JSON.stringify(body["input"])
  );
  assert.deepEqual(
    inputs.map((input) => input.includes("Sum it up.")),
    [false, true, false],
  );
});

Deno.test("a key without effect is said with its file and line, and so is a feature", async () => {
  await using stage = await openStage({
    script: [],
    config: { top: 'personality = "pragmatic"' },
  });
  const { stderr } = await bodyOf(stage, "features.unified_exec=true");
  assert.match(
    stderr,
    /Config without effect \(\S+config\.toml\): personality \(line 3\)/,
  );
  assert.match(stderr, /Config without effect \(-c\): features\.unified_exec/);
  const { stdout } = await stage.run(["features", "list"]);
  assert.match(stdout, /^unified_exec +without effect$/m);
  assert.match(stdout, /^shell_tool +true$/m);
  const explained = await stage.run(["config", "explain"]);
  assert.match(explained.stdout, /^personality = .*:3, without effect$/m);
});

Deno.test("bash -lc is a login where allow_login_shell asks for it, and the person's own variables otherwise", async () => {
  const argv = [
    "bash",
    "-lc",
    "shopt -q login_shell && echo login || echo plain",
  ];
  const settings = ["", "allow_login_shell=true", "allow_login_shell=false"];
  const outputs = await Promise.all(settings.map(async (setting) => {
    await using stage = await openStage({
      script: [call("shell", { command: argv }), say("done")],
    });
    const run = await stage.exec([
      ...(setting === "" ? [] : ["-c", setting]),
      "go",
    ]);
    return run.stdout.includes("plain\\n") ? "plain" : "login";
  }));
  assert.deepEqual(outputs, ["plain", "login", "plain"]);
});

Deno.test("hide_agent_reasoning shows none of it", async () => {
  const shown = await Promise.all([false, true].map(async (hide) => {
    await using stage = await openStage({
      script: [[think("**Looking**"), say("done")].flat()],
    });
    const run = await stage.exec(["-c", `hide_agent_reasoning=${hide}`, "go"]);
    return run.stdout.includes("Looking");
  }));
  assert.deepEqual(shown, [true, false]);
});

Deno.test("show_raw_agent_reasoning shows what the model itself thought", async () => {
  const thought = unknownItem({
    type: "reasoning",
    summary: [],
    content: [{ type: "reasoning_text", text: "Counting sheep" }],
  });
  const shown = await Promise.all([false, true].map(async (raw) => {
    await using stage = await openStage({ script: [[thought, say("done")]] });
    const run = await stage.exec(
      ["-c", `show_raw_agent_reasoning=${raw}`, "go"],
    );
    return run.stdout.includes("Counting sheep");
  }));
  assert.deepEqual(shown, [false, true]);
});

Deno.test("review_model reviews, and --model has the last word", async () => {
  const ask = async (...args: readonly string[]): Promise<unknown> => {
    await using stage = await openStage({
      script: [
        say(
          '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"","overall_confidence_score":1}',
        ),
      ],
      config: { top: 'review_model = "judge"' },
    });
    await stage.exec(args);
    return stage.model.requests[0]?.body["model"];
  };
  assert.equal(await ask("review", "look"), "judge");
  assert.equal(await ask("--model", "mine", "review", "look"), "mine");
  assert.equal(await ask("look"), "gpt-5.2-codex");
});

Deno.test("experimental_compact_prompt_file asks for the summary, and must hold text", async () => {
  await using stage = await openStage({
    script: [],
    files: { "summary.md": "\n" },
  });
  const path = `${stage.home.work}/summary.md`;
  const run = await stage.run([
    "exec",
    "--skip-git-repo-check",
    "-c",
    `experimental_compact_prompt_file=${path}`,
    "go",
  ]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /the file is empty, must hold text/);
});

Deno.test("the table of a request names the tools that are in it, each with its size", async () => {
  await using stage = await openStage({ script: [] });
  const { body, stderr } = await bodyOf(stage, 'model="gpt-6-sol"');
  const rows = [...stderr.matchAll(/^tools\[\d+\] (\S+) +(\d+)/gm)];
  assert.deepEqual(rows.map(([, name]) => name), toolNames(body));
  assert.ok(rows.every(([, , bytes]) => Number(bytes) > 0));
});
