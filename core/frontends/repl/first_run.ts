/** Before the first message: is there a key, is the project trusted. */
import { exitCode } from "../../contract/exit_code.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import { wrapWords } from "../render/wrap.ts";
import type { MissingKey, StartServices } from "../conversation/services.ts";

// To be copied as it stands; only what is in capitals has to be filled in.
const PROVIDER = `model = "MODEL"
model_provider = "mine"

[model_providers.mine]
name = "mine"
base_url = "https://HOST/v1"
env_key = "MINE_API_KEY"   # leave it out where no key is needed`;

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
    terminal.stderr.write(renderMissing(missing));
    return exitCode("auth");
  }
  if (readLine !== undefined) await askTrust(services, terminal, readLine);
  return undefined;
}

function renderMissing(missing: MissingKey): string {
  const { message, isChosen, configPath } = missing;
  if (isChosen) return `${visibleText(message)}\n`;
  const lines = [
    `${visibleText(message)}. One of these helps:`,
    `  OpenAI:    export OPENAI_API_KEY=…   (or ${PROGRAM} login --with-api-key)`,
    `  Ollama:    ${PROGRAM} --oss -m MODEL   (a model on this machine, no key)`,
    `  Any other: this in ${visibleText(configPath)}:`,
    "",
    ...PROVIDER.split("\n").map((line) => line === "" ? "" : `    ${line}`),
  ];
  return `${lines.join("\n")}\n`;
}

// Anything but a yes is a no: nothing of the project is used then. The hooks of a trusted
// project are the second question.
async function askTrust(
  services: StartServices,
  terminal: Terminal,
  readLine: () => Promise<string | undefined>,
): Promise<void> {
  for (let asked = 0; asked < QUESTIONS_MAX; asked++) {
    const question = services.trustQuestion();
    if (question === undefined) return;
    const text = `Do you trust ${visibleText(question.folder)}? ${
      visibleText(question.consequence)
    } [y/N]`;
    const lines = wrapWords(text, terminal.stdout.columns - 2);
    terminal.stdout.write(`${lines.join("\n")} `);
    const answer = await readLine();
    // A user who leaves here is asked again next time.
    if (answer === undefined) return void terminal.stdout.write("\n");
    await services.saveTrust(question, /^\s*y(es)?\s*$/i.test(answer));
  }
}
