/** `-o FILE`: the last message in a file, written whole or not at all. */
import { errorCode, errorReason } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { dirname, resolvePath } from "../../util/path.ts";

/** Writes the text, also an empty one; never throws. */
export async function writeLastMessage(
  host: Pick<Host, "files" | "newId" | "cwd">,
  path: string,
  text: string,
): Promise<{ readonly isWritten: boolean; readonly warnings: string[] }> {
  const warnings = text === "" ? [`No last message: ${path} is empty`] : [];
  try {
    await writeWhole(host, resolvePath(host.cwd, path), text);
    return { isWritten: true, warnings };
  } catch (error) {
    const problem = `Cannot write the last message to ${path}: ${
      errorReason(error)
    }; it stands on stdout and in the session`;
    return { isWritten: false, warnings: [problem] };
  }
}

// A file may be writable in a folder that is not, and one that is mounted cannot be replaced.
const NO_DRAFT = new Set(["EACCES", "EPERM", "EROFS", "EBUSY", "EXDEV"]);

// A device or pipe is written as it is: a rename would put a file in its place.
async function writeWhole(
  host: Pick<Host, "files" | "newId">,
  path: string,
  text: string,
): Promise<void> {
  const { files } = host;
  const isDevice = /^\/(dev|proc)\//.test(path);
  const stat = isDevice ? undefined : await files.stat(path);
  if (isDevice || (stat && !stat.isFile && !stat.isDirectory)) {
    return await files.writePipe(path, text);
  }
  const target = stat === undefined ? path : await files.realPath(path);
  const draft = `${dirname(target)}/.${host.newId()}`;
  try {
    await files.write(draft, text, {
      exclusive: true,
      ...(stat !== undefined && { mode: stat.mode }),
    });
    await files.rename(draft, target);
  } catch (error) {
    await files.remove(draft).catch(() => {});
    if (stat === undefined || !NO_DRAFT.has(errorCode(error) ?? "")) {
      throw error;
    }
    await files.write(target, text);
  }
}
