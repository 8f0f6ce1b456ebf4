import assert from "node:assert/strict";
import * as fc from "fast-check";
import { renderScript, type Work, work } from "../core/staging/random_tree.ts";
import { git, snapshot } from "../core/staging/support.ts";
import { call, mockModel, say, type Step } from "../support/mock_model.ts";
import { agentHome, mockConfig, runAgent } from "../support/run_agent.ts";

const RUNS = Math.max(
  1,
  Math.round(Number(Deno.env.get("STAGE_RUNS") ?? 0) / 50),
);

interface Life {
  readonly isGit: boolean;
  readonly before: readonly Work[];
  readonly done: readonly (readonly Work[] | string)[];
}

const line = fc.constantFrom("one", "two", "row 5", "é", " x");
const name = fc.constantFrom("a", "b c.txt", "d/e", "fresh/file", "ünï/çode");
const patch = fc.tuple(
  fc.constantFrom("Add", "Update", "Delete"),
  name,
  fc.array(line, { minLength: 1, maxLength: 4 }),
).map(
  ([verb, path, lines]) =>
    [
      "*** Begin Patch",
      `*** ${verb} File: ${path}`,
      ...(verb === "Add" ? lines.map((text) => `+${text}`) : []),
      ...(verb === "Update"
        ? ["@@", ...lines.map((text) => `-${text}`), "+by patch"]
        : []),
      "*** End Patch",
    ].join("\n"),
);
const life: fc.Arbitrary<Life> = fc.record({
  isGit: fc.boolean(),
  before: fc.array(work, { minLength: 3, maxLength: 12 }),
  done: fc.array(
    fc.oneof(fc.array(work, { minLength: 1, maxLength: 6 }), patch),
    { minLength: 1, maxLength: 3 },
  ),
});

function shell(script: string): Step {
  return call("shell", { command: ["bash", "-c", script] });
}

async function live({ isGit, before: setup, done }: Life): Promise<void> {
  const script = [
    ...done.map((one): Step =>
      typeof one === "string"
        ? call("apply_patch", { input: one })
        : shell(renderScript(one))
    ),
    // The stage as it is in the end, for the comparison.
    shell('cp -a . "$TMPDIR/copy"'),
    say("done"),
  ];
  await using model = mockModel({ script, laws: false });
  await using home = await agentHome({ config: mockConfig(model.url) });
  const { work } = home;
  await new Deno.Command("bash", {
    args: ["-c", renderScript(setup)],
    cwd: work,
  }).output();
  if (isGit) {
    await Deno.writeTextFile(`${work}/.gitignore`, "*.log\n");
    await git(work, "init", "-q");
    await git(work, "add", "-A");
    await git(work, "commit", "-q", "-m", "first");
  }
  const before = await snapshot(work);
  const env = { TMPDIR: home.temp };
  const staged = await runAgent({
    home,
    env,
    args: [
      "exec",
      "--skip-git-repo-check",
      "--fail-on-denied",
      "-s",
      "workspace-write",
      "--stage",
      "go",
    ],
  });
  assert.equal(staged.code, 0, staged.stderr);
  assert.deepEqual(await snapshot(work), before, "the folder has changed");
  const applied = await runAgent({ home, env, args: ["apply"] });
  assert.equal(applied.code, 0, applied.stderr);
  const wanted = await snapshot(`${home.temp}/copy`);
  const isKept = ([path]: readonly [string, string]): boolean =>
    !isGit || !path.split("/").some((part) => part.endsWith(".log"));
  assert.deepEqual(
    Object.entries(await snapshot(work)).filter(isKept),
    Object.entries(wanted).filter(isKept),
  );
}

Deno.test("whatever a model does in a stage, by commands and patches, is what apply brings", async () => {
  await fc.assert(fc.asyncProperty(life, live), { numRuns: RUNS });
});
