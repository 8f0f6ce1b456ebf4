/** What a patch does to files, as data. */
import type { BinaryHalf } from "./binary.ts";
import type { FileMode } from "./version.ts";

/** A run of lines that give way to others. */
export interface Hunk {
  /** Of the first line, counted from 1; where nothing goes away, the line before. */
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly HunkLine[];
}

export interface HunkLine {
  readonly sign: " " | "-" | "+";
  /** With its line end, if it has one; a character for each byte. */
  readonly text: string;
}

export type Content =
  /** It stays what it is. */
  | { readonly kind: "same" }
  | { readonly kind: "text"; readonly hunks: readonly Hunk[] }
  | {
    readonly kind: "binary";
    readonly forward: BinaryHalf;
    readonly reverse?: BinaryHalf;
  };

/** What a patch does to one file. */
export interface FilePatch {
  /** Absent when it is new. */
  readonly oldName?: string;
  /** Absent when it goes away. */
  readonly newName?: string;
  /** The old name stays what it is. */
  readonly isCopy: boolean;
  readonly oldMode?: FileMode;
  readonly newMode?: FileMode;
  /** Ids of the contents, maybe only their starts. */
  readonly oldId?: string;
  readonly newId?: string;
  readonly content: Content;
}

/** What happens at once: a whole patch, or each mail of a series after the one before. */
export type PatchGroup = readonly FilePatch[];
