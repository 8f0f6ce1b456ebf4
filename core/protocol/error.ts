/** The five error classes. They carry facts; frontends find the words. */
import type { FailureKind } from "./event.ts";

/** The person can fix it: command line, configuration, credentials. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly kind: "usage" | "config" | "auth" | "session" | "sandbox";

  constructor(kind: UserError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The command line is wrong. */
export function usageError(message: string): UserError {
  return new UserError("usage", message);
}

/** A setting, or a file that holds settings, is wrong. */
export function configError(message: string): UserError {
  return new UserError("config", message);
}

/** What of a history a server may refuse, by its own words. */
export type Refused =
  /** All pictures but the newest: there are too many, or they are too large together. */
  | "old_pictures"
  | "last_picture"
  | "pictures"
  /** Arguments of a call that are no JSON. */
  | "arguments"
  | "ciphertext"
  | "ids"
  /** A developer message after the instructions. */
  | "system";

/** The service did not answer well. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly kind: FailureKind;
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retryAtMs: number | undefined;
  readonly windowTokens: number | undefined;
  readonly refused: readonly Refused[];

  constructor(message: string, facts: {
    readonly kind: FailureKind;
    readonly retryable: boolean;
    readonly status?: number | undefined;
    readonly requestId?: string | undefined;
    /** How long the server asked us to wait. */
    readonly retryAfterMs?: number | undefined;
    /** Until when, in milliseconds of the epoch. */
    readonly retryAtMs?: number | undefined;
    /** The window that the server named when a prompt did not fit. */
    readonly windowTokens?: number | undefined;
    /** What of the history was refused, as far as the server says. */
    readonly refused?: readonly Refused[];
  }) {
    super(message);
    this.kind = facts.kind;
    this.retryable = facts.retryable;
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.retryAtMs = facts.retryAtMs;
    this.windowTokens = facts.windowTokens;
    this.refused = facts.refused ?? [];
  }
}

/** The model can fix it: its text becomes the call's output and the turn goes on. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** No sandbox on this machine can enforce the policy; nothing was run. */
export class SandboxUnavailable extends Error {
  override readonly name = "SandboxUnavailable";
}

/** A thread's log cannot be read, written or locked. */
export class SessionError extends Error {
  override readonly name = "SessionError";

  /** `Cannot close session PATH: …`, with what was in the way as its cause. */
  static of(what: string, cause: unknown): SessionError {
    return new SessionError(`Cannot ${what}: ${errorText(cause)}`, { cause });
  }
}

/** The message of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name of an operating system error (`ENOENT`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  // The runtime has codes of its own: ERR_INVALID_ARG_TYPE.
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code)
    ? code
    : undefined;
}

/** An operating system error, as the Host throws them all: `errorCode()` gives its name. */
export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Whether the path was looked up and leads nowhere: no such name, or a file on the way. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The words for an error, without the call and the path an operating system error adds. */
export function errorReason(error: unknown): string {
  const text = errorText(error);
  const words = /^.*?\(os error \d+\)/.exec(text)?.[0];
  if (words !== undefined) return words;
  return errorCode(error) === undefined ? text : text.replace(/: \/.*$/s, "");
}
