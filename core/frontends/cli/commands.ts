/** What a command is in the command table. */
import type { CommandName } from "../../contract/command_line.ts";
import type { Completes, FlagName } from "./flags.ts";

export interface ArgSpec {
  readonly name: string;
  readonly help: string;
  /** How many words it takes; `rest` is any number, at least one when required. */
  readonly count: "one" | "rest";
  readonly isRequired: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

export interface CommandSpec {
  /** One line, no final period. */
  readonly summary: string;
  /** More, for the long help and the man page; paragraphs. */
  readonly details?: string;
  readonly aliases?: readonly string[];
  readonly args: readonly ArgSpec[];
  /** Takes a prompt after its arguments; `-` is stdin. */
  readonly prompt?: string;
  readonly flags: readonly FlagName[];
  readonly examples: readonly string[];
}

/** A table of some of the commands. */
export type CommandTable<K extends CommandName> = {
  readonly [N in K]: CommandSpec;
};

/** An argument that may be left out. */
export function optional(
  name: string,
  help: string,
  more: Partial<ArgSpec> = {},
): ArgSpec {
  return { name, help, count: "one", isRequired: false, ...more };
}

/** An argument that must be there. */
export function required(
  name: string,
  help: string,
  more: Partial<ArgSpec> = {},
): ArgSpec {
  return { name, help, count: "one", isRequired: true, ...more };
}
