/** Slash commands about commands that run on after their call. */
import { UserError } from "../../protocol/error.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";

export const LIVE_COMMANDS: readonly SlashCommand[] = [
  {
    name: "ps",
    summary: "List the commands that run on",
    whileBusy: true,
    run: (context) => context.submit({ type: "commands.list" }),
  },
  {
    name: "stop",
    args: "[N]",
    summary: "End a command that runs on, or all of them",
    whileBusy: true,
    run: (context, args) => {
      const sessions = args === ""
        ? [...context.state.live.keys()]
        : [parseSession(context, "end", args)];
      if (sessions.length === 0) context.say(["No commands are running"]);
      for (const session of sessions) {
        context.submit({ type: "commands.kill", session });
      }
    },
    words: sessionWords,
  },
  {
    name: "attach",
    args: "N",
    summary: "Type into a command that runs on; Ctrl-] leaves it",
    whileBusy: true,
    run: (context, args) => {
      const session = parseSession(context, "attach to", args);
      return context.attach?.(session);
    },
    words: sessionWords,
  },
];

function sessionWords({ state }: SlashContext): readonly string[] {
  return [...state.live.keys()].map(String);
}

function parseSession(
  { state }: SlashContext,
  verb: string,
  args: string,
): number {
  const session = Number(args);
  if (args !== "" && state.live.has(session)) return session;
  const running = [...state.live.keys()];
  const wanted = running.length === 0
    ? "none is running"
    : `must be one of ${running.join(", ")} (see /ps)`;
  throw new UserError(
    "usage",
    `Cannot ${verb} session ${args || "without a number"}: ${wanted}`,
  );
}
