/** What the eye sees of text by models, commands and files: it may not steer the terminal. */

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
  return cutLine(visibleText(text), charactersMax);
}

/** The text on one line of at most so many characters, for those who show it themselves. */
export function cutLine(text: string, charactersMax = 200): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= charactersMax
    ? line
    : `${line.slice(0, charactersMax - 1).trimEnd()}…`;
}

/**
 * The text with every hidden character spelled out: for what a person decides about,
 * where nothing may be left out.
 */
export function showHidden(text: string): string {
  const ofEmoji = new Set(
    [...text.matchAll(inEmoji())].map(({ index }) => index),
  );
  return text.replace(
    hiddenCharacters(),
    (char, at: number) =>
      ofEmoji.has(at) ? char : `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

/** As visibleText(), with what is hidden spelled out: for all that is not a conversation. */
export function shownText(text: string): string {
  return showHidden(visibleText(text));
}

/** As showHidden(), on one line: nothing in the text can look like a line of ours. */
export function showLine(text: string): string {
  const line = text.replace(/[ \t\r\n]+/g, " ").replace(/^ | $/g, "");
  return showHidden(line);
}

/** JSON for a terminal: the same value, its hidden characters as escapes of JSON. */
export function showJson(json: string): string {
  return json.replace(hiddenCharacters(), (char) =>
    Array.from(
      { length: char.length },
      (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join(""));
}

// Whatever takes no place, looks like a space or reorders what does not: controls, format
// characters (tags among them), separators, fillers, variation selectors, halves of pairs.
// A braille pattern without dots is none of these by its properties. Made when it is used:
// to look up what Unicode says of a property took a start 0.3 ms.
function hiddenCharacters(): RegExp {
  return /(?![\t\n ])[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;
}

// Those that belong to an emoji (Unicode UTS 51): its style, and the joint of two.
function inEmoji(): RegExp {
  return /(?<=\p{Extended_Pictographic})\ufe0f|(?<=\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier})\u200d(?=\p{Extended_Pictographic})/gu;
}
