/** `rondo apply`: takes over the patch of a staged run, or any other in git's form. */
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { exitCode } from "../../contract/exit_code.ts";
import {
  errorCode,
  errorReason,
  SessionError,
  usageError,
} from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { type Terminal, TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import { findSession } from "../../session/library/find.ts";
import { parseLogName } from "../../session/log/files.ts";
import { stagePatchPath } from "../../staging/kept.ts";
import { concatBytes } from "../../util/bytes.ts";
import { resolvePath } from "../../util/path.ts";
import { findProjectRoot } from "../../util/project_root.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { realFolder } from "../runtime.ts";
import { type Applied, applyPatch } from "./apply.ts";
import { findPatch, markApplied } from "./patches.ts";

const LETTERS = { add: "A", update: "M", delete: "D" } as const;

/** Prints what was changed; 1 when nothing was, because it does not fit. Throws UserError. */
export async function runApplyCommand(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const cwd = await realFolder(host, flags.cd ?? ".");
  const loaded = await loadConfig(host, { flags, cwd, canAsk: false });
  const found = await readPatch(host, terminal, { loaded, word: args[0] });
  const stat = (path: string): ReturnType<Host["files"]["stat"]> =>
    host.files.stat(path);
  const root = await findProjectRoot(stat, cwd, [".git"]) ?? cwd;
  const isReverse = flags.reverse ?? false;
  const isCheck = flags.check ?? false;
  const { bytes, path } = found;
  const release = isCheck ? () => {} : outlastSignals(terminal);
  const applied = await applyPatch(host, loaded, {
    root,
    bytes,
    isReverse,
    isCheck,
  }).finally(release);
  const isDone = applied.type === "applied";
  if (isDone && !isCheck && found.isKept) {
    await markApplied(host, path, !isReverse);
  }
  const out = isDone ? terminal.stdout : terminal.stderr;
  out.write(
    renderApplied(applied, isCheck).map((line) => `${line}\n`).join(""),
  );
  await out.flush();
  return exitCode(isDone ? "done" : "failed");
}

// Who is ended in the middle of it leaves half a patch. The time it may take is bounded.
function outlastSignals({ onSignal, stderr }: Terminal): () => void {
  let isTold = false;
  const tell = (): void => {
    if (!isTold) {
      stderr.write(
        "The patch is taken over as a whole: it goes on to its end\n",
      );
    }
    isTold = true;
  };
  const undo = (["SIGINT", ...TERMINATING_SIGNALS] as const)
    .map((signal) => onSignal(signal, tell));
  return () => undo.forEach((one) => one());
}

function renderApplied(applied: Applied, isCheck: boolean): readonly string[] {
  switch (applied.type) {
    case "applied": {
      const { changed, notes } = applied;
      if (changed.length === 0) return ["Nothing to change"];
      return [
        ...changed.map(({ kind, path }) =>
          `${LETTERS[kind]} ${visibleLine(path, 200)}`
        ),
        ...notes,
        ...(isCheck ? ["It fits; nothing was changed"] : []),
      ];
    }
    case "conflicts":
      return [
        "Error: Cannot apply the patch: it does not fit, nothing was changed:",
        ...applied.conflicts.map(({ path, line, reason }) => {
          const place = line === undefined ? "" : `:${line}`;
          return `  ${visibleLine(path, 200)}${place}: ${reason}`;
        }),
      ];
    case "failed":
      return [`Error: Cannot apply the patch: ${applied.message}`];
  }
}

interface FoundPatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly path: string;
  /** Of a session. */
  readonly isKept: boolean;
}

async function readPatch(
  host: Host,
  terminal: Terminal,
  { loaded: { codexHome, cwd }, word }: {
    readonly loaded: LoadedConfig;
    readonly word: string | undefined;
  },
): Promise<FoundPatch> {
  if (word === "-") {
    return { bytes: await readStdin(terminal), path: word, isKept: false };
  }
  const named = word === undefined
    ? undefined
    : await readFile(host, resolvePath(host.cwd, word));
  const kept = word === undefined || codexHome === undefined
    ? undefined
    : await findPatch(host, codexHome, word);
  if (named !== undefined && kept !== undefined) {
    // A run could have left a file under the name of a session.
    throw usageError(
      `Cannot tell what to apply: ${word} is a file here and a session, must be one of them (./${word} is the file)`,
    );
  }
  if (named !== undefined) return { ...named, isKept: false };
  if (codexHome === undefined) {
    throw new SessionError("Cannot find a session: no home folder");
  }
  const path = kept ?? await sessionPatch(host, { codexHome, cwd, word });
  const found = await readFile(host, path);
  if (found !== undefined) return { ...found, isKept: true };
  throw usageError(
    `Cannot apply the patch of ${
      word ?? "the newest session here"
    }: it has none, must be of a run with --stage`,
  );
}

async function sessionPatch(
  host: Host,
  { codexHome, cwd, word }: {
    readonly codexHome: string;
    readonly cwd: string;
    readonly word: string | undefined;
  },
): Promise<string> {
  const log = await findSession(host, {
    codexHome,
    ...(word === undefined ? { cwd } : { name: word }),
  }).catch((error) => {
    if (word === undefined || !(error instanceof SessionError)) throw error;
    throw usageError(
      `Cannot apply ${
        visibleLine(word, 100)
      }: it is no file, and no session, must be a patch or a session`,
    );
  });
  const id = parseLogName(log)?.id ?? "";
  return stagePatchPath(codexHome, id);
}

async function readFile(
  { files }: Pick<Host, "files">,
  path: string,
): Promise<Pick<FoundPatch, "bytes" | "path"> | undefined> {
  try {
    const limits = { bytesMax: LIMITS.patchPlannedBytes, pipe: true };
    return { bytes: await files.readBytes(path, limits), path };
  } catch (error) {
    if (
      ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(errorCode(error) ?? "")
    ) {
      return undefined;
    }
    throw usageError(`Cannot read the patch ${path}: ${errorReason(error)}`);
  }
}

async function readStdin(
  { stdin }: Terminal,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await stdin.read();
    if (chunk === null) return concatBytes(chunks);
    chunks.push(chunk);
    size += chunk.length;
    if (size <= LIMITS.patchPlannedBytes) continue;
    throw usageError(
      `Cannot read the patch: it has more than ${LIMITS.patchPlannedBytes} bytes, must have fewer`,
    );
  }
}
