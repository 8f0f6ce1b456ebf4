/** The commands that run an agent. Data. */
import { type CommandTable, optional, required } from "./commands.ts";
import type { FlagName } from "./flags.ts";
import { AGENT_FLAG_NAMES, EXEC_FLAG_NAMES } from "./flags_.ts";

const EXEC: readonly FlagName[] = [...AGENT_FLAG_NAMES, ...EXEC_FLAG_NAMES];
const SESSION = optional("ID", "Id or name of a session");
const PROMPT = "What to do; - or nothing reads it from stdin";

export const AGENT_COMMANDS: CommandTable<
  | "repl"
  | "exec"
  | "exec resume"
  | "exec fork"
  | "exec review"
  | "resume"
  | "fork"
  | "rollback"
  | "undo"
> = {
  repl: {
    summary: "Talk with the agent in this terminal",
    args: [],
    prompt: "The first message",
    flags: AGENT_FLAG_NAMES,
    examples: ["rondo", 'rondo -s read-only "explain this repository"'],
  },
  exec: {
    summary: "Do one task and end",
    details: "Progress goes to stderr, the last message to stdout. With a " +
      "prompt argument, a file or pipe on stdin is appended to it as a block; " +
      "an open but silent pipe is left alone after a moment.\n\n" +
      "With --json every line on stdout is an event, the last one is " +
      "turn.completed or turn.failed and carries the exit code. " +
      "`rondo schema events` prints the schema.",
    aliases: ["e"],
    args: [],
    prompt: PROMPT,
    flags: EXEC,
    examples: [
      'rondo exec "fix the failing test"',
      'git diff | rondo exec "write a commit message"',
      'rondo exec --json --timeout 10m "update the changelog"',
    ],
  },
  "exec resume": {
    summary: "Go on with an earlier session and end",
    args: [SESSION],
    prompt: PROMPT,
    flags: [...EXEC, "last", "all"],
    examples: ['rondo exec resume --last "now add a test"'],
  },
  "exec fork": {
    summary: "Start a new session from the history of another one",
    args: [SESSION],
    prompt: PROMPT,
    flags: [...EXEC, "last", "all", "at"],
    examples: ['rondo exec fork 0199c3 --at 2 "try it another way"'],
  },
  "exec review": {
    summary: "Review changes and report findings",
    details: "The findings are a list on stdout; with --json or " +
      "--output-format json they are the field `review` of the last line or " +
      "of the result. An answer in another form is shown as it is, with a " +
      "warning.",
    args: [],
    prompt: "What to look at, instead of a flag",
    flags: [...EXEC, "uncommitted", "base", "commit", "title"],
    examples: [
      "rondo exec review --uncommitted",
      "rondo exec review --base main",
    ],
  },
  resume: {
    summary: "Go on with an earlier session in this terminal",
    args: [SESSION],
    prompt: "The next message",
    flags: [...AGENT_FLAG_NAMES, "last", "all"],
    examples: ["rondo resume --last"],
  },
  fork: {
    summary: "Start a new session from the history of another one",
    args: [SESSION],
    prompt: "The next message",
    flags: [...AGENT_FLAG_NAMES, "last", "all", "at"],
    examples: ["rondo fork --last --at 3"],
  },
  rollback: {
    summary: "Take the last turns out of a session; files stay as they are",
    args: [
      required("N", "How many turns"),
      optional("ID", "Id or name of a session (default: the newest here)"),
    ],
    flags: ["all", "yes"],
    examples: ["rondo rollback 1"],
  },
  undo: {
    summary: "Take back what the last turns changed in files, chat or both",
    args: [
      optional("N", "How many turns (default 1)"),
      optional("ID", "Id or name of a session (default: the newest here)"),
    ],
    flags: ["restore", "dryRun", "force", "yes", "all"],
    examples: ["rondo undo --dry-run", "rondo undo 2 --restore code"],
  },
};
