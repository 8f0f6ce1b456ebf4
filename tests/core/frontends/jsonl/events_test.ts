/** Events as JSON lines: goldens, and the bound of a line as a property. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ExecEventView } from "../../../../core/frontends/jsonl/events.ts";
import { toItem } from "../../../../core/frontends/jsonl/items.ts";
import { renderLine } from "../../../../core/frontends/jsonl/line_limit.ts";
import type { Activity, EventBody } from "../../../../core/protocol/event.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type { ExecEvent } from "../../../../core/contract/event.ts";
import { checkGolden } from "../../../support/golden.ts";
import {
  assertValid,
  checkLines,
  command,
  message,
  NO_USAGE,
  SETTINGS,
  STARTED,
  toEvents,
  typesOf,
  USAGE,
} from "../support.ts";
import { anyCharacter } from "../../../support/any_character.ts";

const MCP: Activity = {
  id: "item_4",
  type: "mcp_call",
  server: "docs",
  tool: "find",
  arguments: { q: "x" },
  result: null,
  error: null,
  status: "in_progress",
};
const PLAN: Activity = {
  id: "item_6",
  type: "plan",
  steps: [
    { text: "look", status: "completed" },
    { text: "fix", status: "in_progress" },
  ],
};

// One of everything a thread can say, in an order that could happen.
const EVERYTHING: readonly EventBody[] = [
  STARTED,
  { type: "warning", message: "The model is not in the catalog" },
  { type: "turn.started", turnId: "turn-1" },
  {
    type: "stream.retry",
    attempt: 1,
    attemptsMax: 5,
    delayMs: 200,
    reason: "503 busy",
    status: 503,
  },
  {
    type: "activity.started",
    activity: { id: "item_0", type: "reasoning", text: "" },
  },
  { type: "reasoning.delta", activityId: "item_0", text: "Let me" },
  {
    type: "activity.completed",
    activity: { id: "item_0", type: "reasoning", text: "Let me\nlook" },
  },
  { type: "text.delta", activityId: "item_1", text: "I lo" },
  { type: "activity.withdrawn", activityId: "item_1" },
  { type: "activity.completed", activity: message("item_2", "I look") },
  { type: "activity.withdrawn", activityId: "item_2" },
  {
    type: "activity.started",
    activity: command("item_3", {
      output: "",
      exitCode: null,
      status: "in_progress",
    }),
  },
  { type: "output.delta", activityId: "item_3", text: "a\n" },
  {
    type: "activity.completed",
    activity: command("item_3", { durationMs: 12, sandbox: "bwrap" }),
  },
  {
    type: "activity.completed",
    activity: command("item_9", {
      status: "declined",
      exitCode: null,
      output: "",
      message: "Forbidden by a rule",
    }),
  },
  { type: "activity.started", activity: MCP },
  {
    type: "activity.completed",
    activity: {
      ...MCP,
      result: {
        content: [{ type: "text", text: "found" }],
        structuredContent: { n: 1 },
      },
      status: "completed",
    },
  },
  {
    type: "activity.completed",
    activity: {
      ...MCP,
      id: "item_5",
      error: { message: "no" },
      status: "declined",
    },
  },
  { type: "activity.started", activity: PLAN },
  { type: "activity.updated", activity: PLAN },
  {
    type: "activity.completed",
    activity: {
      id: "item_7",
      type: "file_change",
      changes: [{
        path: "/wdir/a",
        kind: "update",
        movedTo: "/wdir/b",
        diff: "-a\n+b\n",
      }],
      status: "declined",
      message: "Outside of the workspace",
    },
  },
  {
    type: "activity.completed",
    activity: {
      id: "item_8",
      type: "web_search",
      query: "deno",
      action: { type: "search", query: "deno" },
      searchId: "ws_1",
    },
  },
  {
    type: "activity.completed",
    activity: {
      id: "item_10",
      type: "tool_call",
      name: "fly",
      arguments: "{}",
      status: "failed",
      message: "There is no such tool",
    },
  },
  {
    type: "approval.requested",
    approvalId: "ask-1",
    request: {
      kind: "escalation",
      title: "curl example.com",
      detail: "curl example.com",
      cwd: "/wdir",
      reason: "It needs the network",
      forbids: "Network access",
      sessionScope: "curl in /wdir",
    },
  },
  {
    type: "approval.settled",
    approvalId: "ask-1",
    decision: { type: "deny", message: "Not now" },
  },
  { type: "input.steered", text: "hurry" },
  { type: "settings.changed", settings: SETTINGS },
  {
    type: "request.completed",
    usage: USAGE,
    durationMs: 900,
    requestBytes: 4_096,
    cache: {
      sharedTokens: 90,
      cachedTokens: 80,
      cause: "",
      prefixBroken: false,
    },
    requestId: "req_1",
  },
  {
    type: "request.completed",
    usage: null,
    durationMs: 1,
    requestBytes: 10,
    cache: null,
  },
  {
    type: "context.compacted",
    reason: "mid_turn",
    tokensBefore: 90_000,
    tokensAfter: 9_000,
    itemsKept: 3,
    itemsDropped: 40,
  },
  {
    type: "turn.completed",
    turnId: "turn-1",
    outcome: { type: "done", message: "I look" },
    usage: USAGE,
    threadUsage: USAGE,
    reaped: 1,
  },
  { type: "thread.closed" },
];

function renderAll(
  options: ConstructorParameters<typeof ExecEventView>[0],
  error?: Extract<ExecEvent, { type: "turn.failed" }>["error"],
): string {
  const view = new ExecEventView(options);
  const events = toEvents(EVERYTHING);
  const lines = [
    ...events.flatMap((event) => view.render(event)),
    ...view.renderEnding({
      at: "2026-01-02T13:00:00.000Z",
      error,
      usage: USAGE,
      threadUsage: NO_USAGE,
      reaped: 1,
      denied: ["rm"],
      exitCode: error === undefined ? 0 : 5,
    }),
  ];
  return lines.map((line) => renderLine(line)).join("");
}

Deno.test("ExecEventView speaks the Codex form", async () => {
  const text = renderAll({ events: "codex", deltas: false });
  checkLines(text);
  await checkGolden("exec_codex.jsonl", text);
});

Deno.test("ExecEventView speaks the native form, with deltas and a failed end", async () => {
  const text = renderAll(
    { events: "native", deltas: true, approvalTimeoutMs: 60_000 },
    { message: "503 busy", kind: "http", status: 503, request_id: "req_9" },
  );
  const lines = checkLines(text);
  assert.deepEqual(lines.map(({ seq }) => seq), lines.map((_, at) => at));
  assert(
    lines.every((line) =>
      typeof line.ts === "string" && line.thread_id === "thread-1" &&
      line.turn_id !== undefined
    ),
  );
  await checkGolden("exec_native.jsonl", text);
});

Deno.test("ExecEventView gives a delta that no line holds in several, whole", () => {
  const view = new ExecEventView({ events: "codex", deltas: true });
  const text = `\u0001${"\u{1f600}\u0001".repeat(100_000)}`;
  const [event] = toEvents([{ type: "text.delta", activityId: "a", text }]);
  const lines = view.render(event!);
  const read = lines.map((line) => line.type === "text.delta" ? line.text : "");
  assert.equal(read.join(""), text);
  for (const line of lines) {
    const { length } = renderLine(line);
    assert.ok(length < LIMITS.eventLineBytes, `${length}`);
  }
  assert.ok(read.every((piece) => piece.isWellFormed()));
});

Deno.test("ExecEventView ends an open plan right before the end of the turn", () => {
  const view = new ExecEventView({ events: "codex", deltas: false });
  toEvents([{ type: "activity.started", activity: PLAN }]).forEach((event) =>
    view.render(event)
  );
  const ending = {
    at: "",
    error: undefined,
    usage: USAGE,
    threadUsage: USAGE,
    reaped: 0,
    denied: [],
    exitCode: 0,
  };
  assert.deepEqual(typesOf(view.renderEnding(ending)), [
    "item.completed todo_list",
    "turn.completed",
  ]);
  assert.deepEqual(typesOf(view.renderEnding(ending)), ["turn.completed"]);
});

Deno.test("toItem() keeps every field of a result that has no known shape", () => {
  const item = toItem({
    ...MCP,
    result: { answer: 42 },
    status: "completed",
  });
  assert(item.type === "mcp_tool_call");
  assert.deepEqual(item.result, {
    content: [{ type: "text", text: '{"answer":42}' }],
    structured_content: null,
  });
  const text = toItem({ ...MCP, result: "plain", status: "completed" });
  assert(text.type === "mcp_tool_call");
  assert.deepEqual(text.result?.content, [{ type: "text", text: "plain" }]);
});

// Activities of every kind with texts and lists of any size.
function anyActivity(): fc.Arbitrary<Activity> {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.record({
      unit: fc.constantFrom("é", "\x07", "\u2028", "a", "😀"),
      count: fc.nat(90_000),
    })
      .map(({ unit, count }) => unit.repeat(count)),
  );
  // Many of these go into one activity.
  const short = fc.string({ unit: anyCharacter, maxLength: 300 });
  const json = fc.oneof(
    fc.jsonValue(),
    text,
    fc.array(text, { maxLength: 5 }),
  ) as fc.Arbitrary<
    never
  >;
  const status = fc.constantFrom(
    "in_progress",
    "completed",
    "failed",
    "declined",
  );
  const id = fc.nat(99).map((n) => `item_${n}`);
  return fc.oneof(
    fc.record({ id, type: fc.constant("message" as const), text }),
    fc.record({
      id,
      type: fc.constant("command" as const),
      command: text,
      cwd: text,
      output: text,
      exitCode: fc.option(fc.nat(255)),
      status,
    }),
    fc.record({
      id,
      type: fc.constant("file_change" as const),
      changes: fc.record({
        change: fc.record({
          path: short,
          kind: fc.constantFrom("add", "delete"),
          diff: short,
        }),
        count: fc.nat(3_000),
      })
        .map(({ change, count }) => new Array(count).fill(change)),
      status,
    }),
    fc.record({
      id,
      type: fc.constant("mcp_call" as const),
      server: text,
      tool: text,
      arguments: json,
      result: fc.oneof(
        json,
        fc.record({
          content: fc.array(
            fc.oneof(
              fc.record({ type: fc.constant("text"), text }),
              fc.record({ type: fc.constant("image"), data: text }),
            ),
            { maxLength: 4 },
          ),
          structuredContent: json,
        }),
      ) as fc.Arbitrary<never>,
      error: fc.constant(null),
      status,
    }),
    fc.record({
      id,
      type: fc.constant("plan" as const),
      steps: fc.record({ text: short, count: fc.nat(5_000) }).map((
        { text, count },
      ) => new Array(count).fill({ text, status: "pending" })),
    }),
    fc.record({
      id,
      type: fc.constant("tool_call" as const),
      name: text,
      arguments: text,
      status,
      message: text,
    }),
  ) as fc.Arbitrary<Activity>;
}

Deno.test("renderLine() keeps every activity in one valid line within the bound", () => {
  fc.assert(
    fc.property(anyActivity(), (activity) => {
      const event = {
        type: "item.completed",
        item: toItem(activity),
      } as const;
      const line = renderLine(event, { fullTextPath: "/log.jsonl" });
      // Also for readers that take U+0085, U+2028 and U+2029 for line ends.
      assert.equal(line.split(/[\n\r\u0085\u2028\u2029]/).length, 2);
      const [value] = checkLines(line);
      const wholeBytes = new TextEncoder().encode(JSON.stringify(event)).length;
      if (value?.truncated_bytes === undefined) {
        assert.deepEqual(value, JSON.parse(JSON.stringify(event)));
      } else {
        assert.equal(value.full_text_path, "/log.jsonl");
        // Escaped line ends take three times their bytes.
        assert(wholeBytes * 3 > 256 * 1024);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("renderLine() says how much it cut and keeps both ends", () => {
  const output = `first\n${"x".repeat(600_000)}\nlast`;
  const line = renderLine({
    type: "item.completed",
    item: toItem(command("item_0", { output })),
  });
  const value = JSON.parse(line);
  assertValid("events", value);
  const text: string = value.item.aggregated_output;
  assert(text.startsWith("first\n") && text.endsWith("\nlast"));
  const [, left] = /\[(\d+) bytes cut here\]/.exec(text) ?? [];
  const kept = text.replace(/\n\[\d+ bytes cut here\]\n/, "");
  assert.equal(Number(left) + kept.length, output.length);
  const whole = JSON.stringify({
    type: "item.completed",
    item: toItem(command("item_0", { output })),
  });
  assert(
    value.truncated_bytes > 500_000 && value.truncated_bytes < whole.length,
  );
});
