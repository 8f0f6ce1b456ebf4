/** A slash command, and what it works with. */
import { UserError } from "../../protocol/error.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import type { Op } from "../../protocol/op.ts";
import type { TurnMode, TurnSettings } from "../../protocol/settings.ts";
import type { ReplState } from "./state.ts";
import type { SlashSpec } from "./slash.ts";
import type { OpenedThread, ReplHost, ReplServices } from "./services.ts";
import { copyText } from "./clipboard.ts";
import type { ConversationOptions } from "./view.ts";

export interface SlashContext {
  readonly services: ReplServices;
  readonly host: ReplHost;
  readonly state: ReplState;
  /** Of the thread; of the process before the first event. */
  readonly cwd: string;
  /** Lines of the program itself, without colours. */
  say(lines: readonly string[]): void;
  /** A unified diff, coloured. */
  sayDiff(diff: string): void;
  /** The whole of an earlier activity; false when there is none. */
  showActivity(number: number): boolean;
  submit(op: Op): void;
  changeSettings(patch: Partial<TurnSettings>): void;
  /** A message of the user: starts a turn, in a mode of its own. `shown` stands for it on the screen. */
  send(text: string, shown: string, mode?: TurnMode): void;
  /** Ends the present thread and switches to another. */
  switchTo(open: () => Promise<OpenedThread>): Promise<void>;
  /** Hands the terminal to a command that runs on, until the person leaves it. */
  attach?(session: number): Promise<void>;
  /** Puts a text on the clipboard; resolves to how, or undefined where that is impossible. */
  copy(text: string): Promise<string | undefined>;
  leave(): void;
}

export interface SlashCommand extends SlashSpec {
  run(context: SlashContext, args: string): Promise<void> | void;
  /** Words the arguments may begin with, for completion. */
  words?(
    context: SlashContext,
  ): Promise<readonly string[]> | readonly string[];
}

/** What of a conversation the commands reach. */
interface SlashTarget {
  readonly state: ReplState;
  readonly cwd: string;
  op(op: Op): void;
  send(text: string, shown: string, mode?: TurnMode): Promise<void>;
  switchTo(open: () => Promise<OpenedThread>): Promise<void>;
}

/** For one command: the thread may change between two. */
export function createSlashContext(
  session: SlashTarget,
  options: ConversationOptions,
): SlashContext {
  const { services, host, terminal, view } = options;
  return {
    services,
    host,
    state: session.state,
    cwd: session.cwd,
    say: (lines) => view.say(lines),
    sayDiff: (diff) => view.sayDiff(diff),
    showActivity: (number) => {
      const activity = session.state.lastActivity(number);
      if (activity !== undefined) view.showWhole(activity);
      return activity !== undefined;
    },
    submit: (op) => session.op(op),
    changeSettings: (patch) => session.op({ type: "settings.change", patch }),
    send: (text, shown, mode) => void session.send(text, shown, mode),
    switchTo: (open) => session.switchTo(open),
    attach: async (number) => {
      if (view.attach === undefined) {
        throw new UserError(
          "usage",
          `Cannot attach to session ${number}: this is no rich terminal, must be one`,
        );
      }
      const { threadId } = session.state;
      await view.attach((onBytes) =>
        services.attachCommand?.(threadId, number, onBytes)
      );
    },
    copy: (text) =>
      copyText(text, host, {
        terminal,
        writable: [
          session.cwd,
          "/tmp",
          host.env("TMPDIR") ?? "/tmp",
          ...rootsOf(session.state.settings?.sandbox),
        ],
      }),
    leave: () => view.leave(),
  };
}

function rootsOf(policy: SandboxPolicy | undefined): readonly string[] {
  return policy?.mode === "workspace-write" ? policy.writableRoots : [];
}
