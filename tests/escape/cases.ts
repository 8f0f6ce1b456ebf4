/** The form of an escape case, and how to add one. Scripts are run by `sh -e` in `$DIR`. */

/*
 * To add one: choose the file by what is attacked (files, git, everything else) and the next
 * number of its letter; write the script so that it exits with 0 when the attack worked, or
 * changes `$OUT`, or, with `judge: "root"`, what is protected in `$ROOT`; put calls that no
 * program makes into tricks.c. It is run without a sandbox first, where it must work. While
 * writing: ESCAPE_ONLY=G27 ESCAPE_BACKEND=bwrap deno test -A tests/escape
 */

export type PolicyName = "write" | "commits" | "network" | "sockets" | "read";

/**
 * A back end, or Landlock before a version; `pipes` is every one that has mounts alone,
 * which do not keep anybody from opening a named pipe.
 */
export type Gap =
  | "pipes"
  | "bwrap"
  | "bwrap-noproc"
  | "landlock"
  | "landlock<2"
  | "landlock<6";

/** How a root with protected entries is laid out before the case. */
export type RootLayout =
  | "repository"
  | "none"
  | "worktree"
  | "link"
  | "configured"
  /** Without a `.git` of its own; its folders hold what the others hold at the top. */
  | "nested"
  | "nested-links";

/**
 * A script sees `$ID`; `$DIR`, a folder in the workspace; `$OUT`, one that nobody made
 * writable, with `file` and `dir`; `$ROOT`, a writable root of its own laid out as asked;
 * `$T`, the system calls of tricks.c; `$VICTIM`, a process outside; `$SERVE`, a folder
 * with sockets `s` and `d` and the port numbers `tcp` and `udp`; `$ABSTRACT`, an abstract
 * socket; `$STRAY`, the name of a descriptor that must not be inherited.
 */
export interface EscapeCase {
  readonly id: string;
  readonly policy?: PolicyName;
  readonly script: string;
  /** `denied` means: without a sandbox it works, in one it must not. */
  readonly mustBe: "denied" | "allowed";
  /**
   * What counts as having worked: the exit code (and any change in `$OUT`), or a change of
   * what is protected in `$ROOT`, looked at after the command.
   */
  readonly judge?: "exit" | "root";
  readonly layout?: RootLayout;
  /** Back ends that cannot do better, and are documented not to. */
  readonly gaps?: readonly Gap[];
  /** Only root could do it without a sandbox. */
  readonly rootOnly?: boolean;
  /** A number of a system call of x86_64 stands in the script. */
  readonly x86Only?: boolean;
  readonly needs?: "python3" | "gcc" | "git";
}

type Options = Omit<EscapeCase, "id" | "script" | "mustBe">;

/** An attack. */
export function denied(
  id: string,
  script: string,
  options: Options = {},
): EscapeCase {
  return { id, script, mustBe: "denied", ...options };
}

/** Something a person's work needs. */
export function allowed(
  id: string,
  script: string,
  options: Options = {},
): EscapeCase {
  return { id, script, mustBe: "allowed", ...options };
}

/** Landlock has no say over metadata (landlock(7), current limitations). */
export const METADATA_GAP: readonly Gap[] = ["landlock"];

/** Signals are not scoped before that version: only the agent itself is out of reach. */
export const SIGNAL_GAP: readonly Gap[] = ["landlock<6"];
