/** The real Host, by Deno. */
import { configError, errorText, usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { abortableFetch } from "./fetch.ts";
import { denoFiles } from "./files/files.ts";
import { decodeImage } from "./image.ts";
import { denoFolders } from "./files/folders.ts";
import { openNoFollowFiles } from "./files/no_follow_files.ts";
import { openFolder } from "./files/open_folder.ts";
import { adoptOrphans } from "./orphans.ts";
import { givenEnvironment } from "./process.ts";
import { textVariable } from "./system/environment.ts";
import { holdNamespace } from "./system/namespaces.ts";
import { isProcessAlive, sendSignal, spawnChild } from "./spawn.ts";
import { FolderIndex } from "../util/folder/names.ts";
import { uuidV7 } from "../util/uuid.ts";

/**
 * The machine this program runs on. `mainUrl` is main.ts, for runs that are not compiled;
 * `cwd` stands for the working folder, which has no name we can use. `adoptsOrphans`: no
 * child of this process is started but by it, all others are orphans. Throws UserError.
 */
export function denoHost(
  options: {
    readonly mainUrl?: string;
    readonly cwd?: string;
    readonly adoptsOrphans?: boolean;
  } = {},
): Host {
  if (options.adoptsOrphans) adoptOrphans();
  return {
    os: operatingSystem(),
    arch: Deno.build.arch,
    pid: Deno.pid,
    uid: Deno.uid() ?? -1,
    cwd: options.cwd ?? workingFolder(),
    files: denoFiles,
    noFollowFiles: openNoFollowFiles(),
    openFolder,
    createNameIndex: (wanted) => new FolderIndex(denoFolders, wanted),
    fetch: abortableFetch,
    decodeImage,
    spawn: spawnChild,
    ...(operatingSystem() === "linux" && { holdNamespace }),
    selfCommand: (args) => [...selfArgv(options.mainUrl), ...args],
    env: readVariable,
    envAll: givenEnvironment,
    homeDir: () => readVariable("HOME") ?? readVariable("USERPROFILE"),
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    timezone,
    utcOffsetMinutes: () => -new Date().getTimezoneOffset(),
    newId: () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
    random: () => Math.random(),
    sleep,
    isAlive: isProcessAlive,
    kill: sendSignal,
  };
}

function workingFolder(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    throw usageError(`Cannot start in the working folder: ${errorText(error)}`);
  }
}

function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    throw configError(`Cannot read ${name}: its value is not UTF-8, must be`);
  }
}

// A compiled program is its own executable; `deno run` needs the script named again.
function selfArgv(mainUrl: string | undefined): readonly string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  if (mainUrl === undefined) {
    throw new Error("Broken invariant: main is unknown");
  }
  const script = decodeURIComponent(new URL(mainUrl).pathname);
  const config = decodeURIComponent(new URL("./deno.json", mainUrl).pathname);
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-check",
    "--allow-all",
    "--no-prompt",
    `--config=${config}`,
    script,
  ];
}

// The first Intl formatter of a process costs as much as the rest of the start.
function timezone(): string {
  const named = textVariable("TZ");
  if (named && /^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(named)) return named;
  try {
    const link = Deno.readLinkSync("/etc/localtime");
    const zone = link.split("/zoneinfo/")[1];
    if (zone !== undefined) return zone.replace(/^Etc\//, "");
  } catch {
    // No such link here: the runtime knows.
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function operatingSystem(): Host["os"] {
  const os = Deno.build.os;
  return os === "darwin" || os === "windows" ? os : "linux";
}

/** A longer timer of the runtime ends at once; nothing runs for these 24 days anyway. */
const TIMER_MAX_MS = 2 ** 31 - 1;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, Math.min(ms, TIMER_MAX_MS));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
