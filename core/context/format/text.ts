/** Text made to fit: the middle goes, a mark stays that says how much. */
import {
  byteLength,
  headBytes,
  tailBytes,
  tokensOfBytes,
} from "../../util/text/text.ts";

/** Start and end of the text within `bytesMax` bytes, the mark between them not counted. */
export function cutMiddle(text: string, bytesMax: number): string {
  const bytes = byteLength(text);
  if (bytes <= bytesMax) return text;
  const head = headBytes(text, Math.floor(bytesMax / 2));
  const tail = tailBytes(text, bytesMax - Math.floor(bytesMax / 2));
  const removed = bytes - byteLength(head) - byteLength(tail);
  return `${head}…${tokensOfBytes(removed)} tokens truncated…${tail}`;
}

/** One line for a prompt: control characters become spaces, so that no text escapes its line. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

/** The text with each `{name}` replaced; an unknown name is a bug of ours. */
export function fillIn(
  template: string,
  values: Readonly<Record<string, string>>,
): string {
  return template.replace(/\{([a-z_]+)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(`Broken invariant: no value for {${name}}`);
    }
    return value;
  });
}
