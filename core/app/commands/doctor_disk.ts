/** What doctor looks at on the disk: room, rights, and programs that commands need. */
import { errorCode, errorReason } from "../../protocol/error.ts";
import type { Files, Host } from "../../protocol/host.ts";
import { findProgram } from "../../util/find_program.ts";
import { dirname } from "../../util/path.ts";
import type { Check } from "./check.ts";

/** As much as a short session takes. */
const TRIED_BYTES = 64 * 1024;

/** What is worse without it. `sh` runs every command. */
const PROGRAMS: Readonly<Record<string, string>> = {
  sh: "no command can run: install a shell (dash, busybox)",
  bash: "models write for bash: install bash",
  git: "no diffs and no reviews of changes: install git",
};

/** The folder itself, or the first above it that exists: there it would be made. */
export async function nearestThere(
  files: Pick<Files, "stat">,
  folder: string,
): Promise<string> {
  let at = folder;
  while (at !== "/" && await files.stat(at) === undefined) at = dirname(at);
  return at;
}

/** Why nothing of some size can be written there; undefined when it can. */
export async function findWriteProblem(
  host: Pick<Host, "files" | "newId">,
  folder: string,
): Promise<string | undefined> {
  const path = `${folder}/.doctor-${host.newId()}`;
  try {
    await host.files.writeTemporary(path, " ".repeat(TRIED_BYTES));
    return undefined;
  } catch (error) {
    return errorCode(error) === "ENOSPC"
      ? "the disk is full"
      : `not writable: ${errorReason(error)}`;
  } finally {
    await host.files.remove(path).catch(() => {});
  }
}

/** What helps against a problem of `findWriteProblem()`. */
export function remedyOf(problem: string): string {
  return problem === "the disk is full"
    ? "make room, or set CODEX_HOME to a folder on another disk"
    : "set CODEX_HOME to a folder that you can write to";
}

/** Whether commands find what they usually need, and room for temporary files. */
export async function checkMachine(host: Host): Promise<readonly Check[]> {
  return await Promise.all([checkPrograms(host), checkTemporary(host)]);
}

async function checkPrograms(host: Host): Promise<Check> {
  const path = host.env("PATH");
  const found = await Promise.all(
    Object.keys(PROGRAMS).map(async (name) => {
      const place = await findProgram(name, {
        files: host.files,
        path,
        writable: [],
      });
      return [name, place ?? null] as const;
    }),
  );
  const missing = found.filter(([, place]) => place === null)
    .map(([name]) => name);
  return {
    name: "programs",
    status: missing.length === 0 ? "ok" : "warning",
    summary: missing.length === 0
      ? `${Object.keys(PROGRAMS).join(", ")} are there`
      : `missing: ${missing.join(", ")}`,
    lines: missing.map((name) => `${name}: ${PROGRAMS[name]}`),
    facts: { programs: Object.fromEntries(found) },
  };
}

async function checkTemporary(host: Host): Promise<Check> {
  const folder = host.env("TMPDIR") || "/tmp";
  const problem = await findWriteProblem(host, folder);
  return {
    name: "temporary",
    status: problem === undefined ? "ok" : "warning",
    summary: problem === undefined
      ? `${folder} is writable`
      : `${folder}: ${problem}`,
    lines: problem === undefined
      ? []
      : ["make room, or set TMPDIR to another folder"],
    facts: { folder, problem: problem ?? null },
  };
}
