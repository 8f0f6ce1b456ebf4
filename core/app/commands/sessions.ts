/** `rondo sessions …`: the recorded threads, looked at and kept in order. */
import { loadConfig } from "../../config/load.ts";
import { openSqlite } from "../../host/sqlite.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import {
  errorText,
  SessionError,
  usageError,
  UserError,
} from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { askYesNo } from "../../frontends/cli/ask.ts";
import type { PruneReport } from "../../contract/reports.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { parseLogName } from "../../session/log/files.ts";
import {
  loadCacheTable,
  renderCacheTable,
} from "../../session/library/cache.ts";
import {
  archiveSession,
  deleteSession,
  pruneSessions,
  renameSession,
  renderPrune,
  unarchiveSession,
} from "../../session/library/edit.ts";
import { exportSession } from "../../session/library/export.ts";
import { findSession } from "../../session/library/find.ts";
import { listSessions, renderSessionList } from "../../session/library/list.ts";
import {
  renderCheck,
  renderRepair,
  repairSession,
  verifySession,
} from "../../session/library/repair.ts";
import { renderSearch, searchSessions } from "../../session/library/search.ts";
import {
  loadSessionView,
  renderSessionView,
} from "../../session/library/view.ts";
import { exitCode } from "../../contract/exit_code.ts";
import { resolvePath } from "../../util/path.ts";
import { type Printer, printLines } from "../print.ts";
import { secretValues } from "./export_file.ts";

/** What every command here works with. */
interface SessionsContext {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly codexHome: string;
  /** The folder whose sessions are meant, undefined for all. */
  readonly cwd: string | undefined;
  readonly print: Printer;
}

type SessionCommand = Extract<
  CommandLine["command"],
  `sessions ${string}`
>;

/** Runs one of them and resolves to the exit code. Throws UserError and SessionError. */
export async function runSessionCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const loaded = await loadConfig(host, {
    canAsk: false,
    ...(commandLine.flags.cd !== undefined && { cwd: commandLine.flags.cd }),
  });
  if (loaded.codexHome === undefined) {
    throw new UserError(
      "session",
      "Cannot list sessions: no home folder",
    );
  }
  const context: SessionsContext = {
    host,
    terminal,
    codexHome: loaded.codexHome,
    cwd: commandLine.flags.all ? undefined : loaded.cwd,
    print: printLines(terminal, commandLine.flags.json ?? false),
  };
  return await COMMANDS[commandLine.command as SessionCommand](
    context,
    commandLine,
    secretValues(host, loaded),
  );
}

type Run = (
  context: SessionsContext,
  commandLine: CommandLine,
  secrets: readonly string[],
) => Promise<number>;

const COMMANDS: Readonly<Record<SessionCommand, Run>> = {
  "sessions list": async (context, { flags }) => {
    const { host, codexHome, cwd, terminal } = context;
    const listing = await listSessions(host, {
      codexHome,
      ...(cwd !== undefined && { cwd }),
      ...(flags.limit !== undefined && { limit: flags.limit }),
      withArchived: flags.archived ?? false,
    });
    const { columns } = terminal.stdout;
    return await context.print(
      listing,
      () => renderSessionList(listing, { now: host.now(), columns }),
    );
  },
  "sessions show": async (context, { args, flags }) => {
    const view = await loadSessionView(
      context.host.files,
      await find(context, args),
      {
        full: flags.full ?? false,
      },
    );
    return await context.print(view, () => renderSessionView(view));
  },
  "sessions search": async (context, { args, flags }) => {
    const found = await searchSessions(context.host, {
      codexHome: context.codexHome,
      openSql: openSqlite,
      words: args,
      ...(context.cwd !== undefined && { cwd: context.cwd }),
      ...(flags.limit !== undefined && { limit: flags.limit }),
    });
    return await context.print(found, () => renderSearch(found));
  },
  "sessions rename": async (context, { args }) => {
    const { host, codexHome } = context;
    const name = args[1] ?? "";
    await renameSession(host, await find(context, args), { codexHome, name });
    return 0;
  },
  "sessions archive": async (context, { args }) => {
    const { host, codexHome } = context;
    const path = await archiveSession(host, await find(context, args), {
      codexHome,
    });
    const { id = "" } = parseLogName(path) ?? {};
    return await context.print({ path }, () => [
      `Archived as ${path}`,
      `${PROGRAM} sessions unarchive ${id} takes it back`,
    ]);
  },
  "sessions unarchive": async (context, { args }) => {
    const { host, codexHome } = context;
    const path = await unarchiveSession(host, await find(context, args), {
      codexHome,
    });
    return await context.print({ path }, () => [`Listed again as ${path}`]);
  },
  "sessions delete": async (context, { args, flags }) => {
    const { host, codexHome } = context;
    const path = await find(context, args);
    const isSure = flags.yes ??
      await askYesNo(context.terminal, `Delete ${path} for good?`);
    if (isSure === undefined) {
      throw usageError(
        `Cannot delete ${path}: not confirmed, must be called with --yes`,
      );
    }
    if (!isSure) return await context.print({}, () => ["Nothing was deleted"]);
    await deleteSession(host, path, { codexHome });
    return await context.print({ path }, () => [`Deleted ${path}`]);
  },
  "sessions export": async (context, { args, flags }, secrets) => {
    const path = await find(context, args);
    const pieces = exportSession(context.host.files, path, {
      format: flags.format ?? "markdown",
      full: flags.full ?? false,
      secrets,
      warn: (message) => context.terminal.stderr.write(`Warning: ${message}\n`),
    });
    const isWhole = await writePieces(context, pieces, flags.output);
    await context.terminal.stderr.flush();
    return isWhole ? 0 : exitCode("failed");
  },
  "sessions verify": async (context, { args }) => {
    const check = await verifySession(context.host, await find(context, args));
    await context.print(check, () => renderCheck(check));
    return check.problems.length === 0 ? 0 : exitCode("session");
  },
  "sessions repair": async (context, { args, flags }) => {
    const repair = await repairSession(
      context.host,
      await find(context, args),
      {
        dryRun: flags.dryRun ?? false,
      },
    );
    return await context.print(repair, () => renderRepair(repair));
  },
  "sessions prune": async (context, { flags }) => {
    const prune = (dryRun: boolean): Promise<PruneReport> =>
      pruneSessions(context.host, {
        codexHome: context.codexHome,
        olderThanMs: flags.olderThanMs ?? LIMITS.sessionKeepMs,
        dryRun,
      });
    const report = await prune(flags.dryRun ?? !flags.yes);
    const isOpen = report.dryRun && !flags.dryRun;
    const hint = isOpen ? ["Nothing was deleted; pass --yes to delete"] : [];
    if (!isOpen || flags.json || report.removed.length === 0) {
      return await context.print(
        report,
        () => [...renderPrune(report), ...hint],
      );
    }
    await context.print(report, () => renderPrune(report));
    const isSure = await askYesNo(context.terminal, "Delete them for good?");
    if (!isSure) return await context.print({}, () => hint);
    const done = await prune(false);
    return await context.print(done, () => renderPrune(done).slice(-1));
  },
  "sessions cache": async (context, { args }) => {
    const rows = await loadCacheTable(
      context.host.files,
      await find(context, args),
    );
    return await context.print(rows, () => renderCacheTable(rows));
  },
};

async function find(
  context: SessionsContext,
  args: readonly string[],
): Promise<string> {
  const { host, codexHome } = context;
  return await findSession(host, {
    codexHome,
    ...(args[0] !== undefined && { name: args[0] }),
  });
}

// False when the reader left early.
async function writePieces(
  context: SessionsContext,
  pieces: AsyncIterable<string>,
  output: string | undefined,
): Promise<boolean> {
  if (output === undefined) {
    const { stdout } = context.terminal;
    for await (const piece of pieces) {
      stdout.write(piece);
      if (!await stdout.flush()) return false;
    }
    return true;
  }
  await writeFile(context.host, resolvePath(context.host.cwd, output), pieces);
  return true;
}

// Into another file first: the session may be exported onto itself.
async function writeFile(
  { files, newId }: Host,
  path: string,
  pieces: AsyncIterable<string>,
): Promise<void> {
  const stat = await files.stat(path);
  const isPlain = stat === undefined || stat.isFile;
  const aside = isPlain ? `${path}.${newId()}` : path;
  try {
    const file = await files.openAppend(aside, { mode: 0o600 });
    try {
      for await (const piece of pieces) file.write(piece);
      if (isPlain) file.sync();
    } finally {
      file.close();
    }
    if (isPlain) await files.rename(aside, path);
  } catch (error) {
    if (isPlain) await files.remove(aside).catch(() => undefined);
    throw error instanceof SessionError
      ? error
      : new SessionError(`Cannot write ${path}: ${errorText(error)}`);
  }
}
