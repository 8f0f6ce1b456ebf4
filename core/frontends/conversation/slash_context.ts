/** What a slash command works with, and what it is. */
import type { Op } from "../../protocol/op.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { OpenedThread } from "./repl_facts.ts";
import type { ReplHost, ReplServices } from "./repl_services.ts";
import type { ReplState } from "./state.ts";
import type { SlashSpec } from "./slash.ts";

export interface SlashContext {
  readonly services: ReplServices;
  readonly host: ReplHost;
  readonly state: ReplState;
  /** Of the thread; of the process before the first event. */
  readonly cwd: string;
  /** Lines of the program itself, without colours. */
  say(lines: readonly string[]): void;
  /** A text in Markdown, rendered as an answer is. */
  sayMarkdown(text: string): void;
  /** A unified diff, coloured. */
  sayDiff(diff: string): void;
  /** The whole of an earlier activity; false when there is none. */
  showActivity(number: number): boolean;
  submit(op: Op): void;
  changeSettings(patch: Partial<TurnSettings>): void;
  /** A message of the person: starts a turn. `shown` stands for it on the screen. */
  send(text: string, shown: string): void;
  /** Ends the present thread and goes on with another one. */
  switchTo(open: () => Promise<OpenedThread>): Promise<void>;
  /** Puts a text on the clipboard; resolves to how, or undefined where that is impossible. */
  copy(text: string): Promise<string | undefined>;
  leave(): void;
}

export interface SlashCommand extends SlashSpec {
  run(context: SlashContext, args: string): Promise<void> | void;
  /** Words the arguments may begin with, for completion. */
  words?(context: SlashContext): Promise<readonly string[]>;
}
