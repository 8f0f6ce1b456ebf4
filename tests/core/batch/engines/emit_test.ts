/** What engines are given: golden files, and commands that can be run. */
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import {
  type EngineName,
  jobName,
  renderEngine,
  shardCount,
} from "../../../../core/batch/engines/emit.ts";
import type { EnginePlan } from "../../../../core/batch/engines/engine_plan.ts";
import type { CommandLine } from "../../../../core/contract/command_line.ts";
import { splitLikeShell } from "../../../../core/policy/shell/quote.ts";
import { understandArgv } from "../../../../main.ts";
import { checkGolden } from "../../../support/golden.ts";

const PLAN: EnginePlan = {
  name: "rondo-tasks",
  tasksFile: "tasks.jsonl",
  out: "tasks.batch",
  shards: 20,
  jobs: 2,
  flags: ["--sandbox", "workspace-write", "--model", "it's; rm -rf /"],
  image: undefined,
  secret: "OPENAI_API_KEY",
  version: "1.2.3",
};
const ENGINE_NAMES = ["kubernetes", "slurm", "github", "gitlab"] as const;
const ENDS: Readonly<Record<EngineName, string>> = {
  kubernetes: "yaml",
  slurm: "sbatch",
  github: "yaml",
  gitlab: "yaml",
};

Deno.test("the file for each engine is the golden one", async () => {
  for (const engine of ENGINE_NAMES) {
    const name = `engines/${engine}.${ENDS[engine]}`;
    await checkGolden(name, renderEngine(engine, PLAN));
  }
});

// What an engine puts into a word is a number.
const EXPRESSION = /\$\(\(.*?\)\)|\$\{\{.*?\}\}/;

// Lines of a shell, or lists of words, that begin with the program.
function commandsIn(value: unknown): string[][] {
  if (typeof value === "string") {
    return value.split("\n").filter((line) => /^(exec )?rondo /.test(line))
      .map((line) => line.replace(/^exec /, "").replace(EXPRESSION, "7"))
      .map((line) => [...splitLikeShell(line) ?? []]);
  }
  if (typeof value !== "object" || value === null) return [];
  if ("args" in value && Array.isArray(value.args)) {
    return [["rondo", ...value.args.map(String)]];
  }
  return Object.values(value).flatMap(commandsIn);
}

function commandsOf(engine: EngineName, plan: EnginePlan): string[][] {
  const text = renderEngine(engine, plan);
  if (engine !== "slurm") {
    return parseAllDocuments(text).flatMap((one) => commandsIn(one.toJS()));
  }
  const merge = /--wrap '([^']*)'/.exec(text)?.[1] ?? "";
  return [...commandsIn(text), ...commandsIn(merge)];
}

async function parse(words: readonly string[]): Promise<CommandLine> {
  const line = await understandArgv(words.slice(1));
  assert.ok("command" in line, words.join(" "));
  return line;
}

Deno.test("every command in them is one of rondo, with the words that were given", async () => {
  for (const engine of ENGINE_NAMES) {
    const commands = commandsOf(engine, PLAN);
    assert.equal(commands.length, 2, engine);
    const [batch, merge] = await Promise.all(commands.map(parse));
    assert.equal(batch?.command, "batch", engine);
    assert.deepEqual(batch?.args, ["tasks.jsonl"]);
    assert.equal(batch?.flags.model, "it's; rm -rf /");
    assert.equal(batch?.flags.out, "tasks.batch");
    const given = { kubernetes: undefined, gitlab: undefined };
    const shard = engine in given ? undefined : "7/20";
    assert.equal(batch?.flags.shard, shard, engine);
    assert.equal(merge?.command, "batch merge", engine);
    assert.deepEqual(merge?.args, ["tasks.batch"]);
    assert.equal(merge?.flags.out, "tasks.batch/all");
  }
});

Deno.test("a key stands in none of them, and where none is needed none is asked for", () => {
  const keyless = { ...PLAN, secret: undefined };
  for (const engine of ENGINE_NAMES) {
    assert.match(renderEngine(engine, PLAN), /OPENAI_API_KEY/);
    assert.doesNotMatch(renderEngine(engine, keyless), /API_KEY|ecret/);
  }
});

Deno.test("an image that is named is used, and nothing is installed", () => {
  const image = "registry.example.com/team/rondo@sha256:abc";
  for (const engine of ENGINE_NAMES) {
    const text = renderEngine(engine, { ...PLAN, image });
    assert.ok(text.includes(image), engine);
    assert.doesNotMatch(text, /npm install/);
  }
});

Deno.test("there are no more shards than tasks, nor than an engine makes", () => {
  const count = (engine: EngineName, tasks: number, asked?: number): number =>
    shardCount(engine, { asked, tasks });
  assert.equal(count("slurm", 1_000), 20);
  assert.equal(count("slurm", 3), 3);
  assert.equal(count("slurm", 1_000, 500), 500);
  assert.throws(() => count("slurm", 3, 4), /there are 3 tasks/);
  assert.throws(() => count("gitlab", 1_000, 201), /at most 200 jobs/);
  assert.throws(() => count("github", 1_000, 257), /at most 256 jobs/);
});

Deno.test("the name of the jobs is one that every engine takes", () => {
  assert.equal(jobName("a/My Tasks_1.jsonl"), "rondo-my-tasks-1");
  assert.equal(jobName("…"), "rondo-batch");
  assert.ok(jobName(`${"x-".repeat(99)}.jsonl`).length < 60);
  assert.match(
    jobName(`${"x-".repeat(99)}.jsonl`),
    /^[a-z][a-z0-9-]*[a-z0-9]$/,
  );
});

Deno.test("a name that would be read as something else is refused, or is that name", () => {
  const evil = "a\ntouch /tmp/owned\n.jsonl";
  for (const engine of ENGINE_NAMES) {
    for (
      const plan of [{ tasksFile: evil }, { out: evil }, { flags: [evil] }]
    ) {
      assert.throws(
        () => renderEngine(engine, { ...PLAN, ...plan }),
        /has a line break or another control character in it, must have none/,
      );
    }
    assert.throws(
      () => renderEngine(engine, { ...PLAN, secret: "A; rm -rf ~ #" }),
      /must have a name of letters, digits and _/,
    );
  }
  assert.throws(
    () => renderEngine("github", { ...PLAN, out: "${{ github.token }}" }),
    /has \$\{\{ in it/,
  );
  const pod = renderEngine("kubernetes", { ...PLAN, out: "$(OPENAI_API_KEY)" });
  assert.ok(pod.includes("$$(OPENAI_API_KEY)"));
  assert.doesNotMatch(pod, /[^$]\$\(/);
});
