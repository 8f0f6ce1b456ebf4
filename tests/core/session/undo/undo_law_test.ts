/** Laws of undo, on a real disk with real commands: UNDO_RUNS says how many lives are lived. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LINE, PATH } from "./support_lines.ts";
import {
  assertSameTree,
  type Lab,
  makeLab,
  type Tree,
} from "./support_undo.ts";

const numRuns = Number(Deno.env.get("UNDO_RUNS") ?? 12);

type Step =
  /** At the same time. */
  | { readonly by: "commands"; readonly lines: readonly string[] }
  | {
    readonly by: "patch";
    readonly path: string;
    readonly text: string | null;
  }
  | { readonly by: "person"; readonly line: string };

const PERSON: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.nat(2), fc.nat(99)).map(([file, n]) =>
    `mkdir -p person; echo ${n} > person/mine${file}`
  ),
  fc.nat(2).map((file) => `rm -f person/mine${file}`),
  fc.nat(2).map((file) => `chmod 600 mine${file}`),
  fc.tuple(fc.nat(2), fc.nat(99)).map(([file, n]) => `echo ${n} > mine${file}`),
).map((line) => ({ by: "person", line }));

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(LINE, { minLength: 1, maxLength: 3 })
      .map((lines): Step => ({ by: "commands", lines: [lines.join("\n")] })),
  },
  {
    weight: 1,
    arbitrary: fc.array(LINE, { minLength: 2, maxLength: 2 })
      .map((lines): Step => ({ by: "commands", lines })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      by: fc.constant("patch" as const),
      path: PATH.map((path) => path.slice(2)),
      text: fc.option(fc.constantFrom("one", "two\nlines", "")),
    }),
  },
  { weight: 2, arbitrary: PERSON },
);

interface Life {
  readonly isWhole: boolean;
  readonly first: readonly string[];
  readonly turns: readonly {
    readonly before: readonly Step[];
    readonly steps: readonly Step[];
    /** Turns taken back after it. */
    readonly undo: number;
  }[];
}

const LIFE: fc.Arbitrary<Life> = fc.record({
  isWhole: fc.boolean(),
  first: fc.array(LINE, { maxLength: 8 }),
  turns: fc.array(
    fc.record({
      before: fc.array(PERSON, { maxLength: 2 }),
      steps: fc.array(STEP, { minLength: 1, maxLength: 4 }),
      undo: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3 })),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

Deno.test("undo gives back the tree as it was, with what the person did meanwhile (law)", async () => {
  let undone = 0;
  await fc.assert(
    fc.asyncProperty(LIFE, async (life) => {
      await using lab = await makeLab();
      undone += await live(life, lab);
    }),
    { numRuns },
  );
  assert.ok(undone > numRuns / 4, `${undone} turns were taken back`);
});

const TURN = fc.array(LINE, { minLength: 1, maxLength: 4 });
const EDIT = fc.oneof(
  PATH.map((path) => `mkdir -p "$(dirname "${path}")"; echo mine > "${path}"`),
  PATH.map((path) => `echo mine >> "${path}"`),
  PATH.map((path) => `rm -f "${path}"`),
  PATH.map((path) => `chmod 604 "${path}"`),
);

Deno.test("what the person has changed since is never lost unless it is said so (law)", async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(TURN, TURN, EDIT, async (first, lines, edit) => {
      await using lab = await makeLab();
      await lab.bash(first.join("\n"));
      await lab.command("t", lines.join("\n"));
      await lab.end("t");
      const before = await lab.tree();
      await lab.bash(edit);
      const edited = await lab.tree();
      const isUndone = await lab.open().undo(1).then(() => true, () => false);
      const now = await lab.tree();
      if (!isUndone) {
        refused++;
        return assertSameTree(now, edited);
      }
      const paths = [...Object.keys(before), ...Object.keys(edited)]
        .filter((path) => before[path] !== edited[path]);
      const pick = (tree: Tree): Tree =>
        Object.fromEntries(paths.map((path) => [path, tree[path] ?? "absent"]));
      assertSameTree(pick(now), pick(edited));
    }),
    { numRuns },
  );
  assert.ok(refused > 0 || numRuns < 100, "nothing was ever refused");
});

async function live(
  { first, turns, isWhole }: Life,
  lab: Lab,
): Promise<number> {
  lab.isWhole = isWhole;
  await lab.bash(first.join("\n"));
  const before = new Map<string, Tree>();
  let undone = 0;
  for (const [at, { before: edits, steps, undo }] of turns.entries()) {
    for (const edit of edits) await take(edit, "", lab);
    const turnId = `turn${at}`;
    before.set(turnId, await lab.tree());
    for (const step of steps) await take(step, turnId, lab);
    await lab.end(turnId);
    if (undo === 0) continue;
    const now = await lab.tree();
    const plan = await lab.open().undo(undo);
    assert.deepEqual(lab.warnings, []);
    assert.deepEqual(plan.conflicts, []);
    const oldest = plan.turns.at(-1);
    if (oldest === undefined) {
      assertSameTree(await lab.tree(), now, "nothing to undo");
      continue;
    }
    undone += plan.turns.length;
    const was = before.get(oldest.turnId) ?? {};
    const wanted = { ...pick(was, false), ...pick(now, true) };
    assertSameTree(await lab.tree(), wanted, JSON.stringify(plan.turns));
  }
  return undone;
}

async function take(step: Step, turnId: string, lab: Lab): Promise<void> {
  switch (step.by) {
    case "commands": {
      await Promise.all(step.lines.map((line) => lab.command(turnId, line)));
      return;
    }
    case "patch":
      return await lab.patch(turnId, step.path, step.text);
    case "person":
      // Nobody could tell it from what the commands do.
      if (lab.isWhole && turnId !== "") return;
      return await lab.bash(step.line);
  }
}

// What is the person's, or all else.
function pick(tree: Tree, isPersons: boolean): Tree {
  return Object.fromEntries(
    Object.entries(tree).filter(([path]) =>
      /^(person|mine)/.test(path) === isPersons
    ),
  );
}
