/** Before the first message: can the model be asked, is the project trusted. */
import { createAuth } from "../../config/provider/auth.ts";
import { providerOf } from "../../config/provider/providers.ts";
import type { ProjectSource } from "../../config/trust/source.ts";
import { errorReason, errorText, UserError } from "../../protocol/error.ts";
import {
  answerFiles,
  answerFolder,
  canApprove,
  filesQuestion,
  folderQuestion,
} from "../trust/questions.ts";
import type { OpenThreads } from "./open_threads.ts";
import type {
  MissingKey,
  StartServices,
} from "../../frontends/conversation/services.ts";

/** The provider unless another one is configured. */
const DEFAULT_PROVIDER = "openai";

export function startServices(threads: OpenThreads): StartServices {
  const undecided = (): readonly ProjectSource[] =>
    threads.runtime.loaded.trust.sources.filter((one) =>
      one.decision === undefined && canApprove(one)
    );
  // Where nothing can be kept the answers hold for this conversation, and nothing is asked twice.
  let isUnkept = false;
  return {
    checkReady: () => checkReady(threads),
    trustQuestion: () => {
      const { loaded } = threads.runtime;
      const { bypass, ignoreUserConfig } = threads.commandLine.flags;
      const sources = undecided();
      const isSilent = loaded.codexHome === undefined || ignoreUserConfig ||
        isUnkept;
      return Promise.resolve(
        isSilent
          ? undefined
          : loaded.trust.level === undefined && !bypass
          ? folderQuestion(loaded)
          : sources.length > 0
          ? filesQuestion(loaded, sources)
          : undefined,
      );
    },
    saveTrust: async ({ about }, isYes) => {
      const { host, runtime: { loaded } } = threads;
      try {
        const text = about === "folder"
          ? await answerFolder(host, loaded, isYes)
          : await answerFiles(host, loaded, {
            sources: undecided(),
            isApproved: isYes,
          });
        await threads.reload();
        return text;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        isUnkept = true;
        const holds = about === "folder" && isYes;
        if (holds) await threads.trustForNow();
        return `${errorReason(error)}; ${
          holds ? "it holds for this conversation" : "nothing is approved"
        }`;
      }
    },
  };
}

// The key itself is asked for: an empty variable and a broken auth.json show here too.
async function checkReady(
  threads: OpenThreads,
): Promise<MissingKey | undefined> {
  const { host, runtime } = threads;
  const provider = providerOf(runtime.loaded.config, host);
  try {
    await createAuth(host, provider, runtime.loaded).token();
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
