/** `@std/toml`, by smol-toml: std's own parser accepts a key twice and has rough positions. */
import {
  parse as parseToml,
  stringify as stringifyToml,
  TomlError,
} from "smol-toml";

/** Tables have no prototype. Throws SyntaxError in std's words; lines and columns count from 1. */
export function parse(tomlString: string): Record<string, unknown> {
  try {
    return parseToml(tomlString);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = (error.message.split("\n")[0] ?? "")
      .replace(/^Invalid TOML document: /, "");
    throw new SyntaxError(
      `Parse error on line ${error.line}, column ${error.column}: ${reason}`,
    );
  }
}

/** Plain values first, then the tables. */
export function stringify(obj: Record<string, unknown>): string {
  return stringifyToml(obj);
}
