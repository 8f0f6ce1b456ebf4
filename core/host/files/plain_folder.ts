/** Folders by their path, where there are no descriptors to hold them by. */
import { errorCode, systemError } from "../../protocol/error.ts";
import type { Node, OpenFolder } from "../../util/folder/open_folder.ts";
import { kindOf } from "./stat.ts";

/** Each use looks first whether the path still leads through no link. */
export class PlainFolder implements OpenFolder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.#check();
  }

  get node(): Node {
    return toNode(Deno.lstatSync(this.#path));
  }

  names(): readonly string[] {
    this.#check();
    return [...Deno.readDirSync(this.#path)].map(({ name }) => name);
  }

  look(name: string): Node | undefined {
    this.#check();
    try {
      return toNode(Deno.lstatSync(this.#at(name)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  enter(name: string): OpenFolder {
    return new PlainFolder(this.#at(name));
  }

  content(name: string): ReturnType<OpenFolder["content"]> {
    if (this.look(name)?.kind !== "file") {
      throw systemError("EINVAL", `it is no regular file: ${this.#at(name)}`);
    }
    const bytes = Deno.readFileSync(this.#at(name));
    const node = this.look(name);
    if (node === undefined) {
      throw systemError("ENOENT", `it has gone: ${this.#at(name)}`);
    }
    return { bytes, node };
  }

  linkTarget(name: string): string {
    this.#check();
    return Deno.readLinkSync(this.#at(name));
  }

  create(name: string, bytes: Uint8Array<ArrayBuffer>, mode: number): void {
    this.#check();
    Deno.writeFileSync(this.#at(name), bytes, { createNew: true });
    if (Deno.build.os !== "windows") Deno.chmodSync(this.#at(name), mode);
  }

  makeFolder(name: string, mode: number): void {
    this.#check();
    Deno.mkdirSync(this.#at(name));
    this.chmod(name, mode);
  }

  makeLink(name: string, target: string): void {
    this.#check();
    Deno.symlinkSync(target, this.#at(name));
  }

  rename(from: string, to: string): void {
    this.#check();
    Deno.renameSync(this.#at(from), this.#at(to));
  }

  remove(name: string): void {
    this.#check();
    Deno.removeSync(this.#at(name));
  }

  chmod(name: string, mode: number): void {
    if (Deno.build.os === "windows") return;
    if (this.look(name)?.kind === "link") throw isLink(this.#at(name));
    Deno.chmodSync(this.#at(name), mode);
  }

  close(): void {
    // Nothing is held.
  }

  #at(name: string): string {
    return `${this.#path === "/" ? "" : this.#path}/${name}`;
  }

  #check(): void {
    let real: string;
    try {
      real = Deno.realPathSync(this.#path);
    } catch (error) {
      const code = errorCode(error) ??
        (error instanceof Deno.errors.NotFound ? "ENOENT" : "EACCES");
      throw systemError(code, `cannot be opened: ${this.#path}`);
    }
    if (Deno.build.os === "windows") return;
    if (real !== this.#path) throw isLink(this.#path);
    if (!Deno.lstatSync(this.#path).isDirectory) {
      throw systemError("ENOTDIR", `it is no folder: ${this.#path}`);
    }
  }
}

function isLink(path: string): Error {
  return systemError("ELOOP", `a link is on the way: ${path}`);
}

function toNode(info: Deno.FileInfo): Node {
  const kind = info.isFile
    ? "file"
    : info.isDirectory
    ? "folder"
    : info.isSymlink
    ? "link"
    : "special";
  const changed = info.ctime ?? info.mtime;
  const { ino, size, mode, mtime } = info;
  return {
    kind,
    ...(kind === "special" && { special: kindOf(info) }),
    size,
    mode: (mode ?? 0) & 0o7777,
    device: `${info.dev}`,
    stamp: `${ino} ${size} ${mode} ${mtime?.getTime()} ${changed?.getTime()}`,
    changedMs: changed?.getTime() ?? Infinity,
  };
}
