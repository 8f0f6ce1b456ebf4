/** Random runs: what the model says, what tools show, what the caller does. By seed. */
import { SeededRandom } from "../../core/cassette/random.ts";
import { SandboxUnavailable, ToolError } from "../../core/protocol/error.ts";
import type { Flags } from "../../core/contract/command_line.ts";
import type { Tool, ToolContext } from "../../core/protocol/tool.ts";
import type { Json, JsonObject } from "../../core/util/json/json.ts";
import { testTool } from "../support/harness.ts";
import {
  call,
  customCall,
  cut,
  end,
  endTurn,
  event,
  fail,
  failed,
  garbage,
  hang,
  incomplete,
  type Part,
  raw,
  refuse,
  say,
  type Step,
  think,
  unknownItem,
  usage,
  webSearch,
} from "../support/mock_script.ts";

/** Choices that come again from the same seed. */
export class Dice extends SeededRandom {
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<const T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }
}

const PIECES = [
  "plain words ",
  "\n",
  "\u2028",
  "\u0085",
  "\u0000\u001b[31m",
  "日本語",
  "👩‍👩‍👧",
  "\ud83d",
  '"\\',
  "</turn>",
  "\ufeff",
] as const;

/** A text with everything that can hurt a reader of lines; now and then a huge one. */
export function randomText(dice: Dice): string {
  const count = dice.chance(0.03) ? 60_000 : dice.below(12);
  const first = dice.pick(PIECES);
  return count > 1_000
    ? first.repeat(count)
    : Array.from({ length: count }, () => dice.pick(PIECES)).join("");
}

function randomJson(dice: Dice, depth = 3): Json {
  switch (dice.below(depth > 0 ? 7 : 4)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return dice.next() * 1e6;
    case 3:
      return randomText(dice);
    case 4:
    case 5:
      return Array.from(
        { length: dice.below(5) },
        () => randomJson(dice, depth - 1),
      );
    default:
      return { [`k${dice.below(4)}`]: randomJson(dice, depth - 1) };
  }
}

/** The answers of the server, in order; the last one ends whatever is still going on. */
export function randomSteps(dice: Dice): Step[] {
  let calls = 0;
  const steps = Array.from(
    { length: 1 + dice.below(5) },
    () => randomStep(dice, () => `call_${calls++}`),
  );
  return [...steps, say("the end")];
}

function randomStep(dice: Dice, callId: () => string): Step {
  if (dice.chance(0.12)) return randomFailure(dice);
  const parts: Part[] = [];
  for (let n = 1 + dice.below(3); n > 0; n--) {
    parts.push(randomItem(dice, callId));
  }
  if (dice.chance(0.1)) parts.push(usage(dice.chance(0.5) ? null : {}));
  if (dice.chance(0.1)) parts.push(endTurn(dice.chance(0.5)));
  if (dice.chance(0.15)) parts.push(dice.pick([cut, end, hang])());
  return parts;
}

function randomItem(dice: Dice, callId: () => string): Part {
  const text = randomText(dice);
  switch (dice.below(10)) {
    case 0:
      return think([text, randomText(dice)]);
    case 1:
      return refuse(text);
    case 2:
      return unknownItem();
    case 3:
      return webSearch(text);
    case 4:
    case 5:
      return say(text, { deltas: 1 + dice.below(5) });
    case 6:
      return customCall("act", text, { callId: callId() });
    case 7:
      return call(dice.pick(["nothing", "act"]), text, { callId: callId() });
    default:
      return call("act", { n: dice.below(100) }, { callId: callId() });
  }
}

function randomFailure(dice: Dice): Step {
  const text = randomText(dice);
  switch (dice.below(8)) {
    case 0:
      return fail(
        dice.pick([400, 401, 403, 404, 413, 429, 500, 503]),
        text,
        dice.chance(0.3) ? { "retry-after": String(dice.below(3)) } : {},
      );
    case 1:
      return failed(
        dice.pick([
          "server_error",
          "rate_limit_exceeded",
          "context_length_exceeded",
          "invalid_prompt",
          "x",
        ]),
        text,
      );
    case 2:
      return incomplete(dice.pick(["max_output_tokens", "content_filter"]));
    case 3:
      return garbage(text);
    case 4:
      return event({ type: "error", message: text, code: "odd" });
    case 5:
      return raw(`data: ${text}\n\n`, "data: {\n\n");
    case 6:
      return hang({ before: true });
    default:
      return [say(text), cut()];
  }
}

/** A tool that shows, asks, warns and fails in every way there is. */
export function randomTool(dice: Dice): Tool {
  return testTool("act", async (_call, context) => {
    switch (dice.below(9)) {
      case 0:
        return await ask(dice, context);
      case 1:
        throw new ToolError(randomText(dice));
      case 2:
        if (dice.chance(0.1)) throw new SandboxUnavailable(randomText(dice));
        throw new ToolError("");
      case 3:
        if (dice.chance(0.1)) throw new TypeError(randomText(dice));
        context.warn(randomText(dice));
        break;
      case 4:
        if (dice.chance(0.2)) context.reaped(dice.below(9));
        showPlan(dice, context);
        break;
      case 5:
        showCommand(dice, context);
        break;
      case 6:
        showFiles(dice, context);
        break;
      default:
        showMcp(dice, context);
    }
    return { content: randomText(dice), success: dice.chance(0.5) };
  }, { parallel: dice.chance(0.5) });
}

async function ask(
  dice: Dice,
  context: ToolContext,
): ReturnType<Tool["run"]> {
  const decision = await context.ask({
    kind: dice.pick(["command", "patch", "mcp", "escalation"]),
    title: randomText(dice),
    detail: randomText(dice),
    cwd: "/srv/project",
    reason: randomText(dice),
    forbids: randomText(dice),
    sessionScope: randomText(dice),
    ...(dice.chance(0.5) && { prefix: ["git", randomText(dice)] }),
  });
  return { content: decision.type, success: decision.type === "approve" };
}

const STATUSES = ["completed", "failed", "declined"] as const;

function showCommand(dice: Dice, context: ToolContext): void {
  const body = {
    type: "command",
    command: randomText(dice),
    cwd: "/srv/project",
    output: "",
    exitCode: null,
    status: "in_progress",
  } as const;
  const id = context.open(body);
  for (let n = dice.below(4); n > 0; n--) context.delta(id, randomText(dice));
  // Left open now and then: the turn ends it.
  if (dice.chance(0.2)) return;
  context.complete(id, {
    ...body,
    output: randomText(dice),
    exitCode: dice.chance(0.5) ? dice.below(256) : null,
    status: dice.pick(STATUSES),
    durationMs: dice.next() * 5_000,
    sandbox: "bwrap",
    ...(dice.chance(0.3) && { message: randomText(dice) }),
  });
}

function showFiles(dice: Dice, context: ToolContext): void {
  const changes = Array.from({
    length: dice.below(dice.chance(0.1) ? 2_000 : 4),
  }, (_, n) => ({
    path: `/srv/project/${n}-${randomText(dice).slice(0, 50)}`,
    kind: dice.pick(["add", "update", "delete"]),
    ...(dice.chance(0.3) && { movedTo: "/srv/elsewhere" }),
    ...(dice.chance(0.5) && { diff: randomText(dice).slice(0, 2_000) }),
  }));
  const body = { type: "file_change", changes } as const;
  const id = context.open({ ...body, status: "in_progress" });
  context.complete(id, { ...body, status: dice.pick(STATUSES) });
}

function showMcp(dice: Dice, context: ToolContext): void {
  const body = {
    type: "mcp_call",
    server: randomText(dice),
    tool: "t",
    arguments: randomJson(dice),
    error: null,
  } as const;
  const id = context.open({ ...body, result: null, status: "in_progress" });
  const content = Array.from({ length: dice.below(4) }, () => randomJson(dice));
  const result: Json = dice.chance(0.5)
    ? { content, structuredContent: randomJson(dice) }
    : randomJson(dice);
  context.complete(id, { ...body, result, status: dice.pick(STATUSES) });
}

function showPlan(dice: Dice, context: ToolContext): void {
  const steps = Array.from({ length: dice.below(5) }, () => ({
    text: randomText(dice),
    status: dice.pick(["pending", "in_progress", "completed"]),
  }));
  const id = context.open({ type: "plan", steps });
  if (dice.chance(0.5)) context.update(id, { type: "plan", steps: [] });
}

/** How exec is called. */
export function randomFlags(dice: Dice): Flags {
  return {
    json: true,
    events: dice.pick(["codex", "native"]),
    deltas: dice.chance(0.5),
    failOnDenied: dice.chance(0.3),
    ...(dice.chance(0.4) && {
      input: "jsonl" as const,
      approvalTimeoutMs: dice.pick([1, 60_000]),
    }),
    ...(dice.chance(0.05) && { timeoutMs: 1 + dice.below(30) }),
  };
}

/** A schema for the final message, seldom one that it satisfies. */
export function randomSchema(dice: Dice): JsonObject | undefined {
  if (dice.chance(0.9)) return undefined;
  return dice.chance(0.5) ? { type: "object" } : { not: {} };
}

/** A line on stdin in answer to a line on stdout. */
export function randomReply(
  line: JsonObject,
  dice: Dice,
): readonly JsonObject[] {
  switch (line["type"]) {
    case "approval.requested":
      // Most are answered: the others wait until their time is over, or for ever.
      return [{
        type: "approval.decide",
        approval_id: dice.chance(0.1) ? "unknown" : line["approval_id"] ?? null,
        decision: dice.pick([
          "approve",
          "approve_for_session",
          "approve_prefix",
          "deny",
          "abort",
        ]),
        ...(dice.chance(0.5) && { message: randomText(dice) }),
      }];
    case "item.completed":
      if (dice.chance(0.1)) return [{ type: "steer", text: randomText(dice) }];
      return dice.chance(0.05) ? [{ type: "interrupt" }] : [];
    case "turn.completed":
    case "turn.failed":
      return dice.chance(0.4)
        ? [{ type: "user.input", text: `more ${randomText(dice)}` }]
        : [{ type: "shutdown" }];
    default:
      return dice.chance(0.01) ? [{ nonsense: randomJson(dice) }] : [];
  }
}
