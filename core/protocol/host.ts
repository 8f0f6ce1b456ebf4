/** The world as interfaces: everything the program may do to it goes through a Host. */
import type { Step } from "../util/program/call_program.ts";
import type { Pixels } from "../util/picture.ts";
import type { NameIndex, WantedNames } from "../util/folder/names.ts";
import type { OpenFolderAt } from "../util/folder/open_folder.ts";

export interface FileStat {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** What it is when it is none of these: `a device`, `a socket`, `a named pipe`. */
  readonly special?: string;
  readonly size: number;
  /** Permission bits (07777); 0 where the platform has none. */
  readonly mode: number;
  readonly mtimeMs: number;
  /** Of the last change of any kind, where it is known; nobody can set it. */
  readonly ctimeMs?: number;
  readonly ino: number;
  readonly uid: number;
}

export interface DirEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** A file open for appending. Writes are whole or throw. */
export interface AppendFile {
  write(text: string): void;
  /** Forces what was written to the disk. */
  sync(): void;
  /** The same while the program goes on, also writing; resolves once it is there. */
  startSync(): Promise<void>;
  close(): void;
}

export interface ReadOptions {
  /** A larger file is EFBIG; 256 MiB unless given. */
  readonly bytesMax?: number;
  /** Also a pipe, `/dev/stdin` or `<(…)`, to its end, waited for no longer than stated. */
  readonly pipe?: boolean;
}

/**
 * Only regular files are read and written: a named pipe, a device or a socket is EINVAL, for
 * it may block or never end. Every error names its path and has an errno: `errorCode()`.
 */
export interface Files {
  readText(path: string, options?: ReadOptions): Promise<string>;
  readBytes(
    path: string,
    options?: ReadOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * `bytesMax` bytes from `offset`, fewer only at the end of the file. `exact` fails with
   * ELOOP when opening the path led through a link, whatever it leads to by then.
   */
  readRange(
    path: string,
    offset: number,
    bytesMax: number,
    options?: { readonly exact?: boolean },
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes the whole file; `exclusive` fails with EEXIST when it is there. */
  write(
    path: string,
    data: string | Uint8Array,
    options?: { readonly mode?: number; readonly exclusive?: boolean },
  ): Promise<void>;
  /** A private file that must not exist yet, and is removed when this process ends. */
  writeTemporary(path: string, text: string): Promise<void>;
  /** Writes into a pipe or device that somebody else reads; ENXIO, ETIMEDOUT if nobody does. */
  writePipe(path: string, data: string): Promise<void>;
  openAppend(
    path: string,
    options?: { readonly mode?: number },
  ): Promise<AppendFile>;
  /**
   * Puts a file and its folder in place before it returns: on the disk, and under its name
   * only when it is whole. One with that very content is left as it is.
   */
  placeSync(
    path: string,
    data: Uint8Array<ArrayBuffer>,
    options?: { readonly mode?: number },
  ): void;
  /** Locks a file, made when absent, until the process ends (flock(2)); undefined: it is taken. */
  tryLock(path: string): Promise<Disposable | undefined>;
  truncate(path: string, bytes: number): Promise<void>;
  /** With its parents. */
  mkdir(path: string, options?: { readonly mode?: number }): Promise<void>;
  /** Removes a file, link or empty folder; `recursive` also what is inside. */
  remove(
    path: string,
    options?: { readonly recursive?: boolean },
  ): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Sets the time of the last change, in milliseconds since 1970. */
  setModified(path: string, timeMs: number): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string>;
  realPath(path: string): Promise<string>;
  /** Undefined when nothing is there; follows links. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Undefined when nothing is there; looks at a link itself. */
  lstat(path: string): Promise<FileStat | undefined>;
  /** Entries in no particular order. */
  list(path: string): Promise<DirEntry[]>;
  /** Whether this user may write there; true where that cannot be told. */
  canWrite(path: string): Promise<boolean>;
}

/**
 * Files reached folder by folder and through no link: where others may exchange a folder
 * for a link at any moment, a name leads to that place or nowhere (ENOTDIR, ELOOP).
 */
export interface NoFollowFiles {
  /** Undefined when nothing is there, or a folder above is a link or missing. */
  lstat(path: string): Promise<FileStat | undefined>;
  readRange: Files["readRange"];
  readLink: Files["readLink"];
  /** Names in no particular order. */
  list(path: string): Promise<string[]>;
  /** Writes a new file; EEXIST when there is anything. */
  create(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    mode: number,
  ): Promise<void>;
  /**
   * Writes a new file with the bytes of another, which shares its blocks where the disk can;
   * EEXIST when there is anything, EINVAL when that is no regular file.
   */
  copy(from: string, to: string, mode: number): Promise<void>;
  /** Makes one folder. */
  mkdir(path: string, mode: number): Promise<void>;
  symlink: Files["symlink"];
  /** EEXIST when there is anything under the new name. */
  rename: Files["rename"];
  chmod: Files["chmod"];
}

export type Signal =
  | "SIGINT"
  | "SIGTERM"
  | "SIGHUP"
  | "SIGKILL"
  | "SIGTSTP"
  | "SIGCONT"
  | "SIGWINCH";

/** Stands for the number of a descriptor that the child writes `ExitStatus.report` to. */
export const REPORT = { isReport: true } as const;

/**
 * Stands for the path of a program made for one start, which only that start can run; for
 * `instead` where the machine runs no such programs.
 */
interface MadeProgram {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly instead: readonly SpawnArgument[];
}
/** Bytes travel as an open descriptor whose number takes their place. */
export type SpawnArgument =
  | string
  | Uint8Array<ArrayBuffer>
  | typeof REPORT
  | MadeProgram;

/** In characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}
export interface SpawnRequest {
  readonly command: string;
  readonly args: readonly SpawnArgument[];
  /**
   * A program made for this start, which runs instead of the command where the machine lets
   * it. Whether it does is found out once; after that there is no way but that one.
   */
  readonly image?: Uint8Array<ArrayBuffer>;
  readonly cwd: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** `pipe` gives `Child.stdin`; bytes are written and the pipe closed. */
  readonly stdin: "null" | "pipe" | "inherit" | Uint8Array<ArrayBuffer>;
  readonly stdout: "pipe" | "null" | "inherit";
  readonly stderr: "pipe" | "null" | "inherit";
  /** An own session and process group, so that the whole group can be killed. */
  readonly detached: boolean;
  /**
   * Its input and output are a terminal of its own, in a session of its own; stdin and stdout
   * are to be "pipe": they are the other side of it. Throws where there are no terminals.
   */
  readonly terminal?: TerminalSize;
  /** What it starts takes the terminal for its session: keys are no signals to itself. */
  readonly leavesTerminal?: boolean;
  /** A word in the environment of it and its children: if this program is killed, all of them end. */
  readonly mark?: string;
  /** What it does before it becomes the command. Throws where no made programs run. */
  readonly before?: readonly Step[];
  /** Descriptors of this program that it has for these steps, under the same numbers. */
  readonly inherits?: readonly number[];
}

/** A namespace of the kernel (namespaces(7)) that this program holds: it needs no process. */
export interface Namespace {
  readonly kind: NamespaceKind;
  readonly descriptor: number;
  /** What is in it lives on; nothing enters it any more. */
  release(): void;
}

export type NamespaceKind = "user" | "network";

export interface ExitStatus {
  /** 128+n when a signal n ended it. */
  readonly code: number;
  readonly signal: string | null;
  /** Set when REPORT was among the arguments. */
  readonly report?: string;
}

export interface Child {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  readonly status: Promise<ExitStatus>;
  /** Signals the process, or with `group` its whole group; gone ones are no error. */
  kill(signal: Signal, options?: { readonly group?: boolean }): void;
  /** Changes the window of its terminal; what runs there gets SIGWINCH. */
  resize?(size: TerminalSize): void;
  /** Once it has ended: what was typed into its terminal and nobody has read. */
  unread?(): Uint8Array<ArrayBuffer>;
}

export interface Host {
  readonly os: "linux" | "darwin" | "windows";
  readonly arch: "x86_64" | "aarch64";
  readonly pid: number;
  /** Numeric user id; 0 is root, -1 where there is none. */
  readonly uid: number;
  /** Absolute, normalised. */
  readonly cwd: string;
  readonly files: Files;
  /** Absent where the platform has no such calls. */
  readonly noFollowFiles?: NoFollowFiles | undefined;
  /** Absent where a run is recorded or played back. */
  readonly openFolder?: OpenFolderAt;
  createNameIndex(wanted: WantedNames): NameIndex;
  readonly fetch: typeof fetch;
  /** The colours of a picture, all in memory at once. Throws what the runtime throws. */
  decodeImage(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Pixels>;
  /** Throws the platform's error when the program cannot be started. */
  spawn(request: SpawnRequest): Child;
  /** The one a process is in; throws when it cannot be had. Absent where there are none. */
  holdNamespace?(pid: number, kind: NamespaceKind): Namespace;
  /** argv that runs this very program with other arguments. */
  selfCommand(args: readonly string[]): readonly string[];
  env(name: string): string | undefined;
  envAll(): Readonly<Record<string, string>>;
  homeDir(): string | undefined;
  now(): Date;
  /** Milliseconds since some fixed moment; never goes back. */
  monotonicMs(): number;
  timezone(): string;
  /**
   * Minutes that local time is ahead of UTC now. Absent: derived from `timezone()`, at
   * the price of loading the tables of time zones.
   */
  utcOffsetMinutes?(): number;
  /** A UUID of version 7 (RFC 9562): sortable by time. */
  newId(): string;
  /** In [0, 1). */
  random(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Whether a process of that pid exists. */
  isAlive(pid: number): boolean;
  kill(pid: number, signal: Signal): void;
}
