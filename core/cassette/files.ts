/** Files through an engine. */
import type { Files, Host, NoFollowFiles } from "../protocol/host.ts";
import type {
  NameIndex,
  NamesBelow,
  WantedNames,
} from "../util/folder/names.ts";
import type { Json } from "../util/json/json.ts";
import type { Engine } from "./engine.ts";
import { decodeBytes, encodeBytes } from "./format.ts";
import { ancestors, resolvePath } from "../util/path.ts";
import { isSecretFile, type Redactor } from "./redact.ts";

/** A replay reads what was read and writes nothing. */
export function recordedFiles(
  engine: Engine,
  files: Files,
  redactor: Redactor,
): Files {
  return {
    ...recordedReads(engine, files, redactor),
    ...recordedWrites(engine, files),
  };
}

/**
 * Learns what the person's home and the project hold, also what this run never reads: a
 * command may print it.
 */
export async function learnDisk(
  host: Pick<Host, "cwd" | "env" | "files" | "homeDir">,
  redactor: Redactor,
): Promise<void> {
  const { files } = host;
  const home = host.env("CODEX_HOME") || `${host.homeDir() ?? ""}/.codex`;
  const names = async (folder: string): Promise<readonly string[]> =>
    (await files.list(folder).catch(() => []))
      .map(({ name }) => `${folder}/${name}`);
  const paths = [
    ...await names(home),
    ...await names(`${home}/mcp_logins`),
    ...await names(host.homeDir() ?? "/"),
    ...(await Promise.all(
      ancestors(host.cwd).flatMap((folder) => [
        names(folder),
        names(resolvePath(folder, ".codex")),
      ]),
    )).flat(),
  ];
  for (const path of paths.filter(isSecretFile)) {
    if (!(await files.stat(path).catch(() => undefined))?.isFile) continue;
    const text = await files.readText(path).catch(() => "");
    redactor.learnFile(path, text);
  }
}

/** Records nothing, and learns the secrets that are read. */
export function learningFiles(files: Files, redactor: Redactor): Files {
  return {
    ...files,
    readText: async (path, options) => {
      const text = await files.readText(path, options);
      redactor.learnFile(path, text);
      return text;
    },
  };
}

type Reads =
  | "readText"
  | "readBytes"
  | "readRange"
  | "readLink"
  | "realPath"
  | "stat"
  | "lstat"
  | "list"
  | "canWrite";

function recordedReads(
  engine: Engine,
  files: Files,
  redactor: Redactor,
): Pick<Files, Reads> {
  const plain = <T>(key: string, real: () => Promise<T>): Promise<T> =>
    engine.run({
      key,
      real,
      encode: (value) => value as Json | undefined,
      decode: (value) => value as T,
    });
  const bytes = (
    path: string,
    key: string,
    real: () => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>> =>
    engine.run({
      key,
      real,
      encode: (value) => {
        redactor.learnFile(path, new TextDecoder().decode(value));
        return encodeBytes(value);
      },
      decode: (value) => decodeBytes(value ?? {}),
    });
  return {
    readText: (path, options) =>
      engine.run({
        key: `readText:${path}`,
        real: () => files.readText(path, options),
        encode: (text) => {
          redactor.learnFile(path, text);
          return text;
        },
        decode: String,
      }),
    readBytes: (path, options) =>
      bytes(
        path,
        `readBytes:${path}`,
        () => files.readBytes(path, options),
      ),
    readRange: (path, offset, bytesMax, options) =>
      bytes(
        path,
        `readRange:${path}:${offset}`,
        () => files.readRange(path, offset, bytesMax, options),
      ),
    readLink: (path) => plain(`readLink:${path}`, () => files.readLink(path)),
    realPath: (path) => plain(`realPath:${path}`, () => files.realPath(path)),
    stat: (path) => plain(`stat:${path}`, () => files.stat(path)),
    lstat: (path) => plain(`lstat:${path}`, () => files.lstat(path)),
    list: (path) => plain(`list:${path}`, () => files.list(path)),
    canWrite: (path) => plain(`canWrite:${path}`, () => files.canWrite(path)),
  };
}

function recordedWrites(engine: Engine, files: Files): Omit<Files, Reads> {
  const run = <T>(key: string, real: () => Promise<T>, none: T): Promise<T> =>
    engine.run({ key, real, encode: () => undefined, decode: () => none });
  const nothing = <A extends readonly [path: string, ...unknown[]]>(
    name: string,
    write: (...args: A) => Promise<void>,
  ) =>
  (...args: A): Promise<void> =>
    run(`${name}:${args[0]}`, () => write(...args), undefined);
  return {
    write: nothing("write", files.write),
    writeTemporary: nothing("writeTemporary", files.writeTemporary),
    writePipe: nothing("writePipe", files.writePipe),
    openAppend: (path, options) =>
      run(`openAppend:${path}`, () => files.openAppend(path, options), {
        write: () => {},
        sync: () => {},
        startSync: () => Promise.resolve(),
        close: () => {},
      }),
    placeSync: (path, data, options) =>
      engine.runSync({
        key: `placeSync:${path}`,
        real: () => files.placeSync(path, data, options),
        encode: () => undefined,
        decode: () => {},
      }),
    tryLock: (path) =>
      run(`tryLock:${path}`, () => files.tryLock(path), {
        [Symbol.dispose]: () => {},
      }),
    truncate: nothing("truncate", files.truncate),
    mkdir: nothing("mkdir", files.mkdir),
    remove: nothing("remove", files.remove),
    rename: (from, to) =>
      run(`rename:${from}:${to}`, () => files.rename(from, to), undefined),
    chmod: nothing("chmod", files.chmod),
    setModified: nothing("setModified", files.setModified),
    symlink: (target, path) =>
      run(`symlink:${path}`, () => files.symlink(target, path), undefined),
  };
}

/** In a replay the machine need not have them: what they gave is on the cassette. */
export function recordedNoFollowFiles(
  engine: Engine,
  files: NoFollowFiles | undefined,
  redactor: Redactor,
): NoFollowFiles | undefined {
  if (files === undefined && engine.isReal) return undefined;
  const run = <T>(
    key: string,
    real: (files: NoFollowFiles) => Promise<T>,
  ): Promise<T> =>
    engine.run({
      key: `noFollow:${key}`,
      real: () => files === undefined ? Promise.reject(LOST) : real(files),
      encode: (value) => value as Json | undefined,
      decode: (value) => value as T,
    });
  return {
    lstat: (path) => run(`lstat:${path}`, (real) => real.lstat(path)),
    readRange: async (path, offset, bytesMax) =>
      decodeBytes(
        await run(
          `readRange:${path}`,
          async (real) => {
            const bytes = await real.readRange(path, offset, bytesMax);
            redactor.learnFile(path, new TextDecoder().decode(bytes));
            return encodeBytes(bytes);
          },
        ),
      ),
    readLink: (path) => run(`readLink:${path}`, (real) => real.readLink(path)),
    list: (path) => run(`list:${path}`, (real) => real.list(path)),
    create: (path, bytes, mode) =>
      run(`create:${path}`, (real) => real.create(path, bytes, mode)),
    copy: (from, to, mode) =>
      run(`copy:${from}:${to}`, (real) => real.copy(from, to, mode)),
    mkdir: (path, mode) =>
      run(`mkdir:${path}`, (real) => real.mkdir(path, mode)),
    symlink: (target, path) =>
      run(`symlink:${path}`, (real) => real.symlink(target, path)),
    rename: (from, to) =>
      run(`rename:${from}:${to}`, (real) => real.rename(from, to)),
    chmod: (path, mode) =>
      run(`chmod:${path}`, (real) => real.chmod(path, mode)),
  };
}

/** What of a tree was found, never the tree. */
export function recordedNameIndex(
  engine: Engine,
  host: Pick<Host, "createNameIndex">,
  wanted: WantedNames,
): NameIndex {
  const index = host.createNameIndex(wanted);
  return {
    findSync: (tops) =>
      engine.runSync({
        key: `names:${tops.join(":")}`,
        real: () => index.findSync(tops),
        encode: (found) => ({ ...found }),
        decode: (found) => found as unknown as NamesBelow,
      }),
  };
}

const LOST = new Error("Broken invariant: recorded without these files");
