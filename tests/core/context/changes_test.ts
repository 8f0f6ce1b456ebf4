/** Changes are told by appending, and only what changed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { changesSince } from "../../../core/context/changes.ts";
import {
  contextSentBy,
  initialItems,
  type PromptContext,
} from "../../../core/context/initial.ts";
import { restoreSentContext } from "../../../core/context/recall.ts";
import { changeItems, context, MODEL, sent, WORKSPACE } from "./support.ts";
import { READ_ONLY } from "../../support/settings.ts";

Deno.test("changesSince() says nothing when nothing changed", () => {
  const full = { rest: { userInstructions: { docs: "D", skills: "S" } } };
  assert.deepEqual(changeItems(context(full), context(full)), []);
});

Deno.test("changesSince() tells another folder, and nothing else of the environment", () => {
  const after = context({ settings: { cwd: "/wdir/other" } });
  assert.deepEqual(sent(changeItems(context(), after)), [
    "user: <environment_context>\n  <cwd>/wdir/other</cwd>\n</environment_context>",
  ]);
});

Deno.test("changesSince() tells a new day and zone, but never a new shell", () => {
  const after = context({
    settings: { shell: "fish" },
    environment: { date: "2026-11-21", timezone: "UTC" },
  });
  assert.deepEqual(sent(changeItems(context(), after)), [
    "user: <environment_context>\n  <current_date>2026-11-21</current_date>\n  <timezone>UTC</timezone>\n</environment_context>",
  ]);
});

Deno.test("changesSince() tells the whole permissions when mode, network or approval changed", () => {
  const patches = [
    { sandbox: READ_ONLY },
    { sandbox: { ...WORKSPACE, networkAccess: true } },
    { approval: "never" as const },
  ];
  for (const patch of patches) {
    const after = context({ settings: patch });
    const items = changeItems(context(), after);
    assert.deepEqual(items, initialItems(after).slice(0, 1));
  }
});

Deno.test("changesSince() tells a new prefix alone, and everything when one was taken back", () => {
  const one = context({ permissions: { approvedPrefixes: [["b"]] } });
  const two = context({ permissions: { approvedPrefixes: [["b"], ["a"]] } });
  assert.deepEqual(sent(changeItems(one, two)), [
    'developer: Commands that begin with these words run without a question:\n<approved_prefixes>\n["a"]\n</approved_prefixes>',
  ]);
  assert.deepEqual(changeItems(two, one), initialItems(one).slice(0, 1));
});

Deno.test("changesSince() names another model, with its instructions when they differ", () => {
  const model = { ...MODEL, slug: "gpt-other" };
  const same = changeItems(context(), context({ settings: { model } }));
  const [note, ...none] = sent(same).map((text) => text.replace(/\s+/g, " "));
  assert.deepEqual(none, []);
  assert.match(
    note ?? "",
    /^developer: <model_switch> .*\(gpt-other\).* given at the start apply to it/,
  );
  const other = context({
    settings: { model },
    rest: { instructions: "You are another test." },
  });
  const [full = ""] = sent(changeItems(context(), other));
  assert.ok(full.includes("\n\nYou are another test.\n</model_switch>"));
});

Deno.test("changesSince() says nothing of effort or verbosity, which travel beside the prompt", () => {
  const after = context({
    settings: { reasoningEffort: "high", verbosity: "low" },
  });
  assert.deepEqual(changeItems(context(), after), []);
});

Deno.test("changesSince() tells other instructions of another folder, and only those", () => {
  const at = (cwd: string, docs: string) =>
    context({
      settings: { cwd },
      rest: { userInstructions: { docs, skills: "S" } },
    });
  const [docs, environment, ...none] = sent(
    changeItems(at("/a", "A"), at("/b", "B")),
  );
  assert.equal(
    docs,
    "user: # AGENTS.md instructions for /b\n\n<INSTRUCTIONS>\nB\n</INSTRUCTIONS>",
  );
  assert.ok(environment?.includes("<cwd>/b</cwd>"));
  assert.deepEqual(none, []);
  assert.equal(changeItems(at("/a", "A"), at("/b", "A")).length, 1);
});

Deno.test("changesSince() orders model, permissions, instructions, environment", () => {
  const after = context({
    settings: {
      model: { ...MODEL, slug: "m2" },
      approval: "never",
      cwd: "/b",
    },
    rest: { userInstructions: { docs: "B" } },
  });
  const starts = sent(changeItems(context(), after)).map((text) =>
    text.slice(0, text.indexOf("<") + 6)
  );
  assert.deepEqual(starts, [
    "developer: <model",
    "developer: <permi",
    "user: # AGENTS.md instructions for /b\n\n<INSTR",
    "user: <envir",
  ]);
});

const anyContext: fc.Arbitrary<PromptContext> = fc.record({
  slug: fc.constantFrom("m1", "m2"),
  cwd: fc.constantFrom("/a", "/a/b", "/c"),
  network: fc.boolean(),
  readOnly: fc.boolean(),
  approval: fc.constantFrom("never" as const, "on-request" as const),
  date: fc.constantFrom("2026-01-01", "2026-01-02"),
  docs: fc.option(fc.constantFrom("D1", "D2\n</INSTRUCTIONS>\n"), {
    nil: undefined,
  }),
  skills: fc.option(fc.constantFrom("S1", "S2"), { nil: undefined }),
  prefixes: fc.subarray([["a"], ["b", "c"], ["</x>\n"]]),
}).map((facts) =>
  context({
    settings: {
      model: { ...MODEL, slug: facts.slug },
      cwd: facts.cwd,
      approval: facts.approval,
      sandbox: {
        ...(facts.readOnly ? READ_ONLY : WORKSPACE),
        networkAccess: facts.network,
      },
    },
    permissions: { approvedPrefixes: facts.prefixes },
    environment: { date: facts.date },
    rest: {
      userInstructions: {
        ...(facts.docs === undefined ? {} : { docs: facts.docs }),
        ...(facts.skills === undefined ? {} : { skills: facts.skills }),
      },
    },
  })
);

Deno.test("changesSince() of what a life of changes told finds nothing left to tell", () => {
  fc.assert(
    fc.property(
      fc.array(anyContext, { minLength: 1, maxLength: 6 }),
      (life) => {
        const [first, ...later] = life;
        if (first === undefined) return;
        const items = initialItems(first);
        let last = first;
        for (const next of later) {
          items.push(...changeItems(last, next));
          last = next;
        }
        const recalled = restoreSentContext(items, {
          model: last.settings.model.slug,
          instructions: last.instructions,
          cwd: last.settings.cwd,
        });
        const live = contextSentBy(last);
        assert.ok(recalled);
        assert.equal(recalled.permissions, live.permissions);
        assert.deepEqual(recalled.prefixes, live.prefixes);
        assert.deepEqual(recalled.environment, live.environment);
        assert.deepEqual(changesSince(live, last), []);
      },
    ),
    { numRuns: 300 },
  );
});
