/** Hooks in the course of a turn: what they say becomes items, refusals and warnings. */
import { hookContextItem } from "../../context/markers.ts";
import { ModelError } from "../../protocol/error.ts";
import type { EventBody } from "../../protocol/event.ts";
import {
  type HookEvent,
  type Hooks,
  type HookVerdict,
  NO_HOOKS,
  NO_VERDICT,
} from "../../protocol/hooks.ts";
import type { CallView, WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { ToolOutput } from "../../protocol/tool.ts";
import type { ThreadState } from "../state/state.ts";

interface TurnHooksContext {
  readonly deps: { readonly hooks?: Hooks };
  readonly threadId: string;
  readonly state: ThreadState;
  readonly log: ThreadLog;
  readonly settings: TurnSettings;
  readonly signal: AbortSignal;
  readonly emit: (event: EventBody) => void;
}

/** The hooks around single calls. */
export type CallHooks = Pick<
  TurnHooks,
  "beforeCall" | "afterCall" | "askHooks"
>;

/** Made for a turn, or for a task outside of turns. */
export class TurnHooks {
  readonly #context: TurnHooksContext;
  readonly #turnId: string | undefined;
  readonly #said: string[] = [];
  #stops = 0;
  #stopReason: string | undefined;

  constructor(context: TurnHooksContext, turnId?: string) {
    this.#context = context;
    this.#turnId = turnId;
  }

  /** Set when a hook has ended the turn. */
  get stopReason(): string | undefined {
    return this.#stopReason;
  }

  /** What hooks add when the session begins, or its history was replaced; once each. */
  async startSession(): Promise<readonly WireItem[]> {
    const { state } = this.#context;
    const source = state.sessionSource;
    state.sessionSource = undefined;
    if (source === undefined) return [];
    state.isSessionStarted = true;
    const verdict = await this.#run({ name: "SessionStart", source });
    return verdict.context.map(hookContextItem);
  }

  /** What hooks add to a message. Throws ModelError "denied" when they refuse it. */
  async takePrompt(parts: readonly UserPart[]): Promise<readonly WireItem[]> {
    const prompt = textOf(parts);
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
    this.#later(verdict.context);
    return reason === undefined
      ? undefined
      : `A hook refused the call: ${reason}`;
  }

  /** The output with what hooks have to say about it. */
  async afterCall(call: CallView, output: ToolOutput): Promise<ToolOutput> {
    const response = typeof output.content === "string"
      ? output.content
      : JSON.stringify(output.content);
    const event = { name: "PostToolUse", call, response } as const;
    const verdict = await this.#run(event).catch((error) => {
      // The call has run: its output counts although the turn is over.
      if (this.#context.signal.aborted) return NO_VERDICT;
      throw error;
    });
    this.#stopReason ??= verdict.stop;
    const said = [
      ...(verdict.block === undefined ? [] : [verdict.block]),
      ...verdict.context,
    ];
    if (said.length === 0) return output;
    const text = `\n\nA hook says: ${said.join("\n")}`;
    return typeof output.content === "string"
      ? { ...output, content: output.content + text }
      : {
        ...output,
        content: [...output.content, { type: "input_text", text }],
      };
  }

  /** A hook's answer in place of the person's. */
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

  /** What sends the model on although it is done; empty lets the turn end. */
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
        `The turn ends although a hook wants it to go on: that was so ${LIMITS.hookStopsMax} times`,
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

  /** Said only of a session whose beginning was said. */
  async endSession(reason: "exit" | "error"): Promise<void> {
    if (!this.#context.state.isSessionStarted) return;
    await this.#run({ name: "SessionEnd", reason });
  }

  /** What was said about calls and belongs behind their outputs; empties the list. */
  takeContext(): readonly WireItem[] {
    return this.#said.splice(0).map(hookContextItem);
  }

  #later(texts: readonly string[]): void {
    this.#said.push(...texts);
  }

  async #run(event: HookEvent): Promise<HookVerdict> {
    const { deps, threadId, log, settings, signal } = this.#context;
    const { hooks = NO_HOOKS } = deps;
    if (!hooks.has(event.name)) return NO_VERDICT;
    const verdict = await hooks.run(event, {
      threadId,
      ...(this.#turnId !== undefined && { turnId: this.#turnId }),
      logPath: log.path,
      settings,
      signal,
    });
    verdict.messages.forEach((message) => this.#warn(message));
    return verdict;
  }

  #warn(message: string): void {
    this.#context.emit({ type: "warning", message });
  }
}

function textOf(parts: readonly UserPart[]): string {
  return parts.map((part) => part.type === "text" ? part.text : part.path)
    .join("\n");
}
