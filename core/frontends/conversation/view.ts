/** How a conversation is shown: in a rich terminal or as plain text. */
import type { Activity, Event } from "../../protocol/event.ts";
import type { CommandAttachment } from "../../protocol/thread.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type {
  LentTerminal,
  OpenedThread,
  ReplHost,
  ReplServices,
  ShellResult,
} from "./services.ts";

/** Joins a command; undefined when it does not run any more. */
export type OpenAttachment = (
  onBytes: (bytes: Uint8Array<ArrayBuffer>) => void,
) => CommandAttachment | undefined;

/** A question with numbered answers. */
export interface Choice {
  readonly title: string;
  readonly answers: readonly string[];
  /** The answer of Enter alone, from 0. */
  readonly safe: number;
}

/** Shows a conversation. All calls are quick and never throw. */
export interface ConversationView {
  /** A thread has been opened; its events follow. */
  opened(opened: OpenedThread): void;
  /** An event of the present thread, after the state took it. */
  show(event: Event): void;
  /** A message of the user went to the model, or a command of theirs is carried out. */
  said(text: string): void;
  say(lines: readonly string[]): void;
  sayDiff(diff: string): void;
  showWhole(activity: Activity): void;
  /** Something starts that has no event. */
  waiting(phase: string): void;
  fail(message: string): void;
  /** Output of a `!command` as it comes, and its end. */
  output(text: string): void;
  shellEnded(result: ShellResult): void;
  /** Input that was waiting and is not sent now: it goes back to the user. */
  giveBack(lines: readonly string[]): void;
  /** Whether what is given back can be edited before it is sent. */
  readonly canEdit: boolean;
  /** Puts a question; the answer from 0, the safe one where nobody gives one. */
  choose(choice: Choice, signal: AbortSignal): Promise<number>;
  /** Gives the terminal to a command until the person leaves it; absent where there is none. */
  attach?(open: OpenAttachment): Promise<void>;
  /** Lends the terminal to a command until it has ended; absent where there is none to lend. */
  lend?<T>(run: (terminal: LentTerminal) => Promise<T>): Promise<T>;
  /** What waits or runs has changed. */
  changed(): void;
  leave(): void;
}

/** What a conversation works with. */
export interface ConversationOptions {
  readonly services: ReplServices;
  readonly host: ReplHost;
  readonly terminal: Terminal;
  readonly view: ConversationView;
}
