/** Files reached by descriptors, folder by folder, through no link (Linux, by libc). */
// deno-lint-ignore-file require-await
import { errorCode, isAbsent } from "../../protocol/error.ts";
import type { FileStat, NoFollowFiles } from "../../protocol/host.ts";
import { basename, dirname } from "../../util/path.ts";
import { type Libc, openLibc } from "../system/libc.ts";
import { callLibc, errnoError } from "../system/errno.ts";
import { readOpenPart } from "./part.ts";
import { cString, readNames } from "./proc_files.ts";
import { isAbsence, statPlace } from "./stat.ts";
import { FCNTL } from "../system/fcntl.ts";

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
  AT_EMPTY_PATH,
} = FCNTL;

const RENAME_NOREPLACE = 1;

const ENOTDIR = 20;
const EINVAL = 22;
const ELOOP = 40;
/** Of one call. */
const COPY_BYTES = 1 << 30;

/** struct open_how: flags, mode, RESOLVE_NO_SYMLINKS, which no magic link gets around. */
const NO_LINKS = new Uint8Array(
  new BigUint64Array([BigInt(O_PATH | O_DIRECTORY | O_CLOEXEC), 0n, 0x04n])
    .buffer,
);
/** What openat2(2) fails with where it cannot be had: EPERM of a filter, ENOSYS. */
const REFUSED: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "E38"]);

/** Undefined where there is no libc to ask. */
export function openNoFollowFiles(): NoFollowFiles | undefined {
  const libc = openLibc();
  return libc === undefined ? undefined : new LibcFiles(libc);
}

class LibcFiles implements NoFollowFiles {
  readonly #libc: Libc;
  /** Whether the kernel goes a whole way through no link. */
  #knowsWays = true;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  async lstat(path: string): Promise<FileStat | undefined> {
    try {
      const flags = AT_SYMLINK_NOFOLLOW;
      const stat = this.#inParent(
        path,
        (folder, name) => statPlace(this.#libc, { folder, name, flags }),
      );
      return isAbsence(stat) ? undefined : known(path, stat);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async readRange(
    path: string,
    offset: number,
    bytesMax: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#withOpen(
      path,
      O_NONBLOCK,
      (file) =>
        readOpenPart(this.#libc, path, { file, offset, bytes: bytesMax }),
    );
  }

  async readLink(path: string): Promise<string> {
    const buffer = new Uint8Array(4096);
    const count = this.#inParent(path, (parent, name) => {
      return this.#call(
        path,
        () => this.#libc.readlinkat(parent, name, buffer),
      );
    });
    return new TextDecoder().decode(buffer.subarray(0, count));
  }

  async list(path: string): ReturnType<NoFollowFiles["list"]> {
    return this.#withOpen(path, O_DIRECTORY, (folder) => {
      return readNames(
        this.#libc,
        folder,
        (call) => this.#call(path, call),
      );
    });
  }

  async create(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    mode: number,
  ): Promise<void> {
    const flags = O_WRONLY | O_CREAT | O_EXCL;
    this.#withOpen(path, flags, (file) => {
      for (let at = 0; at < bytes.length;) {
        const rest = bytes.subarray(at);
        at += this.#call(path, () => this.#libc.write(file, rest));
      }
      this.#call(path, () => this.#libc.fchmod(file, mode));
    });
  }

  async copy(from: string, to: string, mode: number): Promise<void> {
    this.#withOpen(from, O_NONBLOCK, (source) => {
      if (!this.#statOpen(from, source).isFile) throw errnoError(from, EINVAL);
      this.#withOpen(to, O_WRONLY | O_CREAT | O_EXCL, (file) => {
        if (!this.#libc.shareBlocks(file, source)) {
          while (
            this.#call(
              to,
              () => this.#libc.sendfile(file, source, COPY_BYTES),
            ) > 0
          );
        }
        this.#call(to, () => this.#libc.fchmod(file, mode));
      });
    });
  }

  async mkdir(path: string, mode: number): Promise<void> {
    this.#inParent(path, (parent, name) => {
      this.#call(path, () => this.#libc.mkdirat(parent, name, mode));
    });
  }

  async symlink(target: string, path: string): Promise<void> {
    this.#inParent(path, (parent, name) => {
      const place = cString(target);
      this.#call(path, () => this.#libc.symlinkat(place, parent, name));
    });
  }

  async rename(from: string, to: string): Promise<void> {
    this.#inParent(from, (parent, name) => {
      this.#inParent(to, (other, fresh) => {
        this.#call(from, () =>
          this.#libc.rename(
            [parent, name],
            [other, fresh],
            RENAME_NOREPLACE,
          ));
      });
    });
  }

  // The link in /proc leads to what was opened, whatever has its name by now.
  async chmod(path: string, mode: number): Promise<void> {
    this.#withOpen(path, O_PATH, (file) => {
      if (this.#statOpen(path, file).isSymlink) throw errnoError(path, ELOOP);
      const opened = cString(`/proc/self/fd/${file}`);
      this.#call(path, () => this.#libc.chmod(opened, mode));
    });
  }

  #withOpen<T>(path: string, flags: number, use: (file: number) => T): T {
    return this.#inParent(path, (parent, name) => {
      const file = this.#openAt(path, parent, name, flags);
      try {
        return use(file);
      } finally {
        this.#libc.close(file);
      }
    });
  }

  #inParent<T>(
    path: string,
    use: (parent: number, name: Uint8Array<ArrayBuffer>) => T,
  ): T {
    const folder = this.#openFolder(path, dirname(path));
    try {
      return use(folder, cString(basename(path)));
    } finally {
      this.#libc.close(folder);
    }
  }

  #openFolder(path: string, folder: string): number {
    if (this.#knowsWays) {
      try {
        const name = cString(folder);
        return this.#call(path, () => this.#libc.openat2(name, NO_LINKS));
      } catch (error) {
        const code = errorCode(error) ?? "";
        if (code === "ELOOP") throw errnoError(path, ENOTDIR);
        if (!REFUSED.has(code)) throw error;
      }
      // An older kernel, or a filter that knows only older ones. Then name by name.
      this.#knowsWays = false;
    }
    return this.#walkTo(path, folder);
  }

  #walkTo(path: string, folder: string): number {
    const flags = O_PATH | O_DIRECTORY;
    let at = this.#call(path, () => this.#libc.open(cString("/"), flags, 0));
    try {
      for (const part of folder.split("/").filter(Boolean)) {
        const next = this.#openAt(path, at, cString(part), flags);
        this.#libc.close(at);
        at = next;
      }
      return at;
    } catch (error) {
      this.#libc.close(at);
      throw error;
    }
  }

  #openAt(
    path: string,
    folder: number,
    name: Uint8Array<ArrayBuffer>,
    flags: number,
  ): number {
    const all = flags | O_NOFOLLOW | O_CLOEXEC;
    return this.#call(
      path,
      () => this.#libc.openat(folder, name, all, 0o600),
    );
  }

  #statOpen(path: string, folder: number): FileStat {
    const name = cString("");
    return known(
      path,
      statPlace(this.#libc, { folder, name, flags: AT_EMPTY_PATH }),
    );
  }

  #call(path: string, call: () => number | bigint): number {
    return callLibc(this.#libc, path, call);
  }
}

function known(path: string, stat: FileStat | number): FileStat {
  if (typeof stat === "number") throw errnoError(path, stat);
  return stat;
}
