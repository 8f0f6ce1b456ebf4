import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readPlan } from "../../../core/app/stage/plan_apply.ts";
import { parsePatch } from "../../../core/staging/patch/parse.ts";
import { reversePatch } from "../../../core/staging/patch/reverse.ts";
import { renderPlanned, writePlanned } from "../../../tools/patch/planned.ts";
import { renderScript, type Work, work } from "./random_tree.ts";
import { git, host, snapshot, testPlace } from "./support.ts";

const RUNS = Number(Deno.env.get("STAGE_RUNS") ?? 8);

interface Life {
  readonly isGit: boolean;
  readonly kind: "auto" | "copy";
  readonly committed: readonly Work[];
  readonly dirty: readonly Work[];
  readonly done: readonly Work[];
}

const life: fc.Arbitrary<Life> = fc.record({
  isGit: fc.boolean(),
  kind: fc.constantFrom("auto" as const, "copy" as const),
  committed: fc.array(work, { minLength: 3, maxLength: 14 }),
  dirty: fc.array(work, { maxLength: 5 }),
  done: fc.array(work, { maxLength: 10 }),
});

async function run(folder: string, steps: readonly Work[]): Promise<void> {
  const { code } = await new Deno.Command("bash", {
    args: ["-c", renderScript(steps)],
    cwd: folder,
  }).output();
  assert.equal(code, 0);
}

async function take(
  folder: string,
  bytes: Uint8Array,
  isReverse: boolean,
): Promise<void> {
  const parsed = parsePatch(bytes);
  const { planned, conflicts } = await readPlan(
    host,
    folder,
    isReverse ? reversePatch(parsed) : parsed,
  );
  assert.deepEqual(conflicts, []);
  await writePlanned(host, renderPlanned(planned, "", { prune: folder }));
}

type Snapshot = Awaited<ReturnType<typeof snapshot>>;

function withoutIgnored(files: Snapshot, isGit: boolean): Snapshot {
  return Object.fromEntries(
    Object.entries(files).filter(([name]) =>
      !isGit || !name.split("/").some((part) => part.endsWith(".log"))
    ),
  );
}

async function live(
  { isGit, kind, committed, dirty, done }: Life,
): Promise<void> {
  await using place = await testPlace({}, { git: false });
  const { work, root } = place;
  await run(work, committed);
  if (isGit) {
    await Deno.writeTextFile(`${work}/.gitignore`, "*.log\n");
    await place.git("init", "-q");
    await place.git("add", "-A");
    await place.git("commit", "-q", "--allow-empty", "-m", "first");
  }
  await run(work, dirty);
  const before = await snapshot(work);
  const stage = await place.open({ kind });
  assert.equal(stage.kind, isGit && kind === "auto" ? "worktree" : "copy");
  assert.deepEqual(await snapshot(stage.path), withoutIgnored(before, isGit));
  assert.equal((await stage.readPatch()).bytes.length, 0);

  await run(stage.path, done);
  const patch = await stage.readPatch();
  const wanted = withoutIgnored(await snapshot(stage.path), isGit);
  assert.deepEqual(await snapshot(work), before, "the folder has changed");
  assert.deepEqual(patch.leftOut, []);

  // Others judge the patch as well.
  const clone = `${root}/clone`;
  await new Deno.Command("cp", { args: ["-a", work, clone] }).output();
  if (patch.bytes.length > 0) {
    // Git makes no file where a folder is, though nothing be in it.
    await new Deno.Command("find", {
      args: [clone, "-mindepth", "1", "-type", "d", "-empty", "-delete"],
    }).output();
    await Deno.writeFile(`${root}/patch`, patch.bytes);
    await git(clone, "apply", `${root}/patch`);
    assert.deepEqual(
      withoutIgnored(await snapshot(clone), isGit),
      wanted,
      "git apply",
    );
  }

  await Deno.writeTextFile(`${work}/of the person`, "mine\n");
  await take(work, patch.bytes, false);
  const after = await snapshot(work);
  assert.deepEqual(
    withoutIgnored(after, isGit),
    sorted({ ...wanted, "of the person": "-mine\n" }),
  );
  await take(work, patch.bytes, true);
  assert.deepEqual(
    await snapshot(work),
    sorted({ ...before, "of the person": "-mine\n" }),
  );

  await stage.remove();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(place.trees)), []);
  assert.deepEqual(
    await Array.fromAsync(Deno.readDir(`${place.codexHome}/stages`)),
    [],
  );
  if (isGit) {
    assert.equal(
      (await place.git("worktree", "list")).trim().split("\n").length,
      1,
    );
  }
}

function sorted(files: Snapshot): Snapshot {
  return Object.fromEntries(Object.entries(files).sort());
}

Deno.test("whatever is done in a stage, the folder stays, and the patch makes it the same", async () => {
  await fc.assert(fc.asyncProperty(life, live), { numRuns: RUNS });
});
