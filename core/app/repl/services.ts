/** The services of a conversation, put together from their parts. */

import { LIMITS } from "../../protocol/limits.ts";
import { contextServices } from "./context.ts";
import type { OpenThreads } from "./open_threads.ts";
import { fileServices } from "./files.ts";
import { settingsServices } from "./settings.ts";
import { startServices } from "./start.ts";
import { threadServices } from "./threads.ts";
import type { ReplServices } from "../../frontends/conversation/services.ts";

/** All of them, for one run of the program. */
export function createReplServices(threads: OpenThreads): ReplServices {
  return {
    history: historyOf(threads),
    ...startServices(threads),
    ...threadServices(threads),
    ...settingsServices(threads),
    ...fileServices(threads),
    ...contextServices(threads),
  };
}

function historyOf(threads: OpenThreads): ReplServices["history"] {
  const { config, codexHome } = threads.runtime.loaded;
  const isKept = config.history.persistence === "save-all" &&
    threads.commandLine.flags.ephemeral !== true;
  if (!isKept || codexHome === undefined) return undefined;
  return {
    path: `${codexHome}/history.jsonl`,
    bytesMax: config.history.max_bytes ?? LIMITS.historyBytes,
  };
}
