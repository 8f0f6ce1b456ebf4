/** What a person sees of a run, as goldens. */
import assert from "node:assert/strict";
import { ProgressRenderer } from "../../../../core/frontends/exec/progress.ts";
import { type EventBody, NO_USAGE } from "../../../../core/protocol/event.ts";
import { hasColor } from "../../../../core/protocol/terminal.ts";
import { checkGolden } from "../../../support/golden.ts";
import {
  command,
  message,
  SETTINGS,
  STARTED,
  toEvents,
  USAGE,
} from "../support.ts";

const LONG = Array.from({ length: 30 }, (_, at) => `line ${at}`).join("\n");

const EVENTS: readonly EventBody[] = [
  STARTED,
  { type: "warning", message: "The model is not in the catalog" },
  {
    type: "stream.retry",
    attempt: 1,
    attemptsMax: 5,
    delayMs: 1_500,
    reason: "503 busy\nplease wait",
  },
  {
    type: "activity.completed",
    activity: { id: "0", type: "reasoning", text: "**Thinking**\nabout it" },
  },
  { type: "activity.completed", activity: message("1", "I look first\x1b[2J") },
  {
    type: "activity.started",
    activity: command("2", { command: "make\ntest" }),
  },
  {
    type: "activity.completed",
    activity: command("2", {
      output: LONG,
      exitCode: 2,
      status: "failed",
      durationMs: 2_340,
    }),
  },
  {
    type: "activity.completed",
    activity: command("3", {
      status: "declined",
      message: "Forbidden by a rule",
    }),
  },
  {
    type: "activity.completed",
    activity: {
      id: "4",
      type: "file_change",
      status: "completed",
      changes: [
        { path: "/wdir/a.ts", kind: "update", diff: "@@\n-old\n+new\n" },
        { path: "/wdir/b.ts", kind: "update", movedTo: "/wdir/c.ts" },
      ],
    },
  },
  {
    type: "activity.completed",
    activity: {
      id: "5",
      type: "file_change",
      status: "failed",
      changes: [{ path: "/etc/x", kind: "add" }],
      message: "Outside of the workspace",
    },
  },
  {
    type: "activity.started",
    activity: {
      id: "6",
      type: "plan",
      steps: [
        { text: "look", status: "completed" },
        { text: "fix", status: "in_progress" },
        { text: "check", status: "pending" },
      ],
    },
  },
  {
    type: "activity.completed",
    activity: {
      id: "6",
      type: "plan",
      steps: [{ text: "look", status: "completed" }, {
        text: "fix",
        status: "in_progress",
      }],
    },
  },
  {
    type: "activity.started",
    activity: {
      id: "7",
      type: "mcp_call",
      server: "docs",
      tool: "find",
      arguments: {},
      result: null,
      error: null,
      status: "in_progress",
    },
  },
  {
    type: "activity.completed",
    activity: {
      id: "7",
      type: "mcp_call",
      server: "docs",
      tool: "find",
      arguments: {},
      result: null,
      error: { message: "it is down" },
      status: "failed",
    },
  },
  {
    type: "activity.completed",
    activity: { id: "8", type: "web_search", query: "deno", action: null },
  },
  {
    type: "activity.completed",
    activity: {
      id: "9",
      type: "tool_call",
      name: "fly",
      arguments: "",
      status: "failed",
      message: "no such tool",
    },
  },
  {
    type: "request.completed",
    usage: USAGE,
    durationMs: 900,
    requestBytes: 4_096,
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
  { type: "settings.changed", settings: SETTINGS },
  { type: "activity.completed", activity: message("10", "All done") },
];

function render(
  options: Partial<ConstructorParameters<typeof ProgressRenderer>[0]>,
): string {
  const view = new ProgressRenderer({
    hasColor: false,
    isQuiet: false,
    isVerbose: false,
    ...options,
  });
  const threadUsage = { ...NO_USAGE, totalTokens: 120 };
  const ending = { error: undefined, denied: ["rm -rf /"], threadUsage };
  return toEvents(EVENTS).map((event) => view.render(event)).join("") +
    view.renderEnding(ending);
}

Deno.test("ProgressRenderer shows what happens, the last message left for stdout", async () => {
  const text = render({});
  assert.doesNotMatch(text, /All done/);
  await checkGolden("exec_human.txt", text);
});

Deno.test("ProgressRenderer shows all with --verbose and only trouble with --quiet", async () => {
  await checkGolden("exec_human_verbose.txt", render({ isVerbose: true }));
  await checkGolden("exec_human_quiet.txt", render({ isQuiet: true }));
});

Deno.test("ProgressRenderer in colour says the same as without", () => {
  // deno-lint-ignore no-control-regex
  const plain = render({ hasColor: true }).replace(/\x1b\[\d+m/g, "");
  assert.equal(plain, render({}));
  assert.notEqual(render({ hasColor: true }), plain);
});

Deno.test("ProgressRenderer shows what was said before a turn failed, and forgets what was withdrawn", () => {
  const ending = {
    error: {
      message: "The disk\x1b[2J is full",
      kind: "session",
      status: null,
      request_id: null,
    },
    denied: [],
    threadUsage: { ...NO_USAGE, totalTokens: 5 },
  };
  const options = { hasColor: false, isQuiet: false, isVerbose: false };
  const view = new ProgressRenderer(options);
  const [said, withdrawn] = toEvents([
    { type: "activity.completed", activity: message("1", "Half an answer") },
    { type: "activity.withdrawn", activityId: "1" },
  ]);
  assert(said && withdrawn);
  view.render(said);
  assert.equal(
    view.renderEnding(ending),
    "Half an answer\nTokens used: 5\nError: The disk is full\n",
  );
  view.render(said);
  view.render(withdrawn);
  assert.equal(
    view.renderEnding(ending),
    "Tokens used: 5\nError: The disk is full\n",
  );
});

Deno.test("hasColor() asks the flag, NO_COLOR, FORCE_COLOR, TERM, then the stream", () => {
  const ask = (
    env: Record<string, string>,
    isTty: boolean,
    flag?: "auto" | "always" | "never",
  ): boolean => hasColor({ env: (name) => env[name] }, { isTty }, flag);
  assert.equal(ask({}, true), true);
  assert.equal(ask({}, false), false);
  assert.equal(ask({ NO_COLOR: "1" }, true), false);
  assert.equal(ask({ NO_COLOR: "" }, true), true);
  assert.equal(ask({ NO_COLOR: "1" }, true, "always"), true);
  assert.equal(ask({ FORCE_COLOR: "1" }, false), true);
  assert.equal(ask({ FORCE_COLOR: "0" }, true), false);
  assert.equal(ask({ TERM: "dumb" }, true), false);
  assert.equal(ask({}, true, "never"), false);
});
