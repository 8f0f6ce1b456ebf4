/** What one turn used, touched and changed. */
import {
  addUsage,
  type EventBody,
  NO_USAGE,
  type Usage,
} from "../../protocol/event.ts";
import type { HookEventName } from "../../protocol/hooks.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { ToolContext } from "../../protocol/tool.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { findUserMessages } from "../log/rollback_plan.ts";
import type { ThreadContext } from "../state/thread_context.ts";

const AFTER_CALLS: readonly HookEventName[] = ["PostToolUse", "Stop"];

/** Made when the turn begins. */
export class TurnRecord {
  usage = NO_USAGE;
  /** Processes that were ended because their command or turn ended. */
  reaped = 0;
  readonly #context: Pick<ThreadContext, "state" | "deps">;
  readonly #turnId: string;
  /** Items before the turn, and the generation they belong to. */
  readonly #start: { readonly items: number; readonly generation: number };
  #touched: string[] = [];
  #hasChanges = false;

  constructor(
    context: Pick<ThreadContext, "state" | "deps">,
    turnId: string = "",
  ) {
    const { entries, generation } = context.state.transcript;
    this.#context = context;
    this.#turnId = turnId;
    this.#start = { items: entries.length, generation };
  }

  count(event: EventBody): void {
    if (event.type !== "request.completed" || event.usage === null) return;
    this.countUsage(event.usage);
  }

  countUsage(usage: Usage): void {
    this.usage = addUsage(this.usage, usage);
  }

  touch(paths: readonly string[]): void {
    this.#touched.push(...paths);
  }

  /** Paths that calls have worked on; empties the list. */
  takeTouched(): readonly string[] {
    return this.#touched.splice(0);
  }

  /** Keeps these files for undo; awaited before they change. */
  async beforeChange(
    paths: readonly string[],
    place: Pick<TurnSettings, "cwd" | "sandbox">,
  ): Promise<void> {
    const { checkpoints } = this.#context.deps;
    if (checkpoints === undefined) return;
    this.#hasChanges = true;
    for (const path of paths) {
      await checkpoints.beforeChange(this.#turnId, path, place);
    }
  }

  /** Keeps for undo what a program could change; the result says that it has ended. */
  async beforeProgram(
    { policy, what }: Parameters<ToolContext["beforeProgram"]>[0],
    { cwd, signal }: { readonly cwd: string; readonly signal: AbortSignal },
  ): Promise<() => void> {
    const { checkpoints, hooks } = this.#context.deps;
    if (checkpoints === undefined) return () => {};
    this.#hasChanges = true;
    const over = await checkpoints.beforeProgram(this.#turnId, {
      cwd,
      sandbox: policy,
      what: visibleLine(what, LIMITS.checkpointWhatChars),
      // What the user's hooks change after a call is part of the turn.
      isWhole: AFTER_CALLS.some((name) => hooks?.has(name)),
      signal,
      messagesBefore: this.#messagesBefore(),
    });
    return () => void over();
  }

  /** Notes for undo what became of the files of the turn. */
  async keepChanges(): Promise<void> {
    if (!this.#hasChanges) return;
    const { checkpoints } = this.#context.deps;
    await checkpoints?.commit(this.#turnId, this.#messagesBefore());
  }

  // After a compaction in the middle of the turn its own message is the last one kept.
  #messagesBefore(): number {
    const { entries, generation } = this.#context.state.transcript;
    const items = entries.map(({ item }) => item);
    return generation === this.#start.generation
      ? findUserMessages(items.slice(0, this.#start.items)).length
      : Math.max(0, findUserMessages(items).length - 1);
  }
}
