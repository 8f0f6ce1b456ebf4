/** Values that somebody outside asks of the person: what is asked, and what was answered. */
import type { ApprovalRequest, Decision } from "./policy.ts";

/** One of several values that can be chosen. */
export interface FormChoice {
  readonly value: string;
  /** What the person reads. */
  readonly title: string;
}

export type TextFormat = "email" | "uri" | "date" | "date-time";

/** What a value may be; `fallback` holds when the person only presses Enter. */
export type FormKind =
  | {
    readonly type: "text";
    readonly format?: TextFormat;
    /** In characters. */
    readonly lengthMin?: number;
    readonly lengthMax?: number;
    /** Shown to the person; only the one who asks checks it. */
    readonly pattern?: string;
    readonly fallback?: string;
  }
  | {
    readonly type: "number";
    readonly isInteger: boolean;
    readonly min?: number;
    readonly max?: number;
    readonly fallback?: number;
  }
  | { readonly type: "yes_no"; readonly fallback?: boolean }
  | {
    readonly type: "choice";
    readonly choices: readonly FormChoice[];
    readonly fallback?: string;
  }
  | {
    readonly type: "choices";
    readonly choices: readonly FormChoice[];
    readonly countMin?: number;
    readonly countMax?: number;
    readonly fallback?: readonly string[];
  };

export interface FormField {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly isRequired: boolean;
  readonly kind: FormKind;
}

/** A question with fields, or with a page to open. */
export interface FormRequest {
  /** Who asks, in words. */
  readonly from: string;
  readonly message: string;
  /** A page on which the rest is done; then there are no fields. */
  readonly url?: string;
  readonly fields: readonly FormField[];
}

export type FormValue = string | number | boolean | string[];

/** `decline` is a no, `cancel` no answer at all. */
export interface FormAnswer {
  readonly action: "accept" | "decline" | "cancel";
  /** By name of the field; those left out are absent. */
  readonly content?: Readonly<Record<string, FormValue>>;
}

/** Somebody at a terminal, for questions that are no thread's own. */
export interface UserPrompter {
  /** Cancelled when the signal is aborted. Never rejects. */
  fill(form: FormRequest, signal: AbortSignal): Promise<FormAnswer>;
  /** Denied when the signal is aborted. Never rejects. */
  allow(request: ApprovalRequest, signal: AbortSignal): Promise<Decision>;
  /** Says something that needs no answer. */
  tell(message: string): void;
}
