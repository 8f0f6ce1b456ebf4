/** Slash commands about conversations: new, resume, fork, undo, export. */
import { LIMITS } from "../../protocol/limits.ts";
import type { ThreadSummary } from "../../protocol/thread.ts";
import { splitArgs } from "./slash.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";
import type { UndoReport } from "./services.ts";

export const THREAD_COMMANDS: readonly SlashCommand[] = [
  {
    name: "new",
    aliases: ["clear"],
    summary: "Start a new conversation",
    run: (context) => context.switchTo(() => context.services.start()),
  },
  {
    name: "resume",
    args: "[ID|NAME|N]",
    summary: "List earlier conversations, or resume one",
    run: runResume,
    words: async ({ services }) =>
      (await services.sessions()).slice(0, LIMITS.sessionsListed)
        .map(({ id, name }) => name ?? id),
  },
  {
    name: "fork",
    args: "[N]",
    summary: "Fork here, or before your Nth message",
    run: runFork,
  },
  {
    name: "rename",
    args: "NAME",
    summary: "Give this conversation a name",
    whileBusy: true,
    run: runRename,
  },
  {
    name: "compact",
    summary: "Compact the context to a summary now",
    run: (context) => context.submit({ type: "compact" }),
  },
  {
    name: "undo",
    args: "[N] [code|chat|both] [yes|force]",
    summary: "Undo the last turns; shows what would change first",
    run: runUndo,
    words: () => ["code", "chat", "both", "yes", "force"],
  },
  {
    name: "export",
    args: "[markdown|jsonl] [FILE]",
    summary: "Write this conversation to a file",
    whileBusy: true,
    run: runExport,
    words: () => ["markdown", "jsonl"],
  },
];

async function runResume(context: SlashContext, args: string): Promise<void> {
  const { services, state } = context;
  if (args !== "" && !/^\d{1,3}$/.test(args)) {
    return await context.switchTo(() => services.resume(args));
  }
  const all = await services.sessions();
  const others = all.filter(({ id }) => id !== state.threadId)
    .slice(0, LIMITS.sessionsListed);
  if (args !== "") {
    const chosen = others[Number(args) - 1];
    if (chosen !== undefined) {
      return await context.switchTo(() => services.resume(chosen.id));
    }
    return context.say([
      `Cannot resume number ${args}: must be from 1 to ${others.length}`,
    ]);
  }
  if (others.length === 0) return context.say(["No earlier conversations"]);
  context.say([
    ...others.map((one, at) => sessionLine(one, at + 1, context.cwd)),
    "Resume one with /resume N, an id or a name",
  ]);
}

function sessionLine(
  { id, name, title, cwd, updatedAt }: ThreadSummary,
  number: number,
  here: string,
): string {
  const when = updatedAt.slice(0, 16).replace("T", " ");
  const where = cwd === here ? "" : `  (${cwd})`;
  const place = String(number).padStart(2);
  return `  ${place}  ${when}  ${id.slice(0, 8)}  ${name ?? title}${where}`;
}

async function runFork(context: SlashContext, args: string): Promise<void> {
  const { services, state } = context;
  if (args === "") {
    return await context.switchTo(() => services.fork(state.threadId));
  }
  if (!/^[1-9]\d*$/.test(args)) {
    return context.say([
      `Cannot fork at ${args}: must be the number of a message of yours`,
    ]);
  }
  await context.switchTo(() => services.fork(state.threadId, Number(args)));
}

async function runRename(context: SlashContext, args: string): Promise<void> {
  if (args === "") return context.say(["Name it with /rename NAME"]);
  await context.services.rename(context.state.threadId, args);
  context.say([`Renamed to ${args}`]);
}

const UNDO_LINES = 40;

interface UndoRequest {
  readonly turns: number;
  readonly restore: "code" | "chat" | "both";
  readonly isSure: boolean;
  readonly isForced: boolean;
}

// Undefined when a word is unknown.
function parseUndo(args: string): UndoRequest | undefined {
  let request: UndoRequest = {
    turns: 1,
    restore: "both",
    isSure: false,
    isForced: false,
  };
  for (const word of splitArgs(args)) {
    if (/^[1-9]\d{0,3}$/.test(word)) request = { ...request, turns: +word };
    else if (word === "code" || word === "chat" || word === "both") {
      request = { ...request, restore: word };
    } else if (word === "yes") request = { ...request, isSure: true };
    else if (word === "force") {
      request = { ...request, isSure: true, isForced: true };
    } else return undefined;
  }
  return request;
}

async function runUndo(context: SlashContext, args: string): Promise<void> {
  const request = parseUndo(args);
  if (request === undefined) {
    return context.say([
      `Cannot undo "${args}": must be /undo [N] [code|chat|both] [yes|force]`,
    ]);
  }
  const report = request.restore === "chat"
    ? undefined
    : await context.services.undoFiles(context.state.threadId, {
      turns: request.turns,
      isDryRun: !request.isSure,
      isForced: request.isForced,
    });
  const refusal = refuseUndo(context, request, report);
  if (refusal !== undefined) return context.say([refusal]);
  const { turns, restore, isSure } = request;
  const what = turns === 1 ? "the last turn" : `the last ${turns} turns`;
  const lines = report === undefined ? [] : [
    ...(report.changes.length === 0
      ? ["no files change"]
      : firstOf(report.changes)),
    ...firstOf(report.conflicts.map((one) => `kept: ${one}`)),
    ...report.left ?? [],
  ];
  // What was asked since the files were changed goes back with them.
  const messages = report?.messages ?? turns;
  if (restore !== "code") {
    if (isSure) context.submit({ type: "rollback", turns: messages });
    lines.push(
      messages === 1
        ? "your last message and what followed are removed"
        : `your last ${messages} messages and what followed are removed`,
    );
  }
  const again = `/undo ${args === "" ? "" : `${args} `}yes`;
  context.say([
    isSure ? `Undone: ${what}` : `This would undo ${what}:`,
    ...lines.map((line) => `  ${line}`),
    ...(isSure ? [] : [`Confirm with ${again}`]),
  ]);
}

// A command may have changed thousands; `rondo undo --dry-run` lists them all.
function firstOf(lines: readonly string[]): readonly string[] {
  const rest = lines.length - UNDO_LINES;
  return rest <= 0
    ? lines
    : [...lines.slice(0, UNDO_LINES), `and ${rest} more`];
}

// A user who wants files back must not lose messages instead.
function refuseUndo(
  { services, state }: SlashContext,
  { restore }: UndoRequest,
  report: UndoReport | undefined,
): string | undefined {
  const isTalked = services.messageCount(state.threadId) > 0;
  if (report === undefined) {
    return isTalked ? undefined : "Nothing to undo";
  }
  const isKept = report.messages !== undefined ||
    report.changes.length + report.conflicts.length > 0;
  if (isKept) return undefined;
  const files =
    "Nothing to undo in files: this conversation has not changed any";
  return restore === "both" && isTalked
    ? `${files}. /undo chat removes your last message`
    : files;
}

async function runExport(context: SlashContext, args: string): Promise<void> {
  const words = splitArgs(args);
  const format = words[0] === "jsonl" ? "jsonl" : "markdown";
  const path = words.find((word) => word !== "jsonl" && word !== "markdown");
  const written = await context.services.exportThread(context.state.threadId, {
    format,
    ...(path !== undefined && { path }),
  });
  context.say([`Written to ${written}`]);
}
