/** Running a command: what the sandbox is given, what it gives back, and the gate before it. */
import type { Files, TerminalSize } from "./host.ts";
import type { Action, SandboxPolicy, SandboxStatus } from "./policy.ts";
import type { ToolContext } from "./tool.ts";

/** In the environment of every run of a batch, and of what it starts: which batch. */
export const BATCH_MARK = "RONDO_BATCH";

/** Output of a command, bounded; the whole of it may lie in a spool file. */
export interface CapturedOutput {
  /** The start; all of it when nothing was dropped. */
  readonly head: string;
  /** The end, when something between was dropped; else empty. */
  readonly tail: string;
  readonly totalBytes: number;
  readonly totalLines: number;
  /** Set when the whole output was written to this file. */
  readonly spoolPath?: string;
  /** The file holds the start alone. */
  readonly isSpoolCut?: boolean;
  /** The file holds only the end; what came before it is in one named `.before`. */
  readonly isSpoolEnd?: boolean;
}

/** A command that runs, for those who do not wait for its end. */
export interface RunningCommand {
  /** Types into its terminal; waits until that has been taken. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  resize(size: TerminalSize): void;
  /** Signals it and what it has started. */
  interrupt(): Promise<void>;
  /** Continues it after a stop. */
  wake(): Promise<void>;
  /** Once it has ended: what was typed into its terminal and nobody has read. */
  unread(): Uint8Array<ArrayBuffer> | undefined;
  /** Has the whole output in its file, however short it is; resolves to its path. */
  keepOutput(): Promise<string | undefined>;
}

export interface CommandRequest {
  readonly argv: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /**
   * The thread's own folder, which workspace-write makes writable; `cwd` when absent.
   * A command that is sent to work in another folder may not write there for that.
   */
  readonly workspace?: string;
  /**
   * Its thread: where the back end can and the network is closed, its commands with the same
   * rights have one loopback in common. Absent: the command has its own.
   */
  readonly threadId?: string;
  /** The whole environment of the command, already filtered. */
  readonly env: Readonly<Record<string, string>>;
  readonly policy: SandboxPolicy;
  /** False runs it plainly: full access, or an approved escalation. */
  readonly sandboxed: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** It starts after this; what must be done for it before is done meanwhile. */
  readonly recorded?: Promise<void>;
  readonly stdin?: Uint8Array<ArrayBuffer>;
  /** Live output, decoded. */
  readonly onOutput?: (text: string) => void;
  /** Where the whole output goes once it exceeds `spoolOverBytes`. */
  readonly spoolPath?: string;
  readonly spoolOverBytes?: number;
  /** Absent: it has no terminal. */
  readonly terminal?: TerminalSize;
  readonly onStart?: (running: RunningCommand) => void;
  /** All of its output, as it comes; the rest waits for a promise. */
  readonly onBytes?: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
  /** Lines about protected files that were put back while it lives on. */
  readonly onPutBack?: (lines: readonly string[]) => void;
}

export interface CommandResult {
  /** 124 after a timeout, 128+n after signal n, 127 not found, 126 not executable. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  readonly durationMs: number;
  /** stdout and stderr as one stream. */
  readonly output: CapturedOutput;
  /** Name of the back end it ran under; `none` when it ran plainly. */
  readonly backend: string;
  /** Whether the failure looks like the sandbox's doing. */
  readonly denied: boolean;
  /** Processes that outlived the command and were ended. */
  readonly reaped: number;
  /** What the sandbox undid or could not do, for the model and the person. */
  readonly notes: readonly string[];
}

export interface Sandbox {
  /** Probes once per session; throws SandboxUnavailable when nothing can enforce the policy. */
  sandboxStatus(policy: SandboxPolicy, cwd: string): Promise<SandboxStatus>;
  /** Runs the command to its end, whatever end; throws SandboxUnavailable. */
  run(request: CommandRequest): Promise<CommandResult>;
  /**
   * The disk as the model may see it: reading what the policy hides fails with EACCES.
   * Everything that is read for the model or a repository is read through it.
   */
  readable(policy: SandboxPolicy, workspace: string): Files;
}

/** A command that need not have ended when the gate is done with it. */
export interface HeldCommand {
  readonly terminal?: TerminalSize;
  readonly onBytes: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly onPutBack: (lines: readonly string[]) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /**
   * Called once it is about to start; resolves to its result, or to undefined when it is
   * not to be waited for any longer.
   */
  readonly hold: (command: {
    readonly running: Promise<RunningCommand>;
    readonly result: Promise<CommandResult>;
    /** What it is confined by; undefined when by nothing. */
    readonly policy: SandboxPolicy | undefined;
    /** The thread's own folder at its start. */
    readonly workspace: string;
  }) => Promise<CommandResult | undefined>;
}

export interface GateRequest {
  readonly action: Action;
  /** What runs once the action is allowed. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly stdin?: Uint8Array<ArrayBuffer>;
  /** Shown when the person is asked: the whole command, or the diff. */
  readonly detail: string;
  readonly onOutput?: (text: string) => void;
  /** Bytes of output up to which none of it is in a file; as many as the model gets when absent. */
  readonly spoolOverBytes?: number;
  /**
   * For a patch: the process that writes some of its files and no others, just as they
   * were shown, or takes that back. Throws ToolError when that cannot be.
   */
  readonly patchPart?: (
    paths: readonly string[],
    direction: "apply" | "undo",
  ) => Required<Pick<GateRequest, "argv" | "stdin">>;
}

export type GateResult =
  | { readonly type: "ran"; readonly result: CommandResult }
  | Refused;

/** Nothing ran; `reason` is for the model. */
export interface Refused {
  readonly type: "refused";
  readonly reason: string;
}

/** The one way a tool touches the world: decide, ask, sandbox, retry. */
export interface Gate {
  run(request: GateRequest, context: ToolContext): Promise<GateResult>;
}

/** The same for commands that live on after the call that started them. */
export interface LiveGate extends Gate {
  /** As run(); "running" when it goes on, and whoever held it has the rest. */
  hold(
    request: GateRequest,
    held: HeldCommand,
    context: ToolContext,
  ): Promise<GateResult | { readonly type: "running" }>;
  /** Whether an action may be done that needs no command of its own. */
  admit(
    request: Pick<GateRequest, "action" | "detail">,
    context: ToolContext,
  ): Promise<{ readonly type: "go" } | Refused>;
}
