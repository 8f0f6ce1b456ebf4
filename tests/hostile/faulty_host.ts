/** The real host with one fault: a call for files fails as a bad disk, a full one or a lost share lets it fail. */
import { errnoError } from "../../core/host/system/errno.ts";
import type {
  AppendFile,
  Files,
  Host,
  NoFollowFiles,
} from "../../core/protocol/host.ts";

export type FileCall =
  | keyof Files
  | keyof NoFollowFiles
  | keyof AppendFile
  | "spawn";

export interface Fault {
  readonly call: FileCall;
  readonly errno: number;
  /** Only paths that begin so. */
  readonly below: string;
  /** From 0: which of these calls fails; all of them unless given. */
  readonly at?: number;
}

/** Every call a fault can be of. */
export const FILE_CALLS: readonly FileCall[] = [
  "readText",
  "readBytes",
  "readRange",
  "write",
  "openAppend",
  "placeSync",
  "truncate",
  "mkdir",
  "remove",
  "rename",
  "chmod",
  "readLink",
  "realPath",
  "stat",
  "lstat",
  "list",
  "sync",
  "close",
  "create",
  "spawn",
];

/** The host, and how often the fault was met. */
export function faultyHost(
  real: Host,
  fault: Fault,
): { readonly host: Host; readonly met: () => number } {
  let seen = 0;
  let met = 0;
  const check = (call: string, path: unknown): void => {
    if (call !== fault.call || !String(path).startsWith(fault.below)) return;
    if (fault.at !== undefined && seen++ !== fault.at) return;
    met++;
    throw errnoError(String(path), fault.errno);
  };
  const files = faultyCalls(real.files, check);
  const noFollowFiles = real.noFollowFiles;
  return {
    host: {
      ...real,
      files: {
        ...files,
        openAppend: async (path, options) =>
          faultyAppend(await files.openAppend(path, options), path, check),
      },
      noFollowFiles: noFollowFiles && faultyCalls(noFollowFiles, check),
      spawn: (request) => {
        check("spawn", request.command);
        return real.spawn(request);
      },
    },
    met: () => met,
  };
}

type Check = (call: string, path: unknown) => void;

function faultyCalls<T extends object>(real: T, check: Check): T {
  return new Proxy(real, {
    get: (target, name): unknown => {
      const call = Reflect.get(target, name);
      if (typeof call !== "function" || typeof name !== "string") return call;
      if (name === "placeSync") {
        return (...args: unknown[]): unknown => {
          check(name, args[0]);
          return Reflect.apply(call, target, args);
        };
      }
      return async (...args: unknown[]): Promise<unknown> => {
        check(name, args[0]);
        return await Reflect.apply(call, target, args);
      };
    },
  });
}

function faultyAppend(
  file: AppendFile,
  path: string,
  check: Check,
): AppendFile {
  return {
    write: (text) => {
      check("write", path);
      file.write(text);
    },
    sync: () => {
      check("sync", path);
      file.sync();
    },
    startSync: async () => {
      check("sync", path);
      await file.startSync();
    },
    close: () => {
      file.close();
      check("close", path);
    },
  };
}
