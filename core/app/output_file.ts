/** Files that a run writes at its end: whether it will be able to, before anything is paid. */
import type { Flags } from "../contract/command_line.ts";
import { errorText, usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { dirname, resolvePath } from "../util/path.ts";

type FileHost = Pick<Host, "cwd" | "files">;

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
  { files }: FileHost,
  path: string,
): Promise<string | undefined> {
  try {
    const stat = await files.stat(path);
    if (stat?.isDirectory) return "it is a folder, must be a file";
    if (stat?.isFile) {
      await (await files.openAppend(path)).close();
    }
    if (stat !== undefined) return undefined;
    const folder = dirname(path);
    if (!(await files.stat(folder))?.isDirectory) {
      return `there is no folder ${folder}, must exist`;
    }
    await files.write(path, "", { exclusive: true });
    await files.remove(path);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
