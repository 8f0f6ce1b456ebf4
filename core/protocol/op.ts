/** What a frontend may ask of a thread. Plain data, so it can cross a process border. */
import type { Decision } from "./policy.ts";
import type { TraceCarrier, TurnMode, TurnSettings } from "./settings.ts";

/** A part of the user's message. */
export type UserPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly path: string }
  /** A picture without a file: a `data:` URL. */
  | { readonly type: "image_data"; readonly url: string };

export type Op =
  /** Starts a turn; while one runs in the same mode, steers it. */
  | {
    readonly type: "user.input";
    readonly parts: readonly UserPart[];
    /** Instead of the thread's; for this turn alone. */
    readonly mode?: TurnMode | undefined;
    /** The span of whoever asks; a turn that begins with it stands below. */
    readonly trace?: TraceCarrier | undefined;
  }
  /** Output of the user's own `!command`, for the record; starts no turn. */
  | {
    readonly type: "user.shell";
    readonly command: string;
    readonly output: string;
    readonly exitCode: number;
    readonly durationMs: number;
  }
  | {
    readonly type: "settings.change";
    readonly patch: Partial<TurnSettings>;
  }
  | {
    readonly type: "approval.decide";
    readonly approvalId: string;
    readonly decision: Decision;
  }
  | { readonly type: "compact" }
  /** Drops the last n turns from the conversation; files stay as they are. */
  | { readonly type: "rollback"; readonly turns: number }
  /** Tells which commands run on. */
  | { readonly type: "commands.list" }
  /** Ends one of them. */
  | { readonly type: "commands.kill"; readonly session: number }
  | { readonly type: "interrupt" }
  | { readonly type: "shutdown" };

/** The text of a message, with a line for each part; an image is its path. */
export function partsText(parts: readonly UserPart[]): string {
  return parts.map((part) =>
    part.type === "text"
      ? part.text
      : part.type === "image"
      ? part.path
      : "(image)"
  ).join("\n");
}
