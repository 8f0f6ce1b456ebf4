/** Wrapping, diffs, activities and events as lines. */
import { formatDuration } from "../../../../core/frontends/render/format.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { displayWidth } from "../../../../core/util/text/width.ts";
import type {
  Activity,
  Event,
  EventBody,
} from "../../../../core/protocol/event.ts";
import {
  renderEnd,
  renderStart,
  renderWhole,
} from "../../../../core/frontends/render/activity.ts";
import {
  countDiff,
  renderDiff,
  renderPlan,
} from "../../../../core/frontends/render/diff.ts";
import { EventRenderer } from "../../../../core/frontends/render/event.ts";
import { span } from "../../../../core/frontends/render/style.ts";
import {
  cutSpans,
  wrapSpans,
  wrapText,
  wrapWords,
} from "../../../../core/frontends/render/wrap.ts";
import {
  graphemes,
  nextBoundary,
  previousBoundary,
} from "../../../../core/util/text/graphemes.ts";

const LOOK = {
  hasColor: false,
  width: 40,
  cwd: "/srv",
  outputLines: 2,
  diffLines: 3,
  moreHint: "/last shows all",
};

Deno.test("wrapText() breaks at spaces, after wide characters, else anywhere", () => {
  assert.deepEqual(wrapText("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapText("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
  assert.deepEqual(wrapText("日本語テキスト", 5), [
    "日本",
    "語テ",
    "キス",
    "ト",
  ]);
  assert.deepEqual(wrapText("a\n\nb", 9), ["a", "", "b"]);
  assert.deepEqual(wrapText("日", 1), ["日"]);
});

Deno.test("wrapSpans() changes no line but the last when text is added", () => {
  const piece = fc.constantFrom(
    "a",
    "word",
    " ",
    "  ",
    "日本",
    "👩‍👩‍👧",
    "e\u0301",
    "longer-word",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.nat(30),
      fc.integer({ min: 3, max: 20 }),
      (pieces, place, width) => {
        const lines = (count: number): string[] =>
          wrapSpans([span(pieces.slice(0, count).join(""))], { width }).map((
            one,
          ) => one.map(({ text }) => text).join(""));
        const before = lines(place).slice(0, -1);
        const after = lines(pieces.length);
        assert.deepEqual(after.slice(0, before.length), before);
        for (const line of after) assert.ok(displayWidth(line) <= width);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("cutSpans() cuts by columns and marks the cut", () => {
  const cut = (text: string, width: number): string =>
    cutSpans([span(text)], width).map((one) => one.text).join("");
  assert.equal(cut("abc", 3), "abc");
  assert.equal(cut("abcd", 3), "ab…");
  assert.equal(cut("日本語", 4), "日…");
  assert.equal(cut("abc", 0), "");
});

Deno.test("graphemes() and the boundaries agree", () => {
  fc.assert(fc.property(
    fc.array(fc.constantFrom("a", "日", "👩‍👩‍👧", "e\u0301", "\n", "\r\n", "🇩🇪"), {
      maxLength: 12,
    }),
    (pieces) => {
      const text = pieces.join("");
      const all = graphemes(text);
      assert.equal(all.join(""), text);
      let at = 0;
      while (at < text.length) {
        const next = nextBoundary(text, at);
        assert.ok(next > at);
        at = next;
      }
      while (at > 0) {
        const before = previousBoundary(text, at);
        assert.ok(before < at);
        at = before;
      }
    },
  ));
});

Deno.test("formatDuration() speaks of milliseconds, seconds and minutes", () => {
  assert.deepEqual(
    [0, 999, 1_000, 59_940, 61_000, 3_600_000].map(formatDuration),
    ["0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 01 s", "60 min 00 s"],
  );
});

function command(
  facts: Partial<Extract<Activity, { type: "command" }>> = {},
): Extract<Activity, { type: "command" }> {
  return {
    id: "a",
    type: "command",
    command: "npm test",
    cwd: "/srv",
    output: "1\n2\n\x1b[31m3\n",
    exitCode: 0,
    status: "completed",
    durationMs: 1_234,
    ...facts,
  };
}

Deno.test("renderEnd() folds output, says how a command ended and which one it was", () => {
  assert.deepEqual(renderStart(command(), LOOK), ["$ npm test"]);
  assert.deepEqual(renderStart(command({ command: "a\nb\nc" }), LOOK), [
    "$ a … (+2 lines)",
  ]);
  assert.deepEqual(renderEnd(command(), LOOK, false), [
    "  (1 line above; /last shows all)",
    "  2",
    "  3",
    "  exit 0 · 1.2 s",
  ]);
  assert.deepEqual(
    renderEnd(command({ output: "", exitCode: 1 }), LOOK, true),
    [
      "  exit 1 · 1.2 s · npm test",
    ],
  );
  assert.deepEqual(
    renderEnd(
      command({ status: "declined", exitCode: null, message: "You said no" }),
      LOOK,
      false,
    ),
    ["  not run: You said no"],
  );
});

Deno.test("renderWhole() unfolds", () => {
  assert.deepEqual(renderWhole(command(), LOOK), [
    "$ npm test",
    "  1",
    "  2",
    "  3",
    "  exit 0 · 1.2 s",
  ]);
});

const DIFF = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-old\n+new\n+more\n same\n";

Deno.test("renderEnd() shows a patch with counts, folded, paths as seen from here", () => {
  const patch: Activity = {
    id: "p",
    type: "file_change",
    status: "completed",
    changes: [{
      path: "/srv/x",
      kind: "update",
      diff: DIFF,
      movedTo: "/srv/y",
    }],
  };
  assert.deepEqual(renderEnd(patch, LOOK, false), [
    "Edited x -> y (+2 -1)",
    "@@ -1,2 +1,2 @@",
    "-old",
    "+new",
    "(2 more lines; /last shows all)",
  ]);
  assert.deepEqual(
    renderEnd({ ...patch, status: "declined", message: "no" }, LOOK, false),
    [
      "Not changed: x: no",
    ],
  );
});

Deno.test("renderDiff() colours added, removed and place", () => {
  const colors = renderDiff(DIFF, { hasColor: true, width: 40 }).map((line) =>
    // deno-lint-ignore no-control-regex
    /^\x1b\[(\d+)m/.exec(line)?.[1]
  );
  assert.deepEqual(colors, ["1", "1", "36", "31", "32", "32", undefined]);
  assert.deepEqual(countDiff(DIFF), { added: 2, removed: 1 });
});

Deno.test("renderPlan() is a checklist", () => {
  assert.deepEqual(
    renderPlan([
      { text: "a", status: "completed" },
      { text: "b", status: "in_progress" },
      { text: "c\x1b[1m", status: "pending" },
    ], LOOK),
    ["[x] a", "[>] b", "[ ] c"],
  );
});

Deno.test("EventRenderer names the command at its end when others spoke between", () => {
  const view = new EventRenderer();
  const show = (type: "activity.started" | "activity.completed", id: string) =>
    view.render({
      threadId: "t",
      seq: 0,
      at: "",
      type,
      activity: command({ id, command: `run ${id}`, output: "" }),
    }, LOOK);
  show("activity.started", "a");
  assert.deepEqual(show("activity.completed", "a"), ["  exit 0 · 1.2 s"]);
  show("activity.started", "b");
  show("activity.started", "c");
  assert.deepEqual(show("activity.completed", "c"), ["  exit 0 · 1.2 s"]);
  assert.deepEqual(show("activity.completed", "b"), [
    "  exit 0 · 1.2 s · run b",
  ]);
});

Deno.test("wrapWords() breaks at spaces alone and hangs what follows below the first words", () => {
  assert.deepEqual(wrapWords("log  /a/long/path/that/stays", 12), [
    "log",
    "     /a/long/path/that/stays",
  ]);
  assert.deepEqual(wrapWords("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapWords("  1  one two three four", 14), [
    "  1  one two",
    "     three",
    "     four",
  ]);
  fc.assert(fc.property(
    fc.array(fc.constantFrom("a", "word", " ", "  ", "longer-word", "漢字")),
    fc.integer({ min: 1, max: 30 }),
    (parts, width) => {
      const text = parts.join("");
      const lines = wrapWords(text, width);
      const words = (of: string): string[] => of.split(" ").filter(Boolean);
      assert.deepEqual(lines.flatMap(words), words(text));
      for (const line of lines) {
        const isOneWord = words(line).length <= 1;
        assert.ok(
          isOneWord || displayWidth(line) <= width || lines.length === 1,
        );
      }
    },
  ));
});

function eventOf(body: EventBody): Event {
  return { threadId: "t", seq: 0, at: "2026-01-02T03:04:05.678Z", ...body };
}

Deno.test("EventRenderer shows a plan as soon as it changes, and not again at the end", () => {
  const view = new EventRenderer();
  const plan = (status: "pending" | "completed"): Activity => ({
    id: "item_0",
    type: "plan",
    steps: [{ text: "Look", status }],
  });
  const show = (
    type: "started" | "updated" | "completed",
    activity: Activity,
  ) => view.render(eventOf({ type: `activity.${type}`, activity }), LOOK);
  assert.deepEqual(show("started", plan("pending")), ["[ ] Look"]);
  assert.deepEqual(show("updated", plan("pending")), []);
  assert.deepEqual(show("updated", plan("completed")), ["[x] Look"]);
  assert.deepEqual(show("completed", plan("completed")), []);
});

Deno.test("EventRenderer does not show a diff again that the question has shown", () => {
  const view = new EventRenderer();
  const activity: Activity = {
    id: "item_0",
    type: "file_change",
    changes: [{
      path: "/srv/a",
      kind: "update",
      diff: "@@ -1 +1 @@\n-a\n+b\n",
    }],
    status: "completed",
  };
  const request = {
    kind: "patch",
    title: "/srv/a",
    detail: "",
    cwd: "/srv",
    reason: "",
    forbids: "",
    sessionScope: "",
  } as const;
  const done = eventOf({ type: "activity.completed", activity });
  const whole = view.render(done, LOOK);
  assert.deepEqual(whole, ["Edited a (+1 -1)", "@@ -1 +1 @@", "-a", "+b"]);
  view.render(
    eventOf({ type: "approval.requested", approvalId: "1", request }),
    LOOK,
  );
  assert.deepEqual(view.render(done, LOOK), ["Edited a (+1 -1)"]);
  assert.deepEqual(view.render(done, LOOK), whole);
});
