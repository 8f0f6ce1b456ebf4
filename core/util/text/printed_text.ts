/** What stands on paper of what a program wrote to a terminal. */
import { visibleText } from "./visible_text.ts";

// Between these a program draws on another screen (xterm: 47, 1047, 1049).
const OTHER_SCREEN =
  // deno-lint-ignore no-control-regex
  /\x1b\[\?(?:47|1047|1049)h[^]*?(?:\x1b\[\?(?:47|1047|1049)l|$)/g;
/** The beginning was left out, and it was there already. */
const OTHER_SCREEN_END =
  // deno-lint-ignore no-control-regex
  /^(?:(?!\x1b\[\?(?:47|1047|1049)h)[^])*?\x1b\[\?(?:47|1047|1049)l/;

/** Lines as they were last seen, without sequences; a full screen is a note. */
export function printedText(text: string): string {
  const shown = text.replace(OTHER_SCREEN_END, NOTE).replace(OTHER_SCREEN, NOTE)
    .replaceAll("\r\n", "\n");
  return shown.split("\n").map((line) => visibleText(overwritten(line))).join(
    "\n",
  );
}

const NOTE = "[a full-screen program]\n";

// A carriage return goes back to the beginning, a backspace by one character.
function overwritten(line: string): string {
  if (!/[\r\b]/.test(line)) return line;
  let shown = "";
  for (const part of line.replace(/\r+$/, "").split("\r")) {
    // deno-lint-ignore no-control-regex
    const erased = part.replace(/\x1b\[[012]?K/g, "");
    shown = part === erased ? erased + shown.slice(erased.length) : erased;
  }
  return [...shown].reduce(
    (kept, one) => one === "\b" ? kept.slice(0, -1) : kept + one,
    "",
  );
}
