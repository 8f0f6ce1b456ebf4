/** The user's programs that are called at events and may influence them. */
import type { CallView, WireItem } from "./item.ts";
import type { ApprovalRequest, Decision, SandboxPolicy } from "./policy.ts";
import type { TraceCarrier, TurnSettings } from "./settings.ts";

/** An event; the names are those that people already write hooks for. */
export type HookEvent =
  | {
    readonly name: "SessionStart";
    readonly source: "startup" | "resume" | "compact";
  }
  | { readonly name: "UserPromptSubmit"; readonly prompt: string }
  | { readonly name: "PreToolUse"; readonly call: CallView }
  | {
    readonly name: "PermissionRequest";
    readonly call: CallView;
    readonly request: ApprovalRequest;
  }
  | {
    readonly name: "PostToolUse";
    readonly call: CallView;
    readonly response: string;
  }
  | { readonly name: "PreCompact"; readonly trigger: "manual" | "auto" }
  | {
    readonly name: "PostCompact";
    readonly trigger: "manual" | "auto";
    readonly summary: string;
  }
  | {
    readonly name: "Stop";
    /** True when such a hook has already continued this turn. */
    readonly isActive: boolean;
    readonly lastMessage: string;
  }
  | { readonly name: "SessionEnd"; readonly reason: "exit" | "error" };

export type HookEventName = HookEvent["name"];

/** Where it happens. */
export interface HookPlace {
  readonly threadId: string;
  /** Undefined outside of a turn. */
  readonly turnId?: string;
  /** Path of the thread's log; empty when it is not recorded. */
  readonly logPath: string;
  readonly settings: TurnSettings;
  readonly signal: AbortSignal;
}

/** The combined verdict of all hooks of an event. */
export interface HookVerdict {
  /** It must not continue, and why. */
  readonly block?: string;
  /** The turn ends with this, and why. */
  readonly stop?: string;
  /** The answer to a question, so that the user is not asked. */
  readonly decision?: Decision;
  /** For the model to know. */
  readonly context: readonly string[];
  /** For the user to know. */
  readonly messages: readonly string[];
}

export interface Hooks {
  /** False when no hook is configured for it: then nothing has to be prepared. */
  has(name: HookEventName): boolean;
  /** Runs the hooks of the event to their ends; rejects only when aborted. */
  run(event: HookEvent, place: HookPlace): Promise<HookVerdict>;
}

export const NO_VERDICT: HookVerdict = Object.freeze({
  context: [],
  messages: [],
});

export const NO_HOOKS: Hooks = Object.freeze({
  has: () => false,
  run: () => Promise.resolve(NO_VERDICT),
});

/** How one run of a check ended. */
export interface CheckOutcome {
  readonly hasPassed: boolean;
  /** Null when it could not be run at all. */
  readonly exitCode: number | null;
  readonly hasTimedOut: boolean;
  readonly durationMs: number;
  /** May be cut; `outputPath` has all of it. */
  readonly output: string;
  readonly outputPath?: string;
  /** Its last part. */
  readonly tail: string;
  readonly sandbox: string;
}

/** What is told of a command of the person's that decides whether a turn is done. */
export type CheckEvent =
  & {
    readonly command: string;
    /** From 1. */
    readonly round: number;
    readonly roundsMax: number;
  }
  & (
    | { readonly type: "check.started" }
    | { readonly type: "check.completed" } & CheckOutcome
  );

/** The turn that is checked. */
export interface CheckPlace
  extends Pick<HookPlace, "threadId" | "settings" | "signal"> {
  readonly emit: (
    event: CheckEvent | { readonly type: "warning"; readonly message: string },
  ) => void;
  /** Processes that were ended with the command. */
  readonly reaped: (count: number) => void;
  /** Keeps for undo what the command could change; the result says that it has ended. */
  readonly beforeProgram: (program: {
    readonly policy: SandboxPolicy;
    readonly what: string;
  }) => Promise<() => void>;
  /** Under what span the command works; absent when nobody traces it. */
  readonly trace?: () => TraceCarrier | undefined;
}

/** A check that did not pass. */
export interface CheckFailure {
  /** What the model is told. */
  readonly items: readonly WireItem[];
  /** Why the turn does not go on; absent where the model has another round. */
  readonly error?: Error;
}

/** The rounds of one turn. */
export interface TurnCheck {
  /**
   * Runs the command after an answer; undefined when it has passed. Throws
   * SandboxUnavailable, and the reason of the signal.
   */
  take(
    place: CheckPlace,
    options?: { readonly isLast?: boolean },
  ): Promise<CheckFailure | undefined>;
}
