/** Before the first message: is there a key, are the project and its hooks trusted. */
import { createAuth } from "../../config/provider/auth.ts";
import type { HookSource } from "../../config/hooks.ts";
import { providerOf } from "../../config/provider/providers.ts";
import { saveTrust } from "../../config/trust.ts";
import { errorText, UserError } from "../../protocol/error.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { saveHookTrust } from "../hooks.ts";
import type { OpenThreads } from "./open_threads.ts";
import type {
  MissingKey,
  StartServices,
  TrustQuestion,
} from "../../frontends/conversation/services.ts";

/** The provider unless another one is configured. */
const DEFAULT_PROVIDER = "openai";

const CONSEQUENCE =
  "If you trust it, commands may edit files here (inside the sandbox) and its .codex/ settings apply. If not, rondo asks before any command not known to be read-only.";

/** The services before a thread is open. */
export function startServices(threads: OpenThreads): StartServices {
  let asked: readonly HookSource[] = [];
  return {
    checkReady: () => checkReady(threads),
    trustQuestion: () => {
      const { loaded, undecidedHooks } = threads.runtime;
      const { bypass, ignoreUserConfig } = threads.commandLine.flags;
      asked = [];
      if (loaded.codexHome === undefined || ignoreUserConfig) {
        return undefined;
      }
      if (loaded.trust.level === undefined && !bypass) {
        const { folder } = loaded.trust;
        return { folder, consequence: CONSEQUENCE };
      }
      asked = undecidedHooks;
      return hooksQuestion(undecidedHooks);
    },
    saveTrust: async ({ folder }, isTrusted) => {
      const { codexHome } = threads.runtime.loaded;
      if (asked.length > 0) {
        const decided = { sources: asked, trusted: isTrusted };
        await saveHookTrust(threads.host, codexHome, decided);
      } else {
        await saveTrust(threads.host, codexHome, {
          folder,
          level: isTrusted ? "trusted" : "untrusted",
        });
      }
      await threads.reload();
    },
  };
}

function hooksQuestion(
  sources: readonly HookSource[],
): TrustQuestion | undefined {
  const [first] = sources;
  if (first === undefined) return undefined;
  const commands = sources.flatMap(({ hooks }) =>
    hooks.map(({ event, command }) => `${event}: ${visibleLine(command, 80)}`)
  );
  return {
    folder: sources.map(({ place }) => place).join(", "),
    consequence:
      `If you trust them, these project hooks run outside the sandbox until they change: ${
        commands.join("; ")
      }.`,
  };
}

// The key itself is asked for: an empty variable and a broken auth.json show here too.
async function checkReady(
  threads: OpenThreads,
): Promise<MissingKey | undefined> {
  const { host, runtime } = threads;
  const provider = providerOf(runtime.loaded.config, host);
  try {
    await createAuth(host, provider, runtime.loaded.codexHome).token();
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || error.kind !== "auth") throw error;
    const home = runtime.loaded.codexHome ?? "~/.codex";
    return {
      message: errorText(error).split("\n")[0] ?? "",
      isChosen: provider.id !== DEFAULT_PROVIDER,
      configPath: `${home}/config.toml`,
    };
  }
}
