/** `--input jsonl`: the lines on stdin. */
import { ExecInput } from "../../contract/input.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { TerminalInput } from "../../protocol/terminal.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { linesOf } from "../wire/lines.ts";
import { resolvePath } from "../../util/path.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { parseJson } from "../../util/json/json.ts";

export type InputLine =
  | { readonly type: "input"; readonly input: ExecInput }
  /** A line of an unknown form; the run continues. */
  | { readonly type: "input_bad"; readonly message: string };

/** The lines of stdin, each parsed or reported as bad; ends when stdin does. */
export async function* readInputLines(
  stdin: TerminalInput,
): AsyncGenerator<InputLine> {
  let number = 0;
  let bad = 0;
  const options = { lineBytesMax: LIMITS.inputLineBytes };
  try {
    for await (const line of linesOf(stdin, options)) {
      number++;
      const parsed = parseInputLine(line, number);
      bad = parsed.type === "input_bad" ? bad + 1 : 0;
      yield parsed;
      if (bad < LIMITS.inputBadLines) continue;
      const message = `Cannot read on after ${bad} lines in a row that are ` +
        "no input, so the input ends here";
      return yield { type: "input_bad", message };
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    yield {
      type: "input_bad",
      message:
        `Cannot read line ${number + 1} of the input: it is longer than ` +
        `${LIMITS.inputLineBytes} bytes, so the input ends here`,
    };
  }
}

/** `number` is for the message about a bad line. */
function parseInputLine(line: string, number: number): InputLine {
  const bad = (why: string): InputLine => ({
    type: "input_bad",
    message: `Cannot use line ${number} of the input: ${why}`,
  });
  const value = parseJson(line);
  if (value === undefined) return bad(`${visibleLine(line, 60)} is not JSON`);
  const parsed = ExecInput.safeParse(value);
  if (parsed.success) return { type: "input", input: parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0
    ? "it"
    : `"${issue.path.join(".")}"`;
  return bad(
    `${where} is not what is expected; see rondo schema input`,
  );
}

/** A message's parts; paths of images are seen from the working directory. */
export function toParts(
  input: {
    readonly text?: string | undefined;
    readonly images?: string[] | undefined;
  },
  cwd: string,
): UserPart[] {
  const images = (input.images ?? []).map((path): UserPart => ({
    type: "image",
    path: resolvePath(cwd, path),
  }));
  const text = input.text ?? "";
  return text.trim() === "" ? images : [{ type: "text", text }, ...images];
}
