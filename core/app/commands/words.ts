/** `rondo completion words`: what a shell offers that only this machine knows. */
import { featureNames } from "../../config/file/fates.ts";
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import { listProfiles } from "../../config/profiles.ts";
import { knownModels } from "../../config/provider/model_list.ts";
import {
  isOpenaiService,
  providerOf,
} from "../../config/provider/providers.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { listSessions } from "../../session/library/list.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { printLines } from "../print.ts";

/** A word, and what it is: empty where that is plain. */
type Row = readonly [word: string, about: string];

/** A word a line, what it is behind a tab. Resolves to the exit code. Throws UserError. */
export async function runWordsCommand(
  { args }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const loaded = await loadConfig(host, { canAsk: false });
  const list = LISTS[args[0] ?? ""];
  const rows = list === undefined ? [] : await list(host, loaded);
  const lines = rows.filter(([word]) => !/[\t\n]/.test(word))
    .map(([word, about]) => about === "" ? word : `${word}\t${about}`);
  return await printLines(terminal, false)(lines, () => lines);
}

const LISTS: Readonly<
  Record<string, (host: Host, loaded: LoadedConfig) => Promise<Row[]>>
> = {
  profiles: async (host, { codexHome }) =>
    codexHome === undefined
      ? []
      : (await listProfiles(host, codexHome)).map(plain),
  sessions: async (host, { codexHome, cwd }) => {
    if (codexHome === undefined) return [];
    const { sessions } = await listSessions(host, {
      codexHome,
      withArchived: true,
    });
    return sessions.toSorted((a, b) =>
      Number(b.cwd === cwd) - Number(a.cwd === cwd)
    ).flatMap(({ id, name, title }): Row[] => {
      const about = visibleLine(title, 60);
      return [...(name === undefined ? [] : [[name, about] as const]), [
        id,
        about,
      ]];
    });
  },
  models: (host, { config, catalog }) =>
    Promise.resolve(
      knownModels(config, catalog, {
        isOpenai: isOpenaiService(providerOf(config, host)),
      }).map(({ slug }) => plain(slug)),
    ),
  providers: (_, { config }) =>
    Promise.resolve(Object.keys(config.model_providers).map(plain)),
  servers: (_, { config }) =>
    Promise.resolve(Object.keys(config.mcp_servers).map(plain)),
  features: () => Promise.resolve(featureNames().map(plain)),
};

function plain(word: string): Row {
  return [word, ""];
}
