/** Files in memory with faults on demand, and logs made for a test. */
import { denoHost } from "../../../../core/host/host.ts";
import type {
  AppendFile,
  Files,
  Host,
} from "../../../../core/protocol/host.ts";
import type { LogFact, ThreadMeta } from "../../../../core/protocol/log.ts";
import type { TurnSettings } from "../../../../core/protocol/settings.ts";
import type { Usage } from "../../../../core/protocol/event.ts";
import { restoreThread } from "../../../../core/session/log/restore.ts";
import { createThreadLog } from "../../../../core/session/log/log_writer.ts";
import { TEST_SETTINGS } from "../../../support/settings.ts";

export const HOME = "/home/ann/.codex";
export const ID = "01a1fbe5-3a2c-7141-b7e4-a7319acfa046";

export const META: ThreadMeta = {
  id: ID,
  createdAt: "2026-03-04T05:06:07.000Z",
  cwd: "/srv/project",
  program: "rondo",
  version: "1.2.3",
  source: "repl",
  provider: "openai",
  instructions: 'Be "kind"\nand exact.',
};

export const SETTINGS: TurnSettings = TEST_SETTINGS;

/** What a write of a log meets. */
export interface Fault {
  readonly code: "ENOSPC" | "EIO";
  /** Characters that still reach the disk. */
  readonly partial: number;
}

export interface MemoryDisk {
  readonly files: Files;
  readonly content: Map<string, Uint8Array<ArrayBuffer>>;
  /** Asked at each write, from 1; a fault makes it fail. */
  faultAt: (write: number) => Fault | undefined;
  /** Asked at each sync. */
  syncFault: () => Fault | undefined;
  readonly counts: { writes: number; syncs: number };
  text(path: string): string;
  put(path: string, data: string | Uint8Array): void;
}

/** A disk that lives in a map. Only what the log uses is there. */
export function memoryDisk(): MemoryDisk {
  const content = new Map<string, Uint8Array<ArrayBuffer>>();
  const counts = { writes: 0, syncs: 0 };
  const take = (path: string): Uint8Array<ArrayBuffer> => {
    const data = content.get(path);
    if (data === undefined) throw osError("ENOENT", path);
    return data;
  };
  const disk: MemoryDisk = {
    content,
    counts,
    faultAt: () => undefined,
    syncFault: () => undefined,
    text: (path) => new TextDecoder().decode(take(path)),
    put: (path, data) => void content.set(path, toBytes(data)),
    files: {
      ...denoHost().files,
      readText: (path) => later(() => disk.text(path)),
      readBytes: (path) => later(() => take(path)),
      readRange: (path, offset, bytesMax) =>
        later(() => take(path).slice(offset, offset + bytesMax)),
      write: (path, data, options) =>
        later(() => {
          if (options?.exclusive && content.has(path)) {
            throw osError("EEXIST", path);
          }
          disk.put(path, data);
        }),
      openAppend: (path) => later(() => openAppend(disk, path)),
      placeSync: (path, data) => placeSync(disk, path, data),
      truncate: (path, bytes) =>
        later(() => void content.set(path, take(path).slice(0, bytes))),
      mkdir: () => Promise.resolve(),
      remove: (path) =>
        later(() => {
          take(path);
          content.delete(path);
        }),
      rename: (from, to) =>
        later(() => {
          content.set(to, take(from));
          content.delete(from);
        }),
      stat: (path) =>
        later(() => {
          const data = content.get(path);
          if (data === undefined) return undefined;
          return {
            isFile: true,
            isDirectory: false,
            isSymlink: false,
            size: data.length,
            mode: 0o600,
            mtimeMs: 0,
            ino: 1,
            uid: 0,
          };
        }),
    },
  };
  return disk;
}

/** The real host on that disk, with a clock that counts. */
export function memoryHost(disk: MemoryDisk): Host {
  let tick = 0;
  return {
    ...denoHost(),
    files: disk.files,
    now: () => new Date(Date.UTC(2026, 0, 1) + tick++),
  };
}

/** A log with these facts, closed; its path. */
export async function writeLog(
  host: Host,
  facts: readonly LogFact[],
  options: {
    readonly codexHome?: string;
    readonly meta?: Partial<ThreadMeta>;
  } = {},
): Promise<string> {
  const log = await createThreadLog(host, {
    codexHome: options.codexHome ?? HOME,
    meta: { ...META, ...options.meta },
  });
  for (const fact of facts) log.append(fact);
  await log.close();
  return log.path;
}

/** What a session file of this text restores to, on a disk that holds what lies beside it. */
export async function restoreText(
  text: string | Uint8Array,
  beside: MemoryDisk = memoryDisk(),
): Promise<Awaited<ReturnType<typeof restoreThread>>> {
  const disk = memoryDisk();
  beside.content.forEach((data, path) => disk.content.set(path, data));
  disk.put(LOG_PATH, text);
  return await restoreThread(disk.files, LOG_PATH);
}

export const LOG_PATH =
  `${HOME}/sessions/2026/03/04/rollout-2026-03-04T05-06-07-${ID}.jsonl`;

export function userItem(text: string): string {
  const content = [{ type: "input_text", text }];
  return JSON.stringify({ type: "message", role: "user", content });
}

export function callItem(callId: string, name = "shell"): string {
  const type = "function_call";
  return JSON.stringify({ type, call_id: callId, name, arguments: "{}" });
}

export function outputItem(callId: string, output = "ok"): string {
  const type = "function_call_output";
  return JSON.stringify({ type, call_id: callId, output });
}

export function item(json: string): LogFact {
  return { type: "item", json };
}

export function usageOf(inputTokens: number): Usage {
  return {
    inputTokens,
    cachedInputTokens: Math.floor(inputTokens / 2),
    cacheWriteInputTokens: 1,
    outputTokens: 7,
    reasoningOutputTokens: 3,
    totalTokens: inputTokens + 7,
  };
}

/** A turn of one message, one call and its answer. */
export function turnFacts(turnId: string, text: string): readonly LogFact[] {
  const callId = `call-${turnId}`;
  return [
    { type: "turn_started", turnId, settings: SETTINGS },
    item(userItem(text)),
    item(callItem(callId)),
    { type: "call_started", callId, name: "shell" },
    { type: "request", usage: usageOf(100), bodyHash: "aa", inputItems: 1 },
    item(outputItem(callId)),
    {
      type: "turn_ended",
      turnId,
      outcome: { type: "done", message: "done" },
      usage: usageOf(100),
    },
  ];
}

function openAppend(disk: MemoryDisk, path: string): AppendFile {
  if (!disk.content.has(path)) disk.put(path, "");
  const add = (text: string): void => {
    const old = disk.content.get(path) ?? new Uint8Array();
    const more = toBytes(text);
    const whole = new Uint8Array(old.length + more.length);
    whole.set(old);
    whole.set(more, old.length);
    disk.content.set(path, whole);
  };
  const sync = (): void => {
    disk.counts.syncs++;
    const fault = disk.syncFault();
    if (fault !== undefined) throw osError(fault.code, path);
  };
  return {
    write(text) {
      const fault = disk.faultAt(++disk.counts.writes);
      if (fault === undefined) return add(text);
      add(text.slice(0, fault.partial));
      throw osError(fault.code, path);
    },
    sync,
    startSync: () => later(sync),
    close() {},
  };
}

function placeSync(disk: MemoryDisk, path: string, data: Uint8Array): void {
  if (disk.content.get(path)?.length === data.length) return;
  const fault = disk.faultAt(++disk.counts.writes);
  if (fault !== undefined) throw osError(fault.code, path);
  disk.put(path, data);
}

function toBytes(data: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof data === "string"
    ? new TextEncoder().encode(data)
    : Uint8Array.from(data);
}

function osError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

async function later<T>(run: () => T): Promise<T> {
  return await Promise.resolve().then(run);
}
