/** What the slash commands of a conversation work with. */
import { copyText } from "./repl_copy.ts";
import type { ReplSession, ReplSessionOptions } from "./repl_session.ts";
import type { SlashContext } from "./slash_context.ts";

/** Made anew for each command: the thread may have changed. */
export function createSlashContext(
  session: ReplSession,
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
