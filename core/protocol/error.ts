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

/** The service did not answer well. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly kind: FailureKind;
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly windowTokens: number | undefined;

  constructor(message: string, facts: {
    readonly kind: FailureKind;
    readonly retryable: boolean;
    readonly status?: number | undefined;
    readonly requestId?: string | undefined;
    /** How long the server asked us to wait. */
    readonly retryAfterMs?: number | undefined;
    /** The window that the server named when a prompt did not fit. */
    readonly windowTokens?: number | undefined;
  }) {
    super(message);
    this.kind = facts.kind;
    this.retryable = facts.retryable;
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.windowTokens = facts.windowTokens;
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
}

/** The message of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name of an operating system error (`ENOENT`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
