/** A folder held open: what is in it is reached by name, through no link, and at once. */

/** What a name stands for; a link is looked at itself. */
export interface Node {
  readonly kind: "file" | "folder" | "link" | "special";
  /** What it is when it is special: `a device`, `a socket`, `a named pipe`. */
  readonly special?: string;
  readonly size: number;
  /** Permission bits (07777). */
  readonly mode: number;
  /** Of the disk it is on. */
  readonly device: string;
  /** Another one after any change of content or mode that its time tells. */
  readonly stamp: string;
  /** Of the last change of any kind, in milliseconds since 1970; nobody can set it. */
  readonly changedMs: number;
}

/**
 * Where others may exchange a folder for a link at any moment, a name leads to that place or
 * nowhere. Whatever fails throws an error with an errno.
 */
export interface OpenFolder {
  readonly node: Node;
  /** Names in no particular order; one that is not UTF-8 has U+FFFD in it. */
  names(): readonly string[];
  /** Undefined when nothing is there. */
  look(name: string): Node | undefined;
  /** A folder in it, to be closed by the caller. Throws when it is a link. */
  enter(name: string): OpenFolder;
  /** A regular file, and what it was when all of it was read. */
  content(
    name: string,
  ): { readonly bytes: Uint8Array<ArrayBuffer>; readonly node: Node };
  linkTarget(name: string): string;
  /** A new file of exactly that mode; EEXIST when there is anything. */
  create(name: string, bytes: Uint8Array<ArrayBuffer>, mode: number): void;
  makeFolder(name: string, mode: number): void;
  makeLink(name: string, target: string): void;
  /** Takes the place of what is there. */
  rename(from: string, to: string): void;
  /** A file, a link or an empty folder. */
  remove(name: string): void;
  chmod(name: string, mode: number): void;
  close(): void;
}

/** The folder at an absolute path, reached through no link. Throws ENOENT, ENOTDIR, ELOOP. */
export type OpenFolderAt = (path: string) => OpenFolder;
