/** The hooks of a task: their verdicts become items, refusals and warnings. */
import { hookContextItem } from "../../context/markers.ts";
import { ModelError } from "../../protocol/error.ts";
import {
  type HookEvent,
  type HookPlace,
  type HookVerdict,
  NO_HOOKS,
  NO_VERDICT,
} from "../../protocol/hooks.ts";
import type { CallView, WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { partsText, type UserPart } from "../../protocol/op.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import type { ToolOutput } from "../../protocol/tool.ts";
import type { ThreadContext } from "../state/thread_context.ts";

type Thread = Pick<
  ThreadContext,
  "deps" | "threadId" | "state" | "log" | "emit"
>;

/** Made for a turn, or for a task between turns. */
export class TurnHooks {
  readonly #thread: Thread;
  readonly #place: HookPlace;
  readonly #context: string[] = [];
  #stops = 0;
  #stopReason: string | undefined;

  constructor(
    thread: Thread,
    { turnId, settings, signal }: Pick<HookPlace, "settings" | "signal"> & {
      readonly turnId?: string | undefined;
    },
  ) {
    this.#thread = thread;
    this.#place = {
      threadId: thread.threadId,
      ...(turnId !== undefined && { turnId }),
      logPath: thread.log.path,
      settings,
      signal,
    };
  }

  /** Set when a hook has ended the turn. */
  get stopReason(): string | undefined {
    return this.#stopReason;
  }

  /** What hooks add when the session begins, or its history was replaced; once each. */
  async startSession(): Promise<readonly WireItem[]> {
    const { state } = this.#thread;
    const source = state.sessionSource;
    state.sessionSource = undefined;
    if (source === undefined) return [];
    state.isSessionStarted = true;
    const verdict = await this.#run({ name: "SessionStart", source });
    return verdict.context.map(hookContextItem);
  }

  /** What hooks add to a message. Throws ModelError "denied" when they refuse it. */
  async takePrompt(parts: readonly UserPart[]): Promise<readonly WireItem[]> {
    const prompt = partsText(parts);
    const verdict = await this.#run({ name: "UserPromptSubmit", prompt });
    const refusal = verdict.block ?? verdict.stop;
    if (refusal !== undefined) {
      throw new ModelError(`A hook refused the message: ${refusal}`, {
        kind: "denied",
        retryable: false,
      });
    }
    return verdict.context.map(hookContextItem);
  }

  /** Why a call must not run; undefined when it may. */
  async beforeCall(call: CallView): Promise<string | undefined> {
    const verdict = await this.#run({ name: "PreToolUse", call });
    this.#stopReason ??= verdict.stop;
    const reason = verdict.block ?? verdict.stop;
    this.#context.push(...verdict.context);
    return reason === undefined
      ? undefined
      : `A hook refused the call: ${reason}`;
  }

  /** The output with the hooks' notes. */
  async afterCall(call: CallView, output: ToolOutput): Promise<ToolOutput> {
    const response = typeof output.content === "string"
      ? output.content
      : JSON.stringify(output.content);
    const event = { name: "PostToolUse", call, response } as const;
    const verdict = await this.#run(event).catch((error) => {
      // The call has run: its output counts although the turn is over.
      if (this.#place.signal.aborted) return NO_VERDICT;
      throw error;
    });
    this.#stopReason ??= verdict.stop;
    const notes = [verdict.block ?? [], ...verdict.context].flat();
    if (notes.length === 0) return output;
    const text = `\n\nA hook says: ${notes.join("\n")}`;
    return typeof output.content === "string"
      ? { ...output, content: output.content + text }
      : {
        ...output,
        content: [...output.content, { type: "input_text", text }],
      };
  }

  /** A hook's decision in place of the user's. */
  async askHooks(
    call: CallView,
    request: ApprovalRequest,
  ): Promise<Decision | undefined> {
    const event = { name: "PermissionRequest", call, request } as const;
    const { decision } = await this.#run(event);
    if (decision === undefined) return undefined;
    const verb = decision.type === "approve" ? "allowed" : "refused";
    this.#warn(`A hook ${verb}: ${request.title}`);
    if (decision.type === "abort") this.#stopReason ??= "it refused a question";
    return decision;
  }

  /** The messages that make a finished model continue; empty lets the turn end. */
  async endTurn(lastMessage: string): Promise<readonly WireItem[]> {
    const verdict = await this.#run({
      name: "Stop",
      isActive: this.#stops > 0,
      lastMessage,
    });
    if (verdict.block === undefined || verdict.stop !== undefined) return [];
    this.#stops++;
    if (this.#stops > LIMITS.hookStopsMax) {
      this.#warn(
        `The turn ends although a hook wants it to continue: hooks may continue a turn ${LIMITS.hookStopsMax} times`,
      );
      return [];
    }
    return [verdict.block, ...verdict.context].map(hookContextItem);
  }

  /** Why the history must not be replaced; undefined when it may. */
  async beforeCompaction(
    trigger: "manual" | "auto",
  ): Promise<string | undefined> {
    const verdict = await this.#run({ name: "PreCompact", trigger });
    return verdict.block ?? verdict.stop;
  }

  async afterCompaction(
    trigger: "manual" | "auto",
    summary: string,
  ): Promise<void> {
    await this.#run({ name: "PostCompact", trigger, summary });
  }

  /** Only after SessionStart has run. */
  async endSession(reason: "exit" | "error"): Promise<void> {
    if (!this.#thread.state.isSessionStarted) return;
    await this.#run({ name: "SessionEnd", reason });
  }

  /** Context about calls, to be appended behind their outputs; empties the list. */
  takeContext(): readonly WireItem[] {
    return this.#context.splice(0).map(hookContextItem);
  }

  async #run(event: HookEvent): Promise<HookVerdict> {
    const { hooks = NO_HOOKS } = this.#thread.deps;
    if (!hooks.has(event.name)) return NO_VERDICT;
    const verdict = await hooks.run(event, this.#place);
    verdict.messages.forEach((message) => this.#warn(message));
    return verdict;
  }

  #warn(message: string): void {
    this.#thread.emit({ type: "warning", message });
  }
}
