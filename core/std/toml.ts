/** What `@std/toml` means here: typed TOML with positions in its errors, from smol-toml. */
import {
  parse as parseToml,
  stringify as stringifyToml,
  TomlDate,
  TomlError,
} from "smol-toml";

export type TomlValue =
  | string
  | number
  | boolean
  | TomlDate
  | TomlValue[]
  | TomlTable;
export type TomlTable = { [key: string]: TomlValue };

/** `line` and `column` count from 1. */
export { TomlDate, TomlError };

/** Parses a document; tables have no prototype. Throws TomlError. */
export function parse(text: string): TomlTable {
  return parseToml(text) as TomlTable;
}

/** The document of a table: plain values first, then its tables. */
export function stringify(table: TomlTable): string {
  return stringifyToml(table);
}
