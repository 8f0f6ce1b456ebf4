/** All slash commands, in the order of the help. */
import type { Candidate } from "../editor/complete.ts";
import { findSlash, mistakenSlash, renderSlashHelp } from "./slash.ts";
import { FACT_COMMANDS } from "./slash_status.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";
import { LIVE_COMMANDS } from "./slash_live.ts";
import { SETTINGS_COMMANDS } from "./slash_settings.ts";
import { THREAD_COMMANDS } from "./slash_threads.ts";
import { WORK_COMMANDS } from "./slash_work.ts";

export const SLASH_COMMANDS: readonly SlashCommand[] = [
  {
    name: "help",
    aliases: ["?"],
    summary: "Show this list",
    whileBusy: true,
    run: runHelp,
  },
  ...FACT_COMMANDS,
  ...SETTINGS_COMMANDS,
  ...THREAD_COMMANDS,
  ...WORK_COMMANDS,
  ...LIVE_COMMANDS,
  {
    name: "quit",
    aliases: ["exit", "q"],
    summary: "Leave (the conversation can be resumed)",
    whileBusy: true,
    run: (context) => context.leave(),
  },
];

const KEYS: readonly string[] = [
  "  Enter sends; during a turn it steers, Tab queues for after it",
  "  Alt-Enter, or \\ at the end of a line, starts a new line",
  "  Ctrl-C stops the turn, twice leaves; Ctrl-D leaves; Ctrl-Z suspends",
  "  Ctrl-R searches earlier input; Up and Down browse it",
  "  @path names a file, $name uses a skill, !command runs in your shell, at this terminal",
];

export function slashCommand(name: string): SlashCommand | undefined {
  return findSlash(SLASH_COMMANDS, name);
}

/** Why a line of one word is not sent; undefined for one that is. */
export function mistakenLine(line: string): string | undefined {
  return mistakenSlash(SLASH_COMMANDS, line);
}

export function completeSlash(word: string): readonly Candidate[] {
  return SLASH_COMMANDS.filter(({ name }) =>
    name.startsWith(word.toLowerCase())
  )
    .map(({ name, args, summary }) => ({
      insert: `/${name}`,
      label: `/${name}${args === undefined ? "" : ` ${args}`}  ${summary}`,
      isWhole: true,
    }));
}

function runHelp(context: SlashContext): void {
  context.say([...renderSlashHelp(SLASH_COMMANDS), "", ...KEYS]);
}
