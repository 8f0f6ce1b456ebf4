/** Before the first message: can the model be asked, is the project trusted, are its hooks. */
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

/** Whose key is missing where nobody has named a provider. */
const DEFAULT_PROVIDER = "openai";

const CONSEQUENCE =
  "With a yes, commands may change files in it inside the sandbox, and its .codex/ settings and rules count; with a no, every command that is not known to be harmless is asked about.";

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
        return Promise.resolve(undefined);
      }
      if (loaded.trust.level === undefined && !bypass) {
        const { folder } = loaded.trust;
        return Promise.resolve({ folder, consequence: CONSEQUENCE });
      }
      asked = undecidedHooks;
      return Promise.resolve(hooksQuestion(undecidedHooks));
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
      `With a yes, these hooks of the project run outside the sandbox until they change: ${
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
