/** The commands around sessions. Data. */
import type { CommandName } from "../../contract/command_line.ts";
import { type CommandTable, required } from "./commands.ts";

const ID = required("ID", "Id or name of a session");

export const SESSION_COMMANDS: CommandTable<
  Extract<CommandName, `sessions ${string}`>
> = {
  "sessions list": {
    summary: "List sessions, the newest first",
    args: [],
    flags: ["all", "cd", "limit", "json"],
    examples: ["rondo sessions list --all --json"],
  },
  "sessions show": {
    summary: "Show a session as text",
    args: [ID],
    flags: ["full", "json"],
    examples: ["rondo sessions show 0199c3 --full"],
  },
  "sessions search": {
    summary: "Find sessions by words in them",
    args: [required("WORDS", "Words to look for", { count: "rest" })],
    flags: ["all", "cd", "limit", "json"],
    examples: ["rondo sessions search flaky test"],
  },
  "sessions rename": {
    summary: "Give a session a name",
    args: [ID, required("NAME", "The new name")],
    flags: [],
    examples: ['rondo sessions rename 0199c3 "login bug"'],
  },
  "sessions archive": {
    summary: "Move a session out of the list",
    args: [ID],
    flags: [],
    examples: ["rondo sessions archive 0199c3"],
  },
  "sessions delete": {
    summary: "Delete a session for good",
    args: [ID],
    flags: ["yes"],
    examples: ["rondo sessions delete 0199c3 --yes"],
  },
  "sessions export": {
    summary: "Write a session as Markdown or JSON lines, keys left out",
    args: [ID],
    flags: ["format", "output", "full"],
    examples: ["rondo sessions export 0199c3 -o talk.md"],
  },
  "sessions verify": {
    summary: "Check the log of a session",
    args: [ID],
    flags: ["json"],
    examples: ["rondo sessions verify 0199c3"],
  },
  "sessions repair": {
    summary: "Mend a damaged log, keeping the original beside it",
    args: [ID],
    flags: ["dryRun"],
    examples: ["rondo sessions repair 0199c3"],
  },
  "sessions prune": {
    summary: "Delete old sessions",
    args: [],
    flags: ["olderThanMs", "dryRun", "yes", "json"],
    examples: ["rondo sessions prune --older-than 90d --dry-run"],
  },
  "sessions cache": {
    summary:
      "Show what each request of a session took from the provider's cache",
    args: [ID],
    flags: ["json"],
    examples: ["rondo sessions cache 0199c3"],
  },
};
