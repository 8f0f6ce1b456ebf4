/** Writes a session to a file of the user's choice. */
import { secretNames } from "../../config/secrets.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { errorCode, errorText, SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { exportSession } from "../../session/library/export.ts";

/** Values of the configured keys: they leave no machine. */
export function secretValues(
  host: Pick<Host, "env">,
  { config }: Pick<LoadedConfig, "config">,
): readonly string[] {
  return secretNames(config).flatMap((name) => host.env(name) ?? []);
}

/** Writes a new file, readable by its owner alone. Throws SessionError; replaces nothing. */
export async function writeExport(
  host: Pick<Host, "files">,
  request: {
    readonly logPath: string;
    readonly output: string;
    readonly format: "markdown" | "jsonl";
    readonly secrets: readonly string[];
  },
): Promise<void> {
  const { logPath, output, format, secrets } = request;
  const pieces = exportSession(host.files, logPath, {
    format,
    full: false,
    secrets,
  });
  await createEmpty(host, output);
  const file = await host.files.openAppend(output);
  try {
    for await (const piece of pieces) file.write(piece);
    file.sync();
  } finally {
    file.close();
  }
}

async function createEmpty(
  host: Pick<Host, "files">,
  path: string,
): Promise<void> {
  try {
    await host.files.write(path, "", { mode: 0o600, exclusive: true });
  } catch (error) {
    const why = errorCode(error) === "EEXIST"
      ? "the file exists"
      : errorText(error);
    throw new SessionError(`Cannot write ${path}: ${why}`);
  }
}
