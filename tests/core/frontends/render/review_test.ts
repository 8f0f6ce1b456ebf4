/** The answer of a code review: read, shown as a list, and never lost. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  beginsReview,
  NO_LIST,
  parseReview,
  renderReview,
} from "../../../../core/frontends/render/review.ts";
import type { Review } from "../../../../core/contract/review.ts";
import { REVIEW_SCHEMA } from "../../../../prompts/mod.ts";
import { buildSchemaCheck } from "../../../../core/util/json/json_schema.ts";
import { ScreenEmulator } from "../repl/screen_emulator.ts";
import {
  ScriptedThread as ReplThread,
  testServices,
  TestTerminal,
} from "../repl/support.ts";
import { runRepl } from "../../../../core/frontends/repl/repl.ts";
import { assertValid, ended, exec, message, threadOf } from "../support.ts";
import { testHost } from "../../../support/harness.ts";

const REVIEW: Review = {
  findings: [
    {
      title: "[P2] Name the file in the error",
      body: "The message does not say which file it is.",
      confidence_score: 0.6,
      priority: 2,
      code_location: {
        absolute_file_path: "/wdir/src/b.ts",
        line_range: { start: 7, end: 7 },
      },
    },
    {
      title: "[P0] Close the file when parsing fails",
      body: "When `parse()` throws, the descriptor stays open, and after a " +
        "thousand bad files nothing can be opened any more.",
      confidence_score: 0.9,
      priority: 0,
      code_location: {
        absolute_file_path: "/wdir/src/a.ts",
        line_range: { start: 10, end: 14 },
      },
    },
  ],
  overall_correctness: "patch is incorrect",
  overall_explanation: "The first finding breaks long runs.",
  overall_confidence_score: 0.85,
};
const TEXT = JSON.stringify(REVIEW, null, 2);
const LOOK = { hasColor: false, width: 60, cwd: "/wdir" };
// As far as it stands in one row.
const NOTE = NO_LIST.slice(0, 40);
const SHOWN = `2 findings

1. [P0] Close the file when parsing fails
   src/a.ts:10-14
   When \`parse()\` throws, the descriptor stays open, and
   after a thousand bad files nothing can be opened any
   more.

2. [P2] Name the file in the error
   src/b.ts:7
   The message does not say which file it is.

Verdict: patch is incorrect (85% sure)
The first finding breaks long runs.`;

Deno.test("parseReview() reads what the schema of the prompt asks for, bare or in a block", () => {
  assert.deepEqual(buildSchemaCheck(REVIEW_SCHEMA)(REVIEW), []);
  assert.deepEqual(parseReview(TEXT), { review: REVIEW, around: "" });
  for (const fence of ["```json", "```"]) {
    const text = `I looked.\n\n${fence}\n${TEXT}\n\`\`\`\nThat is all.\n`;
    assert.deepEqual(parseReview(text), {
      review: REVIEW,
      around: "I looked.\n\nThat is all.",
    });
  }
});

Deno.test("parseReview() takes a finding without a priority, and nothing that is no review", () => {
  const { priority: _, ...first } = REVIEW.findings[0] ?? { priority: 0 };
  const some = { ...REVIEW, findings: [first] };
  const answer = parseReview(JSON.stringify(some));
  assert.equal(answer?.review.findings[0]?.priority, null);
  for (
    const text of [
      "",
      "# All good",
      "{}",
      "[]",
      "null",
      '{"findings": []}',
      TEXT.slice(0, -1),
      JSON.stringify({ ...REVIEW, findings: [{ title: "x" }] }),
      "```json\n{}\n```",
    ]
  ) assert.equal(parseReview(text), undefined, text);
});

Deno.test("beginsReview() knows a list by its beginning, however it is cut", () => {
  const blocks = [TEXT, `\n${JSON.stringify(REVIEW)}`, `\`\`\`json\n${TEXT}`];
  fc.assert(fc.property(
    fc.constantFrom(...blocks),
    fc.nat(60),
    (text, cut) => beginsReview(text.slice(0, cut)) !== "no",
  ));
  for (const text of blocks) assert.equal(beginsReview(text), "yes");
  for (
    const text of [
      "The",
      "```ts\n",
      '{"a": 1',
      "{ findings",
      "[",
      '{"findings are": 2}',
      "- {",
    ]
  ) assert.equal(beginsReview(text), "no", text);
});

Deno.test("renderReview() shows priority, title, place and reason, the worst first", () => {
  const lines = renderReview({ review: REVIEW, around: "" }, LOOK);
  assert.equal(lines.join("\n"), SHOWN);
  const none = { ...REVIEW, findings: [] };
  assert.equal(
    renderReview({ review: none, around: "Well done." }, LOOK).join("\n"),
    "No findings\n\nVerdict: patch is incorrect (85% sure)\n" +
      "The first finding breaks long runs.\n\nWell done.",
  );
});

Deno.test("renderReview() lets nothing of the model steer the terminal", () => {
  const [finding] = REVIEW.findings;
  assert(finding !== undefined);
  const bad = "\x1b[2Jx\x07\r\n y";
  const review: Review = {
    findings: [{
      ...finding,
      title: bad,
      body: bad,
      code_location: { ...finding.code_location, absolute_file_path: bad },
    }],
    overall_correctness: bad,
    overall_explanation: bad,
    overall_confidence_score: 1,
  };
  for (const hasColor of [false, true]) {
    const lines = renderReview({ review, around: bad }, { ...LOOK, hasColor });
    for (const line of lines) {
      // deno-lint-ignore no-control-regex
      const plain = line.replaceAll(/\x1b\[[\d;]*m/g, "");
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(plain, /[\x00-\x1f]/);
    }
  }
});

Deno.test("runExec() shows the findings of a review as a list, and programs get them as fields", async () => {
  const turn = () =>
    threadOf([
      { type: "activity.completed", activity: message("item_0", TEXT) },
      ended({ type: "done", message: TEXT }),
    ]);
  const human = await exec(turn(), { isReview: true });
  assert.equal(human.code, 0);
  assert.match(
    human.stdout,
    /^2 findings\n\n1\. \[P0\] Close[^]*src\/a\.ts:10-14\n[^]*Verdict: patch/,
  );
  const { lines } = await exec(turn(), {
    isReview: true,
    flags: { json: true },
  });
  const last = lines.at(-1);
  assert(last?.type === "turn.completed");
  assert.deepEqual(last.review, REVIEW);
  const one = await exec(turn(), {
    isReview: true,
    flags: { outputFormat: "json" },
  });
  const result = JSON.parse(one.stdout);
  assertValid("result", result);
  assert.deepEqual(result.review, REVIEW);
  assert.equal(result.message, TEXT);
  const other = await exec(turn(), { flags: { json: true } });
  assert.equal("review" in (other.lines.at(-1) ?? {}), false);
});

Deno.test("runExec() shows an answer that is no list as it is, with a word about it", async () => {
  const turn = () =>
    threadOf([
      { type: "activity.completed", activity: message("item_0", "# Fine") },
      ended({ type: "done", message: "# Fine" }),
    ]);
  const human = await exec(turn(), { isReview: true });
  assert.equal(human.code, 0);
  assert.equal(human.stdout, "# Fine\n");
  assert.ok(human.stderr.includes(`Warning: ${NO_LIST}`));
  const { lines } = await exec(turn(), {
    isReview: true,
    flags: { json: true },
  });
  assert.equal(lines.at(-2)?.type, "warning");
  const last = lines.at(-1);
  assert(last?.type === "turn.completed");
  assert.equal(last.review, null);
});

async function talk(
  answer: string,
  options: { readonly isRich: boolean; readonly until: string },
): Promise<string> {
  const { isRich, until } = options;
  const pieceChars = 7;
  const thread = new ReplThread("0199", (op, self) => {
    if (op.type !== "user.input") return;
    self.startTurn();
    for (let at = 0; at < answer.length; at += pieceChars) {
      const text = answer.slice(at, at + pieceChars);
      self.emit({ type: "text.delta", activityId: "item_0", text });
    }
    const activity = { id: "item_0", type: "message", text: answer } as const;
    self.emit({ type: "activity.completed", activity });
    self.endTurn({ type: "done", message: answer });
  });
  const terminal = new TestTerminal(true, {
    TERM: isRich ? "xterm" : "dumb",
    NO_COLOR: "1",
  });
  terminal.stdout.columns = 61;
  const host = testHost({
    cwd: "/wdir",
    sleep: (ms, signal) =>
      ms < 100
        ? Promise.resolve()
        : new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason))
        ),
  });
  const services = testServices(thread);
  const code = runRepl({ services, host, terminal, flags: {} });
  terminal.stdin.type(isRich ? "/review\r" : "/review\n");
  await terminal.stdout.seen(until);
  terminal.stdin.type("\x04");
  terminal.stdin.end();
  await code;
  if (!isRich) return terminal.stdout.text;
  const emulator = new ScreenEmulator(61);
  emulator.write(terminal.stdout.text);
  return emulator.text();
}

Deno.test("/review shows what streams in as a list, in a terminal of any kind", async () => {
  for (const isRich of [true, false]) {
    const shown = await talk(TEXT, { isRich, until: "Verdict" });
    assert.ok(shown.includes("1. [P0] Close the file"), shown);
    assert.equal(shown.includes('"findings"'), false, shown);
    assert.equal(shown.includes(NOTE), false);
    const other = await talk("# Fine\n\nNothing.", { isRich, until: NOTE });
    assert.ok(other.includes("Fine") && other.includes("Nothing."), other);
    const cut = await talk(TEXT.slice(0, -3), { isRich, until: NOTE });
    assert.ok(cut.includes('"overall_confidence_score": 0.'), cut);
  }
});
