/** Before the first message: can the model be asked, is the project trusted. */
import { createAuth } from "../config/auth.ts";
import { providerOf } from "../config/providers.ts";
import { saveTrust } from "../config/trust.ts";
import type { StartServices } from "../frontends/repl_services.ts";
import { errorText, UserError } from "../protocol/error.ts";
import type { ReplDesk } from "./repl_desk.ts";

const CONSEQUENCE =
  "With a yes, commands may change files in it inside the sandbox, and its .codex/ settings and rules count; with a no, every command that is not known to be harmless is asked about.";

/** The services before a thread is open. */
export function startServices(desk: ReplDesk): StartServices {
  return {
    checkReady: () => checkReady(desk),
    trustQuestion: () => {
      const { trust, codexHome } = desk.world.loaded;
      const { bypass, ignoreUserConfig } = desk.commandLine.flags;
      const isPointless = trust.level !== undefined || bypass ||
        ignoreUserConfig || codexHome === undefined;
      return Promise.resolve(
        isPointless
          ? undefined
          : { folder: trust.folder, consequence: CONSEQUENCE },
      );
    },
    saveTrust: async ({ folder }, isTrusted) => {
      await saveTrust(desk.host, desk.world.loaded.codexHome, {
        folder,
        level: isTrusted ? "trusted" : "untrusted",
      });
      await desk.reload();
    },
  };
}

// The key itself is asked for: an empty variable and a broken auth.json show here too.
async function checkReady(desk: ReplDesk): Promise<string | undefined> {
  const { host, world } = desk;
  const provider = providerOf(world.loaded.config, host);
  try {
    await createAuth(host, provider, world.loaded.codexHome).token();
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || error.kind !== "auth") throw error;
    return errorText(error).split("\n")[0];
  }
}
