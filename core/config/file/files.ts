/** Files of the configuration: read if there, replaced whole or not at all. */
import { configError, errorReason, isAbsent } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { dirname } from "../../util/path.ts";
import { renderTomlEdits, type TomlEdit } from "./edit.ts";

/** The text of a file; undefined when there is none. Unreadable or huge is a UserError. */
export async function readOptional(
  host: Host,
  path: string,
): Promise<string | undefined> {
  try {
    // Most of these files are nowhere: a look costs less than an error.
    if (await host.files.stat(path) === undefined) return undefined;
    const bytesMax = LIMITS.configBytes;
    const text = await host.files.readText(path, { bytesMax });
    return text.replace(/^\ufeff/, "");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw configError(`Cannot read ${path}: ${errorReason(error)}`);
  }
}

/**
 * Replaces a file in one step, through a new file beside it. A link stays a link. The
 * mode is the old file's unless one is given; new files are for their owner only.
 */
export async function writeWhole(
  host: Host,
  path: string,
  text: string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  try {
    const stat = await host.files.stat(path);
    const target = stat === undefined ? path : await host.files.realPath(path);
    const mode = options.mode ?? (stat?.mode || 0o600);
    await host.files.mkdir(dirname(target), { mode: 0o700 });
    const fresh = `${target}.${host.newId()}`;
    await host.files.write(fresh, text, { mode, exclusive: true });
    try {
      await host.files.chmod(fresh, mode);
      await host.files.rename(fresh, target);
    } catch (error) {
      await host.files.remove(fresh);
      throw error;
    }
  } catch (error) {
    throw configError(`Cannot write ${path}: ${errorReason(error)}`);
  }
}

/** Edits a TOML file and keeps all else in it; a missing one begins empty. */
export async function editConfigFile(
  host: Host,
  path: string,
  edits: readonly TomlEdit[],
): Promise<void> {
  const text = await readOptional(host, path) ?? "";
  const edited = renderTomlEdits(text, edits, path);
  if (edited !== text) await writeWhole(host, path, edited);
}
