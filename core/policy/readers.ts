/** Data. Programs that only read: what their manuals say of every option and operand. */

/** How one program reads its arguments, and which of them do more than read. */
export interface Reader {
  /** The manual that the row was checked against. */
  readonly source: string;
  /** Letters of options that take a value, glued or as the next word. */
  readonly values?: string;
  /** Letters of options that write or start programs. */
  readonly refusedLetters?: string;
  /** Long options of the same kind; every unique beginning of one counts. */
  readonly refusedNames?: readonly string[];
  /** A later operand names an output. */
  readonly operandsMax?: number;
  /**
   * How many operands are text and name no file; a program given no more than these, and
   * none of `opens`, reads standard input alone.
   */
  readonly textOperands: number;
  /** Letter of the option that gives the text: then every operand is a file. */
  readonly givesText?: string;
  /** Letters of options that open files or folders. */
  readonly opens?: string;
}

const COREUTILS = "GNU coreutils 9.1";
const TEXT = { source: COREUTILS, textOperands: Infinity };
const FILES = { source: COREUTILS, textOperands: 0 };

export const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["cat", FILES],
  // Changes the folder of what follows; whoever asks about a script looks at that.
  ["cd", { source: "POSIX 2024", textOperands: -1 }],
  ["cut", { ...FILES, values: "bcdf" }],
  ["echo", TEXT],
  ["expr", TEXT],
  ["false", TEXT],
  ["grep", {
    source: "grep(1), GNU 3.8",
    values: "ABCDdefm",
    textOperands: 1,
    givesText: "e",
    opens: "dfrR",
  }],
  ["head", { ...FILES, values: "cn" }],
  ["id", TEXT],
  ["ls", { source: COREUTILS, textOperands: -1 }],
  ["nl", { ...FILES, values: "bdfhilnsvw" }],
  ["numfmt", { ...TEXT, values: "d" }],
  ["paste", { ...FILES, values: "d" }],
  ["pwd", TEXT],
  ["rev", { source: "rev(1), util-linux 2.38", textOperands: 0 }],
  ["seq", { ...TEXT, values: "fs" }],
  ["stat", { source: COREUTILS, textOperands: -1 }],
  ["tac", { ...FILES, values: "s" }],
  ["tail", { ...FILES, values: "bcns" }],
  ["tr", { ...TEXT }],
  ["true", TEXT],
  ["uname", TEXT],
  ["wc", FILES],
  ["which", { source: "which(1), debianutils 5", textOperands: Infinity }],
  ["whoami", TEXT],
  // macOS: `base64 -i IN -o OUT`.
  ["base64", {
    ...FILES,
    values: "bw",
    refusedLetters: "o",
    refusedNames: ["output"],
    opens: "i",
  }],
  // `--pre` and `--hostname-bin` start what they name, `-z` the decompressor in the PATH.
  ["rg", {
    source: "rg(1), ripgrep 14",
    values: "ABCdEefgjMmrtT",
    refusedLetters: "z",
    refusedNames: ["pre", "hostname-bin", "search-zip"],
    textOperands: -1,
  }],
  // `uniq [OPTION]... [INPUT [OUTPUT]]`, and `-` is an INPUT.
  ["uniq", { ...FILES, values: "fsw", operandsMax: 1 }],
]);

/** Primaries of find(1), GNU 4.9, that change files or start programs. */
export const FIND_ACTIONS: ReadonlySet<string> = new Set(
  "-exec -execdir -ok -okdir -delete -fls -fprint -fprint0 -fprintf"
    .split(" "),
);
