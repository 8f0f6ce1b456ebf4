/** Files that a run writes at its end: whether it will be able to, before anything is paid. */
import type { Flags } from "../contract/command_line.ts";
import { errorText, usageError } from "../protocol/error.ts";
import type { FileStat, Host } from "../protocol/host.ts";
import { dirname, resolvePath } from "../util/path.ts";

type FileHost = Pick<Host, "cwd" | "files" | "newId">;

/** As much as most messages take: on a full disk a file without a byte can still be made. */
const PROBE_BYTES = 4_096;

/** Throws UserError "usage" for a file of `-o` or `--record` that cannot be written. */
export async function checkOutputs(
  host: FileHost,
  flags: Pick<Flags, "outputLastMessage" | "record">,
): Promise<void> {
  const outputs = [
    ["--output-last-message", flags.outputLastMessage],
    ["--record", flags.record],
  ] as const;
  for (const [flag, path] of outputs) {
    if (path === undefined) continue;
    const problem = path.endsWith("/")
      ? "it is a folder, must be a file"
      : await findProblem(host, resolvePath(host.cwd, path));
    if (problem === undefined) continue;
    throw usageError(
      `Cannot write ${flag} ${JSON.stringify(path)}: ${problem}`,
    );
  }
}

async function findProblem(
  { files, newId }: FileHost,
  path: string,
): Promise<string | undefined> {
  try {
    const stat = await files.stat(path);
    if (stat?.isDirectory) return "it is a folder, must be a file";
    if (stat?.special !== undefined) return await findMisfit(files, path, stat);
    if (stat?.isFile) {
      await (await files.openAppend(path)).close();
      return undefined;
    }
    const folder = dirname(path);
    if (!(await files.stat(folder))?.isDirectory) {
      return `there is no folder ${folder}, must exist`;
    }
    const draft = `${folder}/.${newId()}`;
    try {
      await files.write(draft, " ".repeat(PROBE_BYTES), { exclusive: true });
    } finally {
      await files.remove(draft).catch(() => {});
    }
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

// /dev/full takes no byte, a disk must not be overwritten: only the end of a run would tell.
async function findMisfit(
  files: Host["files"],
  path: string,
  { special }: FileStat,
): Promise<string | undefined> {
  if (special === "a named pipe" || /^\/(dev\/(fd\/|std)|proc\/)/.test(path)) {
    return undefined;
  }
  const real = await files.realPath(path);
  const isFit = special === "a device" &&
    /^\/dev\/(null|console|tty\w*|pts\/\d+)$/.test(real);
  return isFit
    ? undefined
    : `it is ${special}, must be a file, a pipe, a terminal or /dev/null`;
}
