/** The state of a thread, gathered from its events. */
import {
  type Activity,
  type ActivityOf,
  type Event,
  NO_USAGE,
  type Outcome,
  type PlanStep,
  type Usage,
} from "../../protocol/event.ts";
import { answerOf } from "../../protocol/item.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { parseReview } from "../render/review.ts";
import type { OpenedThread } from "./services.ts";

/** Commands and patches that `/last` can show again. */
const KEPT_ACTIVITIES = 20;

/** Takes events in order. */
export class ReplState {
  threadId = "";
  provider = "";
  settings: TurnSettings | undefined;
  instructionFiles: readonly {
    readonly path: string;
    readonly bytes: number;
  }[] = [];
  plan: readonly PlanStep[] = [];
  lastMessage = "";
  #answer: ActivityOf<"message"> | undefined;
  threadUsage: Usage;
  turnUsage: Usage = NO_USAGE;
  requests = 0;
  /** The next turn to end was asked for a plan. */
  isPlanAsked = false;
  /** The plan as it was last put forward, in words. */
  proposedPlan = "";
  #hasPlanned = false;
  /** The next turn to end is a code review. */
  isReviewing = false;
  /** Commands that run on after their call, by session. */
  readonly live = new Map<number, string>();
  #contextTokens: number | undefined;
  #kept: Activity[] = [];

  /** Of a resumed thread: cost, size, and what was said. */
  constructor({ spent, past = [] }: Partial<OpenedThread> = {}) {
    this.threadUsage = spent?.usage ?? NO_USAGE;
    this.proposedPlan = past.findLast(({ role }) => role === "assistant")
      ?.text ?? "";
    this.#contextTokens = spent?.contextTokens;
  }

  take(event: Event): void {
    switch (event.type) {
      case "thread.started":
        this.threadId = event.threadId;
        this.provider = event.provider;
        this.settings = event.settings;
        this.instructionFiles = event.instructionFiles;
        return;
      case "settings.changed":
        this.settings = event.settings;
        return;
      case "request.completed":
        this.requests++;
        if (event.usage !== null) {
          this.#contextTokens = event.usage.totalTokens;
        }
        return;
      case "context.compacted":
        this.#contextTokens = undefined;
        return;
      case "turn.started":
        this.#answer = undefined;
        this.#hasPlanned = false;
        return;
      case "turn.completed":
        this.turnUsage = event.usage;
        this.threadUsage = event.threadUsage;
        return;
      case "activity.started":
      case "activity.updated":
        if (event.activity.type === "plan") this.#plan(event.activity.steps);
        return this.#follow(event.activity, true);
      case "activity.completed":
        this.#follow(event.activity, false);
        return this.#keep(event.activity);
    }
  }

  /** In plan mode. */
  get isPlanning(): boolean {
    return this.settings?.mode === "plan";
  }

  /** Whether the turn that has ended put a plan forward; said once. */
  takeProposal(outcome: Outcome): boolean {
    const isOne = this.isPlanning && (this.isPlanAsked || this.#hasPlanned) &&
      outcome.type === "done" && outcome.message.trim() !== "";
    this.isPlanAsked = false;
    this.#hasPlanned = false;
    if (isOne) this.proposedPlan = outcome.message;
    return isOne;
  }

  /** Whether the turn that has ended was a review without a list; said once. */
  lacksFindings(outcome: Outcome): boolean {
    const isReview = this.isReviewing;
    this.isReviewing = false;
    return isReview && outcome.type === "done" &&
      parseReview(outcome.message) === undefined;
  }

  /** What ends with the conversation, one a line. */
  get endings(): readonly string[] {
    return [...this.live].map(([session, command]) =>
      `Ended with the conversation: session ${session}, ${command}`
    );
  }

  /** Share of the window that is free, by the last request; undefined before one. */
  get contextLeft(): number | undefined {
    const window = this.settings?.model.contextWindow;
    const used = this.#contextTokens;
    if (used === undefined || window === undefined) return undefined;
    return Math.max(0, Math.min(1, 1 - used / window));
  }

  /** The nth last command, patch or call, 1 being the newest. */
  lastActivity(number: number): Activity | undefined {
    return this.#kept.at(-number);
  }

  #follow(activity: Activity, isRunning: boolean): void {
    if (activity.type !== "command" || activity.session === undefined) return;
    if (isRunning) this.live.set(activity.session, activity.command);
    else this.live.delete(activity.session);
  }

  #plan(steps: readonly PlanStep[]): void {
    this.plan = steps;
    this.#hasPlanned = true;
  }

  #keep(activity: Activity): void {
    switch (activity.type) {
      case "message":
        this.#answer = answerOf(this.#answer, activity);
        this.lastMessage = this.#answer.text;
        return;
      case "plan":
        return this.#plan(activity.steps);
      case "command":
      case "file_change":
      case "mcp_call":
      case "tool_call":
        this.#kept.push(activity);
        if (this.#kept.length > KEPT_ACTIVITIES) this.#kept.shift();
    }
  }
}
