/** What a flag is in the command table: its spellings, its value, its words. */
import type { Flags, LimitRaise } from "../../contract/command_line.ts";

interface FlagBase {
  /** With its dashes: `--model`. */
  readonly long: string;
  readonly short?: string;
  /** Other spellings that mean the same and are not advertised. */
  readonly aliases?: readonly string[];
  /** One line, no final period. */
  readonly help: string;
  /** Accepted, but in no help text. */
  readonly isHidden?: boolean;
}

/** What the shell may offer as a value. */
export type Completes = "file" | "dir";

export interface SwitchSpec extends FlagBase {
  readonly kind: "switch";
}
export interface TextSpec extends FlagBase {
  readonly kind: "text";
  readonly value: string;
  readonly completes?: Completes;
}
export interface ChoiceSpec extends FlagBase {
  readonly kind: "choice";
  readonly value: string;
  readonly choices: readonly string[];
}
/** May be given more than once; `split` takes a comma list apart. */
export interface ListSpec extends FlagBase {
  readonly kind: "list";
  readonly value: string;
  readonly completes?: Completes;
  readonly split?: boolean;
}
export interface NumberSpec extends FlagBase {
  /** `count` takes 50k and 2M, `duration` 90, 90s, 1h30m, 30d. */
  readonly kind: "count" | "duration" | "money";
  readonly value: string;
}
export interface RaiseSpec extends FlagBase {
  readonly kind: "raise";
  readonly value: string;
}
export type FlagSpec =
  | SwitchSpec
  | TextSpec
  | ChoiceSpec
  | ListSpec
  | NumberSpec
  | RaiseSpec;

// A flag's kind must agree with the type of its value; the compiler checks the table.
type SpecOf<V> = [V] extends [boolean] ? SwitchSpec
  : [V] extends [number] ? NumberSpec
  : [V] extends [readonly LimitRaise[]] ? RaiseSpec
  : [V] extends [readonly string[]] ? ListSpec
  : string extends V ? TextSpec
  : ChoiceSpec;

export type FlagName = keyof Flags;

/** A table of some of the flags. */
export type FlagTable<K extends FlagName> = {
  readonly [N in K]: SpecOf<Required<Flags>[N]>;
};
