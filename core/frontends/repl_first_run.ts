/** Before the first message: is there a key, is the project trusted. */
import { exitCode } from "../protocol/exit_code.ts";
import { PROGRAM } from "../protocol/version.ts";
import type { Terminal } from "../protocol/terminal.ts";
import { visibleText } from "../util/visible_text.ts";
import type { StartServices } from "./repl_services.ts";

const ADVICE: readonly string[] = [
  `  OpenAI:    export OPENAI_API_KEY=…   (or ${PROGRAM} login --with-api-key)`,
  `  Ollama:    ${PROGRAM} --oss -m MODEL   (a model on this machine, no key)`,
  `  Any other: set model_provider and its base_url and env_key in config.toml`,
];

const QUESTIONS_MAX = 2;

/**
 * Resolves to an exit code when the conversation cannot begin. The terminal is still in
 * its line mode: `readLine` gives the next line, undefined at the end of input.
 */
export async function prepareFirstRun(
  services: StartServices,
  terminal: Terminal,
  readLine: (() => Promise<string | undefined>) | undefined,
): Promise<number | undefined> {
  const missing = await services.checkReady();
  if (missing !== undefined) {
    terminal.stderr.write(
      `${visibleText(missing)}. One of these helps:\n${ADVICE.join("\n")}\n`,
    );
    return exitCode("auth");
  }
  if (readLine !== undefined) await askTrust(services, terminal, readLine);
  return undefined;
}

// No answer and every other answer is a no: nothing of the project is used then. What a
// trusted project brings along is the second question.
async function askTrust(
  services: StartServices,
  terminal: Terminal,
  readLine: () => Promise<string | undefined>,
): Promise<void> {
  for (let asked = 0; asked < QUESTIONS_MAX; asked++) {
    const question = await services.trustQuestion();
    if (question === undefined) return;
    terminal.stdout.write(
      `Do you trust what is in ${visibleText(question.folder)}? ${
        visibleText(question.consequence)
      } [y/N] `,
    );
    const answer = await readLine();
    // Whoever leaves here is asked again next time.
    if (answer === undefined) return void terminal.stdout.write("\n");
    await services.saveTrust(question, /^\s*y(es)?\s*$/i.test(answer));
  }
}
