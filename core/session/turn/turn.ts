/** One turn: ask the model, run what it asks for, feed back, until it asks for nothing. */
import { estimateItemsTokens } from "../../context/format/tokens.ts";
import {
  errorText,
  ModelError,
  SandboxUnavailable,
  SessionError,
  UserError,
} from "../../protocol/error.ts";
import type { Failure, Outcome } from "../../protocol/event.ts";
import type { WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { UserPart } from "../../protocol/op.ts";
import { OutputCheck } from "./output_schema.ts";
import type { ContextSource } from "../state/deps.ts";
import { runStep, type StepAnswer, type StepContext } from "./step.ts";

type UserInput = Awaited<ReturnType<ContextSource["userItems"]>>;

export interface TurnContext extends StepContext {
  /** Input that arrived since the last step, as items; empties the queue. */
  takeSteering(): Promise<readonly WireItem[]>;
  /** `newTokens` will come on top; Infinity when the server says that nothing more fits. */
  compactIfNeeded(
    reason: "before_turn" | "mid_turn",
    newTokens: number,
  ): Promise<void>;
}

/** Runs the turn to its end. Every call has its output afterwards, whatever happened. */
export async function runTurn(
  parts: readonly UserPart[],
  context: TurnContext,
): Promise<Outcome> {
  try {
    const { deps, settings } = context;
    const added = await context.hooks.takePrompt(parts);
    const words = await deps.context.userItems(parts, settings);
    const said = { ...words, items: [...words.items, ...added] };
    const tokens = estimateItemsTokens(said.items);
    await makeRoom("before_turn", tokens, context);
    await appendInput(said, context);
    return await runSteps(context);
  } catch (error) {
    return outcomeOf(error, context);
  }
}

async function runSteps(context: TurnContext): Promise<Outcome> {
  const form = new OutputCheck(context.settings.outputSchema);
  let message = "";
  for (let step = 0; step < LIMITS.stepsPerTurn; step++) {
    context.signal.throwIfAborted();
    const answer = await runFittingStep(context);
    message = answer.message ?? message;
    if (isStopped(context)) return { type: "done", message };
    const next = await nextInput({ ...answer, message }, form, context);
    if (next === undefined) return { type: "done", message };
    await makeRoom("mid_turn", estimateItemsTokens(next), context);
    context.state.transcript.append(next);
  }
  throw new ModelError(
    `Cannot go on with the turn: it has used ${LIMITS.stepsPerTurn} requests`,
    { kind: "limit", retryable: false },
  );
}

function isStopped({ hooks, emit }: TurnContext): boolean {
  if (hooks.stopReason === undefined) return false;
  const message = `A hook ended the turn: ${hooks.stopReason}`;
  emit({ type: "warning", message });
  return true;
}

// What the next request has on top of this one; undefined when the turn is over.
async function nextInput(
  answer: { readonly needsFollowUp: boolean; readonly message: string },
  form: OutputCheck,
  context: TurnContext,
): Promise<readonly WireItem[] | undefined> {
  const steering = await context.takeSteering();
  if (answer.needsFollowUp || steering.length > 0) return steering;
  const repair = await form.findRepair(answer.message);
  if (repair !== undefined) return [repair];
  const more = await context.hooks.endTurn(answer.message);
  return more.length === 0 ? undefined : more;
}

// The server may count more than we do: then the same is asked of a shorter history, once.
async function runFittingStep(context: TurnContext): Promise<StepAnswer> {
  try {
    return await runStep(context);
  } catch (error) {
    const isFull = error instanceof ModelError &&
      error.kind === "context_window";
    if (!isFull) throw error;
    await makeRoom("mid_turn", Infinity, context);
    return await runStep(context);
  }
}

// A compaction is a request as well: behind the hard mark of a limit none is sent.
async function makeRoom(
  reason: "before_turn" | "mid_turn",
  newTokens: number,
  context: TurnContext,
): Promise<void> {
  const nowMs = context.deps.host.monotonicMs();
  if (context.budget.exhausted(nowMs) !== undefined) return;
  await context.compactIfNeeded(reason, newTokens);
}

// What changed is said before the person's words, so that it holds for them.
async function appendInput(
  said: UserInput,
  context: TurnContext,
): Promise<void> {
  const { deps, state, settings } = context;
  const contextUpdate = await deps.context.contextUpdate(state.sent, settings);
  for (const message of said.warnings) {
    context.emit({ type: "warning", message });
  }
  const started = await context.hooks.startSession();
  state.transcript.append([...contextUpdate.items, ...started, ...said.items]);
  state.sent = contextUpdate.sent;
}

function outcomeOf(error: unknown, context: TurnContext): Outcome {
  if (context.signal.aborted) return { type: "interrupted" };
  return { type: "failed", error: failureOf(error) };
}

/** What an error means for the one who asked; throws on, when it is a bug of ours. */
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
