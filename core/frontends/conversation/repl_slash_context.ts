/** What the slash commands of a conversation work with. */
import { copyText } from "./clipboard.ts";
import type { ReplSessionOptions } from "./view.ts";
import type { ReplState } from "./state.ts";
import type { OpenedThread } from "./repl_facts.ts";
import type { Op } from "../../protocol/op.ts";
import type { SlashContext } from "./slash_context.ts";

/** What of a conversation the commands reach. */
export interface SlashTarget {
  readonly state: ReplState;
  readonly cwd: string;
  op(op: Op): void;
  send(text: string, shown: string): Promise<void>;
  switchTo(open: () => Promise<OpenedThread>): Promise<void>;
}

/** Made anew for each command: the thread may have changed. */
export function createSlashContext(
  session: SlashTarget,
  options: ReplSessionOptions,
): SlashContext {
  const { services, host, terminal, face } = options;
  return {
    services,
    host,
    state: session.state,
    cwd: session.cwd,
    say: (lines) => face.say(lines),
    sayMarkdown: (text) => face.sayMarkdown(text),
    sayDiff: (diff) => face.sayDiff(diff),
    showActivity: (number) => {
      const activity = session.state.lastActivity(number);
      if (activity !== undefined) face.showWhole(activity);
      return activity !== undefined;
    },
    submit: (op) => session.op(op),
    changeSettings: (patch) => session.op({ type: "settings.change", patch }),
    send: (text, shown) => void session.send(text, shown),
    switchTo: (open) => session.switchTo(open),
    copy: (text) => copyText(text, host, terminal),
    leave: () => face.leave(),
  };
}
