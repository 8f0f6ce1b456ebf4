/** Before the first message: is there a key, is the project trusted. */
import { exitCode } from "../../contract/exit_code.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { shownText } from "../../util/text/visible_text.ts";
import type { MissingKey, StartServices } from "../conversation/services.ts";
import { type AnswerLines, askTrust } from "../conversation/trust_question.ts";

// To be copied as it stands; only what is in capitals has to be filled in.
const PROVIDER = `model = "MODEL"
model_provider = "mine"

[model_providers.mine]
name = "mine"
base_url = "https://HOST/v1"
env_key = "MINE_API_KEY"   # leave it out where no key is needed`;

/**
 * Resolves to an exit code when the conversation cannot begin. The terminal is still in
 * its line mode; without `answers` nobody can be asked.
 */
export async function prepareFirstRun(
  services: StartServices,
  terminal: Terminal,
  answers: AnswerLines | undefined,
): Promise<number | undefined> {
  const missing = await services.checkReady();
  if (missing !== undefined) {
    terminal.stderr.write(renderMissing(missing));
    return exitCode("auth");
  }
  if (answers !== undefined) await askTrust(services, terminal, answers);
  return undefined;
}

function renderMissing(missing: MissingKey): string {
  const { message, isChosen, configPath } = missing;
  if (isChosen) return `${shownText(message)}\n`;
  const lines = [
    `${shownText(message)}. One of these helps:`,
    `  OpenAI:    export OPENAI_API_KEY=sk-YOUR-KEY   (or ${PROGRAM} login --with-api-key)`,
    `  Ollama:    ${PROGRAM} --oss -m MODEL   (a model on this machine, no key)`,
    `  Any other: this in ${shownText(configPath)}:`,
    "",
    ...PROVIDER.split("\n").map((line) => line === "" ? "" : `    ${line}`),
  ];
  return `${lines.join("\n")}\n`;
}
