/** Asks in plain lines what a project may do. */
import type { Terminal } from "../../protocol/terminal.ts";
import { showHidden } from "../../util/text/visible_text.ts";
import { wrapText, wrapWords } from "../render/wrap.ts";
import type { StartServices, TrustQuestion } from "./services.ts";

/** The folder, then what its files ask for. */
const QUESTIONS_MAX = 2;

/** Lines of a person at a terminal. */
export interface AnswerLines {
  /** Undefined at the end of input. */
  readLine(): Promise<string | undefined>;
  /** Drops what was typed before. */
  discard(): void;
}

/** Asks until all is settled or the input ends: whoever leaves is asked again next time. */
export async function askTrust(
  services: Pick<StartServices, "trustQuestion" | "saveTrust">,
  terminal: Terminal,
  answers: AnswerLines,
): Promise<void> {
  const { stdout } = terminal;
  for (let asked = 0; asked < QUESTIONS_MAX; asked++) {
    const question = await services.trustQuestion();
    if (question === undefined) return;
    const lines = renderTrustQuestion(question, stdout.columns - 2);
    answers.discard();
    stdout.write(`${lines.join("\n")}\n[y/n] `);
    const isYes = await readAnswer(terminal, () => answers.readLine());
    if (isYes === undefined) return void stdout.write("\n");
    const text = showHidden(await services.saveTrust(question, isYes));
    stdout.write(`${wrapWords(text, stdout.columns - 2).join("\n")}\n\n`);
  }
}

// Nothing but a yes or a no decides: it holds for a long time.
async function readAnswer(
  { stdout }: Terminal,
  readLine: () => Promise<string | undefined>,
): Promise<boolean | undefined> {
  for (;;) {
    const answer = (await readLine())?.trim().toLowerCase();
    if (answer === undefined) return undefined;
    if (answer === "y" || answer === "yes") return true;
    if (answer === "n" || answer === "no") return false;
    stdout.write("Please answer y or n: ");
  }
}

function renderTrustQuestion(
  { text, files, consequence }: TrustQuestion,
  width: number,
): readonly string[] {
  return [
    ...wrapWords(showHidden(text), width),
    ...files.flatMap(({ title, facts }) => [
      `  ${showHidden(title)}`,
      ...facts.flatMap((fact) => renderFact(fact, width)),
    ]),
    ...wrapWords(consequence, width),
  ];
}

// A line break inside a fact must not look like the next fact.
function renderFact(fact: string, width: number): readonly string[] {
  const [first = "", ...rest] = showHidden(fact).split("\n")
    .map((line) => wrapText(line, Math.max(20, width - 6)));
  return [
    ...[...first].map((
      line,
      at,
    ) => (at === 0 ? `    ${line}` : `      ${line}`)),
    ...rest.flatMap((lines) => lines.map((line) => `    | ${line}`)),
  ];
}
