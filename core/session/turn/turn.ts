/** One turn: ask the model, run the calls it makes, feed the outputs back, until it makes none. */
import { estimateItemsTokens } from "../../context/format/tokens.ts";
import {
  errorText,
  ModelError,
  SandboxUnavailable,
  SessionError,
  UserError,
} from "../../protocol/error.ts";
import type { Failure, Outcome } from "../../protocol/event.ts";
import type { CheckPlace } from "../../protocol/hooks.ts";
import { answerOf, viewItem, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { partsText, type UserPart } from "../../protocol/op.ts";
import type { TraceCarrier } from "../../protocol/settings.ts";
import { compactHistory, needsCompaction } from "./compaction.ts";
import type { TurnContext } from "./context.ts";
import { withFallback } from "./fallback.ts";
import { LoopGuard } from "./loop_guard.ts";
import { OutputCheck } from "./output_schema.ts";
import { fitItems } from "./pictures.ts";
import { leaveOldPictures, repairHistory } from "./repair.ts";
import { runStep, type StepAnswer } from "./step.ts";

/** Runs the turn to its end. Every call has its output afterwards, whatever happened. */
export async function runTurn(
  parts: readonly UserPart[],
  context: TurnContext,
): Promise<Outcome> {
  try {
    const { deps, settings } = context;
    const added = await context.hooks.takePrompt(parts);
    const { items, warnings } = await deps.context.userItems(parts, settings);
    const input = [...await fitItems(items, context), ...added];
    let isSaid = false;
    return await withFallback(context, async (here) => {
      const tokens = isSaid ? 0 : estimateItemsTokens(input);
      await makeRoom(isSaid ? "mid_turn" : "before_turn", tokens, here);
      if (!isSaid) await appendInput(input, warnings, here);
      isSaid = true;
      return await runSteps(here);
    });
  } catch (error) {
    return outcomeOf(error, context);
  }
}

async function runSteps(context: TurnContext): Promise<Outcome> {
  const { loops } = context.deps;
  const { outputSchema } = context.settings;
  let schema = new OutputCheck(outputSchema);
  const guard = new LoopGuard(loops);
  let said: StepAnswer["message"];
  for (let step = 0; step < loops.stepsMax; step++) {
    context.signal.throwIfAborted();
    const answer = await runFittingStep(context);
    if (answer.message !== undefined) said = answerOf(said, answer.message);
    const message = said?.text ?? "";
    if (isStopped(context)) {
      await checkTurn(context, { isLast: true });
      return { type: "done", message };
    }
    const next = await nextInput(answer, schema, context);
    if (next === undefined) {
      warnEmpty(answer.message?.text, context);
      return { type: "done", message };
    }
    if (next.isRefused) {
      // What was answered so far is no answer, and the next one is looked at afresh.
      said = undefined;
      schema = new OutputCheck(outputSchema);
    }
    const loop = guard.take(answer.print);
    const input = [...next.items, ...loop?.items ?? []];
    if (loop !== undefined) warnAll([loop.warning], context);
    try {
      await makeRoom("mid_turn", estimateItemsTokens(input), context);
    } finally {
      // Said is said, also where the turn goes on elsewhere or ends.
      context.state.transcript.append(input);
    }
  }
  throw new ModelError(
    `Cannot continue the turn: it has used ${loops.stepsMax} requests, the most a turn may use (limits.max_steps)`,
    { kind: "limit", retryable: false },
  );
}

function warnEmpty(message: string | undefined, context: TurnContext): void {
  if (message !== undefined && message.trim() !== "") return;
  const { model } = context.settings;
  warnAll([
    `The last answer of ${model.slug} was empty: neither text nor a tool call`,
  ], context);
}

function isStopped({ hooks, emit }: TurnContext): boolean {
  if (hooks.stopReason === undefined) return false;
  const message = `A hook ended the turn: ${hooks.stopReason}`;
  emit({ type: "warning", message });
  return true;
}

interface NextInput {
  readonly items: readonly WireItem[];
  /** The person's command has not taken the answer. */
  readonly isRefused?: boolean;
}

// What the next request adds to this one; undefined when the turn is over.
async function nextInput(
  answer: StepAnswer,
  schema: OutputCheck,
  context: TurnContext,
): Promise<NextInput | undefined> {
  const steering = await steeringItems(context);
  if (answer.needsFollowUp || steering.length > 0) return { items: steering };
  const message = answer.message?.text ?? "";
  const repair = await schema.findRepair(message);
  if (repair !== undefined) return { items: [repair] };
  const more = await context.hooks.endTurn(message);
  if (more.length > 0) return { items: more };
  const items = await checkTurn(context);
  return items && { items, isRefused: true };
}

// What the model gets when the person's command says that it is not done.
async function checkTurn(
  { check, state, record, ...context }: TurnContext,
  options?: { readonly isLast: boolean },
): Promise<readonly WireItem[] | undefined> {
  const reaped = (count: number): void => {
    record.reaped += count;
  };
  const { deps, settings: { cwd }, signal } = context;
  const place = {
    ...context,
    reaped,
    beforeProgram: (program: Parameters<CheckPlace["beforeProgram"]>[0]) =>
      record.beforeProgram(program, { cwd, signal }),
    trace: (): TraceCarrier | undefined => deps.observer?.carrier(),
  };
  const failure = await check?.take(place, options);
  if (failure?.error === undefined) return failure?.items;
  state.transcript.append(failure.items);
  throw failure.error;
}

async function steeringItems(
  context: TurnContext,
): Promise<readonly WireItem[]> {
  const items: WireItem[] = [];
  for (const parts of context.takeSteering()) {
    const added = await hookItems(parts, context);
    if (added === undefined) continue;
    const input = await context.deps.context.userItems(parts, context.settings);
    items.push(...await fitItems(input.items, context), ...added);
    warnAll(input.warnings, context);
    context.emit({ type: "input.steered", text: partsText(parts) });
  }
  return items;
}

// A message that hooks refuse in the middle of a turn is dropped; the turn continues.
async function hookItems(
  parts: readonly UserPart[],
  { hooks, emit }: TurnContext,
): Promise<readonly WireItem[] | undefined> {
  try {
    return await hooks.takePrompt(parts);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    emit({ type: "warning", message: error.message });
    return undefined;
  }
}

// The server may count more than we do, or have a smaller window than we believe: then the
// request is repeated with a shorter history.
async function runFittingStep(context: TurnContext): Promise<StepAnswer> {
  const { state } = context;
  for (let round = 0;; round++) {
    leaveOldPictures(context);
    try {
      return await runStep(context);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      // Each repair leaves less to refuse: that comes to an end.
      if (repairHistory(error, context)) {
        round--;
        continue;
      }
      // A body that is too large without a picture in it is too long a text.
      const isFull = error.kind === "context_window" ||
        error.refused.includes("old_pictures");
      if (!isFull || round === LIMITS.overflowRounds) {
        throw withAdvice(error, context);
      }
      const { windowTokens = Infinity } = error;
      if (windowTokens > state.baseTokens) state.noteWindow(windowTokens);
      if (round > 0) {
        state.noteWindow(Math.floor(state.usedTokens() * OVERFLOWN));
      }
      await makeRoom("mid_turn", Infinity, context);
    }
  }
}

// What was accepted before and is refused now came in with the last turns.
function withAdvice(error: ModelError, { state }: TurnContext): ModelError {
  const isOld = error.kind === "invalid_request" &&
    state.transcript.entries.some(({ item }) => viewItem(item).type === "call");
  if (!isOld) return error;
  return new ModelError(
    `${error.message}; where something in the history is refused, "rondo rollback" takes the last turns out`,
    error,
  );
}

/** What of a prompt that was refused twice is believed to fit. */
const OVERFLOWN = 0.75;

// Compacts when `newTokens` more would not fit; Infinity when the server says so. A
// compaction is a request as well: behind the hard mark of a limit none is sent.
async function makeRoom(
  reason: "before_turn" | "mid_turn",
  newTokens: number,
  context: TurnContext,
): Promise<void> {
  const nowMs = context.deps.host.monotonicMs();
  if (context.budget.exhausted(nowMs) !== undefined) return;
  if (!needsCompaction(context, newTokens)) return;
  await compactHistory(reason, context, { isForced: newTokens === Infinity });
}

// The context update stands before the user's message, so that it holds for it.
async function appendInput(
  input: readonly WireItem[],
  warnings: readonly string[],
  context: TurnContext,
): Promise<void> {
  const { deps, state, settings } = context;
  const { items, sent } = await deps.context.contextUpdate(
    state.sent,
    settings,
  );
  warnAll(warnings, context);
  const started = await context.hooks.startSession();
  state.transcript.append([...items, ...started, ...input]);
  state.sent = sent;
}

function warnAll(messages: readonly string[], { emit }: TurnContext): void {
  for (const message of messages) emit({ type: "warning", message });
}

function outcomeOf(error: unknown, context: TurnContext): Outcome {
  if (context.signal.aborted) return { type: "interrupted" };
  return { type: "failed", error: failureOf(error) };
}

/** The failure an error stands for; rethrows what is a bug of ours. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ModelError) {
    return {
      kind: error.kind,
      message: error.message,
      ...(error.status !== undefined && { status: error.status }),
      ...(error.requestId !== undefined && { requestId: error.requestId }),
    };
  }
  if (error instanceof SandboxUnavailable) {
    return { kind: "sandbox_unavailable", message: error.message };
  }
  if (error instanceof SessionError) {
    return { kind: "session", message: error.message };
  }
  if (error instanceof UserError) {
    return {
      kind: error.kind === "auth" ? "auth" : "invalid_request",
      message: errorText(error),
    };
  }
  throw error;
}
