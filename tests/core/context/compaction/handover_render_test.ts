/** The hand-over as the model reads it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type HandoverState,
  NO_HANDOVER,
} from "../../../../core/context/compaction/handover.ts";
import {
  type HandoverOptions,
  renderHandover,
} from "../../../../core/context/compaction/handover_render.ts";
import { byteLength } from "../../../../core/util/text/text.ts";
import { anyCharacter } from "../../../support/any_character.ts";

const STATE: HandoverState = {
  firstRequest: "Make it fast.",
  request: "Now add tests.",
  plan: [
    { text: "Measure", status: "completed" },
    { text: "Test", status: "in_progress" },
    { text: "Report", status: "pending" },
  ],
  files: [{ path: "src/a.ts", kind: "M" }, { path: "b.md", kind: "A" }],
  commands: [
    { command: "deno test", exitCode: 1 },
    { command: "sleep 9", exitCode: null },
  ],
  docs: ["/r", "/r/sub"],
  open: {},
};

const OPTIONS: HandoverOptions = {
  tokensMax: 8_000,
  cwd: "/r",
  requestKept: false,
  firstRequestKept: false,
};

Deno.test("renderHandover() tells everything it has, in words and marks", () => {
  assert.equal(
    renderHandover(STATE, OPTIONS),
    `<handover>
The program kept these facts across the compaction; they are exact, whatever the summary says.

# Latest request
Now add tests.

# First request of this conversation (possibly done long ago)
Make it fast.

# Plan
[x] Measure
[>] Test
[ ] Report

# Files changed in this conversation (A added, M changed, D removed)
M src/a.ts
A b.md

# Last commands, oldest first
exit 1: deno test
no exit code: sleep 9

# Folders with an AGENTS.md of their own (read it again before working there)
/r/sub
</handover>`,
  );
});

Deno.test("renderHandover() does not repeat requests that stand in the history", () => {
  const text = renderHandover(STATE, {
    ...OPTIONS,
    requestKept: true,
    firstRequestKept: true,
  });
  assert.ok(!text.includes("Now add tests."));
  assert.ok(!text.includes("Make it fast."));
  assert.ok(text.includes("It is the last user message above"));
});

Deno.test("renderHandover() says that the latest request is the first one", () => {
  const text = renderHandover(
    { ...STATE, firstRequest: STATE.request },
    OPTIONS,
  );
  assert.ok(
    text.includes(
      "Now add tests.\n(It is also the first one of this conversation.)",
    ),
  );
  assert.ok(!text.includes("# First request"));
});

Deno.test("renderHandover() of nothing is short", () => {
  assert.ok(renderHandover(NO_HANDOVER, OPTIONS).length < 150);
});

Deno.test("renderHandover() drops the oldest commands and files, the last steps", () => {
  const many = Array.from(
    { length: 100 },
    (_, at) => `${at}-${"x".repeat(100)}`,
  );
  const text = renderHandover({
    ...STATE,
    plan: many.map((text) => ({ text, status: "pending" })),
    files: many.map((path) => ({ path, kind: "M" })),
    commands: many.map((command) => ({ command, exitCode: 0 })),
  }, { ...OPTIONS, tokensMax: 2_000 });
  assert.match(text, /# Plan\n\[ \] 0-x+\n[\s\S]*\(\d+ more\)\n\n# Files/);
  assert.match(text, /# Files.*\n\(\d+ more\)\n[\s\S]*M 99-x+\n\n# Last/);
  assert.match(text, /# Last.*\n\(\d+ more\)\n[\s\S]*exit 0: 99-x+\n/);
});

Deno.test("renderHandover() keeps within its budget and always tells the same", () => {
  const text = fc.string({ unit: anyCharacter, maxLength: 3_000 });
  const lines = <T>(line: fc.Arbitrary<T>) => fc.array(line, { maxLength: 30 });
  const state: fc.Arbitrary<HandoverState> = fc.record({
    firstRequest: text,
    request: text,
    plan: lines(fc.record({
      text,
      status: fc.constantFrom("pending" as const, "completed" as const),
    })),
    files: lines(fc.record({ path: text, kind: fc.constant("M" as const) })),
    commands: lines(
      fc.record({ command: text, exitCode: fc.constantFrom(0, null) }),
    ),
    docs: lines(text),
    open: fc.constant({}),
  });
  fc.assert(
    fc.property(
      state,
      fc.integer({ min: 400, max: 8_000 }),
      (state, tokensMax) => {
        const rendered = renderHandover(state, { ...OPTIONS, tokensMax });
        assert.ok(byteLength(rendered) <= tokensMax * 4);
        assert.equal(
          renderHandover(state, { ...OPTIONS, tokensMax }),
          rendered,
        );
      },
    ),
  );
});
