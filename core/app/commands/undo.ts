/** `rondo undo` and `rondo rollback`: undo the last turns in files, conversation or both. */
import { loadConfig } from "../../config/load.ts";
import { typedText, withoutImages } from "../../context/format/tags.ts";
import { askYesNo } from "../../frontends/cli/ask.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { SessionError, usageError } from "../../protocol/error.ts";
import { exitCode } from "../../contract/exit_code.ts";
import type { Host } from "../../protocol/host.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import {
  type Checkpoints,
  createCheckpoints,
} from "../../session/undo/checkpoints.ts";
import { restoreThread } from "../../session/log/restore.ts";
import { readLockOwner } from "../../session/log/lock.ts";
import { rollbackSession } from "../../session/library/edit.ts";
import { parseLogName } from "../../session/log/files.ts";
import { findSession } from "../../session/library/find.ts";
import { renderUndoPlan, type UndoPlan } from "../../session/undo/kept/plan.ts";
import { visibleLine } from "../../util/text/visible_text.ts";

/** The session that is meant, and what was asked. */
interface Request {
  readonly host: Host;
  readonly codexHome: string;
  readonly logPath: string;
  readonly turns: number;
  readonly flags: CommandLine["flags"];
}

/** What was done or would be: lines for the user, and the exit code. */
interface Answer {
  readonly lines: readonly string[];
  readonly exitCode: number;
  /** Nobody has said yes; whether there is anything to do. */
  readonly isOpen?: boolean;
}

const DONE = "Done";
const HOW_TO = "Nothing was changed; pass --yes to do it";

/** Shows what would be taken back; does it with --yes. Throws UserError and SessionError. */
export async function runUndoCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const request = await readRequest(commandLine, host);
  const run = commandLine.command === "rollback" ? rollBack : undo;
  const print = async (lines: readonly string[]): Promise<void> => {
    terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    await terminal.stdout.flush();
  };
  const answer = await run(request);
  await print(answer.lines);
  if (answer.isOpen === undefined) return answer.exitCode;
  const isSure = answer.isOpen ? await askYesNo(terminal, "Do it?") : undefined;
  if (!isSure) {
    await print([isSure === undefined ? HOW_TO : "Nothing was changed"]);
    return answer.exitCode;
  }
  const flags = { ...request.flags, yes: true };
  const done = await run({ ...request, flags });
  await print(done.lines.slice(-1));
  return done.exitCode;
}

async function readRequest(
  { args, flags }: CommandLine,
  host: Host,
): Promise<Request> {
  const turns = parseTurns(args[0] ?? "1");
  const { codexHome, cwd } = await loadConfig(host, { canAsk: false });
  if (codexHome === undefined) {
    throw new SessionError("Cannot find a session: no home folder");
  }
  const logPath = await findSession(host, {
    codexHome,
    ...(args[1] !== undefined && { name: args[1] }),
    ...(flags.all ? {} : { cwd }),
  });
  return { host, codexHome, logPath, turns, flags };
}

function parseTurns(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usageError(`Cannot undo ${text} turns: must be a number from 1`);
}

async function undo(request: Request): Promise<Answer> {
  const checkpoints = openCheckpoints(request);
  const { turns } = request;
  const restore = request.flags.restore ?? "both";
  const plan = await checkpoints.preview(turns, forceOf(request));
  const chat = restore === "code"
    ? undefined
    : await describeChat(request, plan);
  return await takeBack(request, {
    checkpoints,
    turns: restore === "chat" ? undefined : turns,
    plan,
    chat,
  });
}

// The turns of the last messages, whether they changed files or not.
async function rollBack(request: Request): Promise<Answer> {
  const { turns, flags: { restore = "chat" } } = request;
  const messages = await loadMessages(request);
  const chat = restore === "code" ? undefined : chatPart(messages, turns);
  const checkpoints = openCheckpoints(request);
  if (restore === "chat" && chat?.turns === 0) {
    return preview(chat.lines, { isOpen: false, isDryRun: false });
  }
  const since = Math.max(0, messages.length - turns);
  const changed = restore === "chat" ? 0 : await checkpoints.countSince(since);
  const plan = await checkpoints.preview(changed, forceOf(request));
  const answer = await takeBack(request, {
    checkpoints,
    turns: restore === "chat" ? undefined : changed,
    plan,
    chat,
  });
  if (restore !== "chat" || answer.lines.at(-1) !== DONE) return answer;
  const lines = [
    ...answer.lines.slice(0, -1),
    `${DONE}; files were not changed`,
  ];
  return { ...answer, lines };
}

function openCheckpoints({ host, codexHome, logPath }: Request): Checkpoints {
  const threadId = parseLogName(logPath)?.id ?? "";
  return createCheckpoints(host, { codexHome, threadId });
}

function forceOf({ flags }: Request): { readonly force: boolean } {
  return { force: flags.force ?? false };
}

async function takeBack(request: Request, what: {
  readonly checkpoints: Checkpoints;
  /** Undefined leaves the files alone. */
  readonly turns: number | undefined;
  readonly plan: UndoPlan;
  /** Undefined leaves the conversation alone. */
  readonly chat: ChatPart | undefined;
}): Promise<Answer> {
  const { host, codexHome, flags, logPath } = request;
  const { checkpoints, turns, plan, chat } = what;
  const lines = [
    ...(turns === undefined ? [] : renderUndoPlan(plan)),
    ...(chat === undefined ? [] : chat.lines),
  ];
  const files = turns === undefined
    ? 0
    : plan.restore.length + plan.conflicts.length;
  const isOpen = files + (chat?.turns ?? 0) > 0;
  if (!flags.yes) {
    return preview(lines, { isOpen, isDryRun: flags.dryRun ?? false });
  }
  const blocked = plan.conflicts.filter((one) => one.isForceable);
  if (turns !== undefined && blocked.length > 0 && !flags.force) {
    const why = "Nothing was changed; pass --force to overwrite later edits";
    return { lines: [...lines, why], exitCode: exitCode("failed") };
  }
  await refuseOpen(request);
  if (turns !== undefined) await checkpoints.undo(turns, forceOf(request));
  if (chat !== undefined && chat.turns > 0) {
    await rollbackSession(host, logPath, { codexHome, turns: chat.turns });
  }
  return { lines: [...lines, DONE], exitCode: 0 };
}

// Who asked for no more needs no hint how to get it.
function preview(
  lines: readonly string[],
  { isOpen, isDryRun }: {
    readonly isOpen: boolean;
    readonly isDryRun: boolean;
  },
): Answer {
  return { lines, exitCode: 0, ...(!isDryRun && { isOpen }) };
}

interface ChatPart {
  /** User messages that go, with all that followed them. */
  readonly turns: number;
  readonly lines: readonly string[];
}

// The turns that changed files are those counted; questions asked since go with them.
async function describeChat(
  request: Request,
  plan: UndoPlan,
): Promise<ChatPart> {
  const messages = await loadMessages(request);
  if (plan.messagesBefore === undefined) {
    return chatPart(
      messages,
      request.flags.restore === "chat" ? request.turns : 0,
    );
  }
  return chatPart(messages, messages.length - plan.messagesBefore);
}

function chatPart(messages: readonly string[], wanted: number): ChatPart {
  const turns = Math.max(0, Math.min(wanted, messages.length));
  if (turns === 0) {
    return { turns, lines: ["The conversation does not change"] };
  }
  const gone = messages.slice(-turns);
  const count = turns === 1 ? "1 message" : `${turns} messages`;
  return {
    turns,
    lines: [
      `Removes from the conversation ${count} and what followed:`,
      ...gone.map((text) => `  > ${visibleLine(text, 70)}`),
    ],
  };
}

async function loadMessages(
  { host, logPath }: Request,
): Promise<readonly string[]> {
  const { thread } = await restoreThread(host.files, logPath);
  return thread.items.map((json): WireItem => JSON.parse(json))
    .filter((item) => typedText(item) !== undefined)
    .map(withoutImages);
}

// A turn that runs would see its files change.
async function refuseOpen({ host, logPath }: Request): Promise<void> {
  const owner = await readLockOwner(host, logPath);
  if (owner === undefined) return;
  throw new SessionError(
    `Cannot undo: the session is open in another process; use /undo there`,
  );
}
