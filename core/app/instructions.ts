/** Words for the model from files that the configuration names. */
import { configError, errorReason } from "../protocol/error.ts";
import { isInside } from "../util/path.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Files, Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";

/** Where such files are named, and how they are read. */
export interface TextPlace {
  readonly host: Pick<Host, "files">;
  readonly loaded: LoadedConfig;
  /** What may be read for the model. */
  readonly files: Files;
}

/** The base instructions of the configuration, or undefined when it names none. */
export async function loadInstructions(
  place: TextPlace,
): Promise<string | undefined> {
  return await loadText(place, "model_instructions_file") ??
    await loadText(place, "experimental_instructions_file") ??
    place.loaded.config.instructions;
}

/**
 * The text of a file that a key names. One that cannot be used ends the run; one that a
 * project names must be the project's own. Throws UserError.
 */
export async function loadText(
  place: TextPlace,
  key:
    | "model_instructions_file"
    | "experimental_instructions_file"
    | "experimental_compact_prompt_file",
): Promise<string | undefined> {
  const { loaded: { config, projectRoot, origin }, files } = place;
  const path = config[key];
  if (path === undefined) return undefined;
  try {
    const text = (await (origin(key).layer === "project"
      ? readInside(files, path, projectRoot)
      : readOwn(place, path))).trim();
    if (text !== "") {
      return text;
    }
  } catch (error) {
    const why = errorReason(error);
    throw configError(`Cannot read ${key} ${path}: ${why}`);
  }
  throw configError(
    `Cannot use ${key} ${path}: the file is empty, must hold text`,
  );
}

async function readInside(
  files: Files,
  path: string,
  root: string,
): Promise<string> {
  const real = await files.realPath(path);
  if (isInside(real, root)) return await files.readText(real);
  throw new Error(`it leads to ${real}, must stay inside ${root}`);
}

// The person's own may be a pipe, which the view does not read.
async function readOwn(
  { host, files }: TextPlace,
  path: string,
): Promise<string> {
  await files.stat(path);
  const options = { bytesMax: LIMITS.promptBytes, pipe: true };
  return await host.files.readText(path, options);
}
