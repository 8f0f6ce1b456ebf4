/** What a tool is: a spec for the model, and a function from arguments to output. */
import type { JsonObject } from "../util/json/json.ts";
import type { Activity, Usage } from "./event.ts";
import type { TraceCarrier, TurnSettings } from "./settings.ts";
import type { CallView, InputPart } from "./item.ts";
import type { ApprovalRequest, Decision, SandboxPolicy } from "./policy.ts";

export interface ToolOutput {
  /** What the model gets. */
  readonly content: string | readonly InputPart[];
  readonly success: boolean;
}

export interface ToolContext {
  readonly threadId: string;
  readonly settings: TurnSettings;
  /** Id of the one that the conversation is with. */
  readonly provider: string;
  /** Aborted when the turn is interrupted. */
  readonly signal: AbortSignal;
  /** Resolves once the call is on the disk: intent before effect. Rejects with SessionError. */
  readonly recorded: Promise<void>;
  /** Puts a question to the person; rejects with the signal's reason on abort. */
  ask(request: ApprovalRequest): Promise<Decision>;
  /** Opens an activity; returns its id. Every opened one must be completed. */
  open(activity: ActivityBody): string;
  update(activityId: string, activity: ActivityBody): void;
  complete(activityId: string, activity: ActivityBody): void;
  /** More output of a running command. */
  delta(activityId: string, text: string): void;
  warn(message: string): void;
  /** Keeps the files at these absolute paths for undo; to be awaited before they change. */
  beforeChange(paths: readonly string[]): Promise<void>;
  /**
   * Keeps for undo what a program could change; to be awaited before it starts. The result
   * says that it has ended. Rejects with the signal's reason.
   */
  beforeProgram(program: {
    /** What confines it. */
    readonly policy: SandboxPolicy;
    /** In words, for who asks later what changed a file. */
    readonly what: string;
  }): Promise<() => void>;
  /** Counts processes that were ended on the way out. */
  reaped(count: number): void;
  readonly spending: Spending;
  /** Under what span programs of this call work; absent when nobody traces it. */
  readonly trace?: TraceCarrier | undefined;
}

/** The accounts of a run, for a tool that asks a model on its own. */
export interface Spending {
  /** Why no further request may be sent; undefined when one may. */
  refusal(): string | undefined;
  /** Counts a request that was sent; null when the server told no usage. */
  count(usage: Usage | null): void;
}

/** An activity before it has an id. */
export type ActivityBody = Activity extends infer A
  ? A extends Activity ? Omit<A, "id"> : never
  : never;

export interface Tool {
  readonly name: string;
  /** How the model is offered it; goes into the request as it is. */
  readonly spec: JsonObject;
  /** False: the model is not told of it, but its calls run. */
  readonly isOffered?: boolean;
  /** May run beside its siblings. */
  readonly parallel: boolean;
  /**
   * It has no effect before `ToolContext.recorded`, as with all that goes through the gate;
   * calls of others begin after that.
   */
  readonly awaitsRecord?: boolean;
  /** Absolute paths that a call reads or changes, as far as its arguments tell. */
  touches(call: CallView, cwd: string): readonly string[];
  /**
   * Runs the call. Throws ToolError for what the model can mend, SandboxUnavailable
   * when the policy needs a sandbox that this machine lacks; anything else is a bug.
   */
  run(call: CallView, context: ToolContext): Promise<ToolOutput>;
}

/** An MCP server as users see it. */
export interface McpServerView {
  readonly name: string;
  /** In words: `ready`, `starting`, `failed: …`, `off`. */
  readonly state: string;
  readonly tools: readonly string[];
}

/** A prompt that an MCP server offers. */
export interface McpPromptView {
  readonly server: string;
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly string[];
}

/**
 * The person's editor as a place of files: what is not saved yet stands only there. What of it
 * there is depends on the editor. Paths are absolute.
 */
export interface EditorFiles {
  /** The text of a file as the editor shows it. Rejects where the editor does not give it. */
  readonly readText?: (path: string, signal: AbortSignal) => Promise<string>;
  /** Makes a text that of the editor's file, saved. Rejects where the editor does not. */
  readonly writeText?: (
    path: string,
    text: string,
    signal: AbortSignal,
  ) => Promise<void>;
}
