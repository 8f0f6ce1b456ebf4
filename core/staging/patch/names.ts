/** Names of files as a patch has them: quoted where they need it, and refused where they lead out. Pure. */
import { bytesOfText, textOfBytes } from "../../util/text/byte_text.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  '"': '"',
  "\\": "\\",
};

/** Name -> text of the patch, a character for each byte. */
export function renderName(name: string): string {
  const text = textOfBytes(new TextEncoder().encode(name));
  // deno-lint-ignore no-control-regex
  if (!/[\x00-\x1f\x7f"\\]/.test(text)) return text;
  // deno-lint-ignore no-control-regex
  const quoted = text.replace(/[\x00-\x1f\x7f"\\]/g, (char) => {
    const letter = ESCAPES[char] ??
      char.charCodeAt(0).toString(8).padStart(3, "0");
    return `\\${letter}`;
  });
  return `"${quoted}"`;
}

/** The bytes, as a text of one character each, as the text they mean. */
export function parseUtf8(text: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytesOfText(text));
  } catch {
    return undefined;
  }
}
