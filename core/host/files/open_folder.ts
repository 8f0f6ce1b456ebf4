/** Folders held open by a descriptor (Linux, by libc); elsewhere by their path, looked at before each use. */
import { isAbsent } from "../../protocol/error.ts";
import { concatBytes } from "../../util/bytes.ts";
import type { Node, OpenFolder } from "../../util/folder/open_folder.ts";
import { callLibc, errnoError } from "../system/errno.ts";
import { type Libc, openLibc } from "../system/libc.ts";
import { PlainFolder } from "./plain_folder.ts";
import { cString, readNames } from "./proc_files.ts";
import { FCNTL, STAT } from "../system/fcntl.ts";

const {
  O_WRONLY,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_CLOEXEC,
  O_PATH,
  AT_SYMLINK_NOFOLLOW,
  AT_REMOVEDIR,
  AT_EMPTY_PATH,
} = FCNTL;
const { STATX_BASIC_STATS, S_IFMT } = STAT;

const EINVAL = 22;
const ELOOP = 40;
const FIRST_BYTES = 64 * 1024;

const KINDS: Readonly<Record<number, Pick<Node, "kind" | "special">>> = {
  0o040000: { kind: "folder" },
  0o100000: { kind: "file" },
  0o120000: { kind: "link" },
  0o010000: { kind: "special", special: "a named pipe" },
  0o140000: { kind: "special", special: "a socket" },
};
const DEVICE = { kind: "special", special: "a device" } as const;

/** The folder at an absolute path. Throws ENOENT, ENOTDIR, ELOOP at a link. */
export function openFolder(path: string): OpenFolder {
  const libc = openLibc();
  if (libc === undefined) return new PlainFolder(path);
  let folder = new HeldFolder(libc, "/", open(libc, "/"));
  for (const part of path.split("/").filter(Boolean)) {
    const above = folder;
    try {
      folder = above.enter(part, O_PATH);
    } finally {
      above.close();
    }
  }
  // The last one is to be listed: another descriptor of the same folder.
  try {
    return folder.reopen();
  } finally {
    folder.close();
  }
}

function open(libc: Libc, path: string): number {
  const flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  return callLibc(libc, path, () => libc.open(cString(path), flags, 0));
}

class HeldFolder implements OpenFolder {
  readonly #libc: Libc;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #stat = new Uint8Array(256);

  constructor(libc: Libc, path: string, descriptor: number) {
    this.#libc = libc;
    this.#path = path;
    this.#descriptor = descriptor;
  }

  get node(): Node {
    return this.#statx(this.#descriptor, "", AT_EMPTY_PATH);
  }

  names(): readonly string[] {
    return readNames(
      this.#libc,
      this.#descriptor,
      (call) => this.#call("", call),
    );
  }

  look(name: string): Node | undefined {
    try {
      return this.#statx(this.#descriptor, name, AT_SYMLINK_NOFOLLOW);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  enter(name: string, flags = 0): HeldFolder {
    const path = `${this.#path === "/" ? "" : this.#path}/${name}`;
    const opened = this.#open(name, flags | O_DIRECTORY);
    return new HeldFolder(this.#libc, path, opened);
  }

  /** As it is, to be listed. */
  reopen(): HeldFolder {
    return new HeldFolder(
      this.#libc,
      this.#path,
      this.#open(".", O_DIRECTORY),
    );
  }

  content(name: string): ReturnType<OpenFolder["content"]> {
    return this.#withOpen(name, O_NONBLOCK, (file) => {
      const { size, kind } = this.#statx(file, "", AT_EMPTY_PATH);
      if (kind !== "file") throw errnoError(this.#place(name), EINVAL);
      // One more, to see the end.
      const bytes = this.#readAll(name, file, size + 1);
      return { bytes, node: this.#statx(file, "", AT_EMPTY_PATH) };
    });
  }

  linkTarget(name: string): string {
    const buffer = new Uint8Array(4096);
    const count = this.#call(
      name,
      () => this.#libc.readlinkat(this.#descriptor, cString(name), buffer),
    );
    return new TextDecoder().decode(buffer.subarray(0, count));
  }

  create(name: string, bytes: Uint8Array<ArrayBuffer>, mode: number): void {
    this.#withOpen(name, O_WRONLY | O_CREAT | O_EXCL, (file) => {
      for (let at = 0; at < bytes.length;) {
        const rest = bytes.subarray(at);
        at += this.#call(name, () => this.#libc.write(file, rest));
      }
      this.#call(name, () => this.#libc.fchmod(file, mode));
    });
  }

  makeFolder(name: string, mode: number): void {
    this.#call(
      name,
      () => this.#libc.mkdirat(this.#descriptor, cString(name), mode),
    );
    this.chmod(name, mode);
  }

  makeLink(name: string, target: string): void {
    const place = cString(target);
    this.#call(
      name,
      () => this.#libc.symlinkat(place, this.#descriptor, cString(name)),
    );
  }

  rename(from: string, to: string): void {
    this.#call(from, () =>
      this.#libc.rename(
        [this.#descriptor, cString(from)],
        [this.#descriptor, cString(to)],
        0,
      ));
  }

  remove(name: string): void {
    const flags = this.look(name)?.kind === "folder" ? AT_REMOVEDIR : 0;
    this.#call(
      name,
      () => this.#libc.unlinkat(this.#descriptor, cString(name), flags),
    );
  }

  // The link in /proc leads to what was opened, whatever has its name by now.
  chmod(name: string, mode: number): void {
    this.#withOpen(name, O_PATH, (file) => {
      const { kind } = this.#statx(file, "", AT_EMPTY_PATH);
      if (kind === "link") throw errnoError(this.#place(name), ELOOP);
      const opened = cString(`/proc/self/fd/${file}`);
      this.#call(name, () => this.#libc.chmod(opened, mode));
    });
  }

  close(): void {
    this.#libc.close(this.#descriptor);
  }

  #readAll(
    name: string,
    file: number,
    wanted: number,
  ): Uint8Array<ArrayBuffer> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let left = Math.max(1, wanted); left > 0;) {
      const chunk = new Uint8Array(Math.min(left, FIRST_BYTES));
      const count = this.#call(name, () => this.#libc.read(file, chunk));
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      left -= count;
    }
    return chunks.length === 1 && chunks[0] !== undefined
      ? chunks[0]
      : concatBytes(chunks);
  }

  #withOpen<T>(name: string, flags: number, use: (file: number) => T): T {
    const file = this.#open(name, flags);
    try {
      return use(file);
    } finally {
      this.#libc.close(file);
    }
  }

  #open(name: string, flags: number): number {
    const all = flags | O_NOFOLLOW | O_CLOEXEC;
    return this.#call(
      name,
      () => this.#libc.openat(this.#descriptor, cString(name), all, 0o600),
    );
  }

  #statx(folder: number, name: string, flags: number): Node {
    const wanted = { flags, mask: STATX_BASIC_STATS };
    const bytes = this.#stat;
    const path = cString(name);
    this.#call(name, () => this.#libc.statx(folder, path, wanted, bytes));
    return toNode(new DataView(bytes.buffer));
  }

  #call(name: string, call: () => number | bigint): number {
    return callLibc(this.#libc, this.#place(name), call);
  }

  #place(name: string): string {
    return name === "" ? this.#path : `${this.#path}/${name}`;
  }
}

/** struct statx of <linux/stat.h>. */
function toNode(view: DataView): Node {
  const mode = view.getUint16(28, true);
  const size = Number(view.getBigUint64(40, true));
  const inode = view.getBigUint64(32, true);
  // Seconds and nanoseconds of the last change of content, and of any change.
  const modified = `${view.getBigInt64(112, true)}.${
    view.getUint32(120, true)
  }`;
  const seconds = Number(view.getBigInt64(96, true));
  const nanos = view.getUint32(104, true);
  return {
    ...(KINDS[mode & S_IFMT] ?? DEVICE),
    size,
    mode: mode & 0o7777,
    device: `${view.getUint32(136, true)}:${view.getUint32(140, true)}`,
    stamp: `${inode} ${size} ${mode} ${modified} ${seconds}.${nanos}`,
    changedMs: seconds * 1000 + nanos / 1e6,
  };
}
