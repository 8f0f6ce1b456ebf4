/** Text from models and commands, made safe to print: it may not steer the terminal. */

// CSI and OSC/DCS/APC sequences as a whole (ECMA-48), then every other control character
// but tab and newline, then the marks that reorder what follows (Unicode UAX 9).
const SEQUENCES =
  // deno-lint-ignore no-control-regex
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]/g;
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** The text without escape sequences and control characters; CRLF and CR become LF. */
export function visibleText(text: string): string {
  return text
    .replace(SEQUENCES, "")
    .replace(/\r\n?/g, "\n")
    .replace(CONTROLS, "");
}

/** The text as one visible line of at most so many characters. */
export function visibleLine(text: string, charactersMax = 200): string {
  const line = visibleText(text).replace(/\s+/g, " ").trim();
  return line.length <= charactersMax
    ? line
    : `${line.slice(0, charactersMax - 1).trimEnd()}…`;
}
