/** The services of the conversation, each part wired to what does it. */

import { LIMITS } from "../../protocol/limits.ts";
import { contextServices } from "./context.ts";
import type { ReplDesk } from "./open_threads.ts";
import { fileServices } from "./files.ts";
import { settingsServices } from "./settings.ts";
import { startServices } from "./start.ts";
import { threadServices } from "./threads.ts";
import type { ReplServices } from "../../frontends/conversation/services.ts";

/** All of them, for one run of the program. */
export function createReplServices(desk: ReplDesk): ReplServices {
  return {
    history: historyOf(desk),
    ...startServices(desk),
    ...threadServices(desk),
    ...settingsServices(desk),
    ...fileServices(desk),
    ...contextServices(desk),
  };
}

function historyOf(desk: ReplDesk): ReplServices["history"] {
  const { config, codexHome } = desk.world.loaded;
  const isKept = config.history.persistence === "save-all" &&
    desk.commandLine.flags.ephemeral !== true;
  if (!isKept || codexHome === undefined) return undefined;
  return {
    path: `${codexHome}/history.jsonl`,
    bytesMax: config.history.max_bytes ?? LIMITS.historyBytes,
  };
}
