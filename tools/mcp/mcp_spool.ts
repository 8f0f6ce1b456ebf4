/** Where an answer that is too long for the model is kept as a whole. */
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { headBytes } from "../../core/util/text.ts";

/** Writes texts of a thread; undefined where that is not possible. */
export function openSpool(
  host: Pick<Host, "files" | "newId">,
  folder: string | undefined,
  threadId: string,
): (text: string) => Promise<string | undefined> {
  return async (text) => {
    if (folder === undefined) return undefined;
    const path = `${folder}/${threadId}/${host.newId()}.txt`;
    try {
      await host.files.mkdir(`${folder}/${threadId}`, { mode: 0o700 });
      await host.files.write(path, headBytes(text, LIMITS.spoolBytes), {
        mode: 0o600,
      });
      return path;
    } catch {
      // A read-only home is no reason to lose the answer.
      return undefined;
    }
  };
}
