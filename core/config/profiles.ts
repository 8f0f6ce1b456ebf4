/** The names of the profiles a person has. */
import type { Host } from "../protocol/host.ts";
import { isTable, valueAt } from "./file/toml.ts";
import { readLayer } from "./load_layer.ts";

const FILE = /^(.+)\.config\.toml$/;

/** Tables of `config.toml`, then files of their own. Throws UserError. */
export async function listProfiles(
  host: Host,
  codexHome: string,
): Promise<readonly string[]> {
  const file = await readLayer(host, "user", `${codexHome}/config.toml`);
  const tables = file === undefined ? {} : valueAt(file.tree, ["profiles"]);
  const entries = await host.files.list(codexHome).catch(() => []);
  return [
    ...new Set([
      ...(isTable(tables) ? Object.keys(tables) : []),
      ...entries.flatMap(({ name }) => FILE.exec(name)?.[1] ?? []).sort(),
    ]),
  ];
}
