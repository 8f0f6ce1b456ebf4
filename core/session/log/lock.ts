/** One writer per session: a lock file beside the log, outliving no dead writer. */
import {
  errorCode,
  errorText,
  isAbsent,
  SessionError,
} from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { parseJsonObject } from "../../util/json/json.ts";
import { basename } from "../../util/path.ts";
import {
  type ProcessIdentity,
  readIdentity,
  readLife,
} from "../../util/program/process_identity.ts";

/** Who writes. */
export interface LockOwner extends ProcessIdentity {
  readonly since: string;
  /** Distinguishes this lock from every other, also of the same process. */
  readonly token: string;
}

export interface WriterLock {
  release(): Promise<void>;
}

function lockPath(logPath: string): string {
  return `${logPath}.lock`;
}

/** Takes the lock, over a dead writer's body if need be. Throws SessionError when held. */
export async function openWriterLock(
  host: Host,
  logPath: string,
): Promise<WriterLock> {
  const path = lockPath(logPath);
  const owner = await describeSelf(host);
  for (let attempt = 0; attempt < LIMITS.lockAttempts; attempt++) {
    if (await createFile(host, path, `${JSON.stringify(owner)}\n`)) {
      return { release: () => releaseLock(host, path, owner) };
    }
    const text = await readLock(host, path);
    if (text === undefined) continue;
    await refuseIfHeld(host, logPath, text);
    await removeDeadLock(host, path, text);
  }
  const name = basename(logPath);
  throw new SessionError(
    `Cannot lock session ${name}: other processes keep taking the lock`,
  );
}

/** Who has the session open for writing; undefined when no living process has. */
export async function readLockOwner(
  host: Host,
  logPath: string,
): Promise<LockOwner | undefined> {
  const text = await readLock(host, lockPath(logPath));
  const owner = text === undefined ? undefined : parseOwner(text);
  if (owner === undefined) return undefined;
  return await isOwnerAlive(host, logPath, owner) ? owner : undefined;
}

async function createFile(
  host: Host,
  path: string,
  text: string,
): Promise<boolean> {
  try {
    await host.files.write(path, text, { mode: 0o600, exclusive: true });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    // A lock without content would hold up the next writer for nothing.
    await host.files.remove(path).catch(() => undefined);
    throw new SessionError(
      `Cannot lock session ${path}: ${errorText(error)}`,
    );
  }
}

async function readLock(host: Host, path: string): Promise<string | undefined> {
  try {
    return await host.files.readText(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new SessionError(`Cannot read lock ${path}: ${errorText(error)}`);
  }
}

async function refuseIfHeld(
  host: Host,
  logPath: string,
  text: string,
): Promise<void> {
  const owner = parseOwner(text);
  const name = basename(logPath);
  if (owner === undefined) {
    if (!await isRecent(host, lockPath(logPath), LIMITS.lockBlankMs)) return;
    throw new SessionError(
      `Cannot open session ${name}: another process is opening it`,
    );
  }
  if (!await isOwnerAlive(host, logPath, owner)) return;
  throw new SessionError(
    `Cannot open session ${name}: process ${owner.pid} has had it ` +
      `open for writing since ${owner.since}, must be ended first ` +
      `(its lock is ${lockPath(logPath)})`,
  );
}

async function isOwnerAlive(
  host: Host,
  logPath: string,
  owner: LockOwner,
): Promise<boolean> {
  const life = await readLife(host, owner);
  if (life !== "foreign") return life === "alive";
  // Its pid says nothing here, its writing does.
  return await isRecent(host, logPath, LIMITS.lockForeignMs) ||
    await isRecent(host, lockPath(logPath), LIMITS.lockForeignMs);
}

async function isRecent(
  host: Host,
  path: string,
  withinMs: number,
): Promise<boolean> {
  const stat = await host.files.stat(path);
  if (stat === undefined) return false;
  return host.now().getTime() - stat.mtimeMs < withinMs;
}

// Two may find the same dead lock, and the slower must not remove what the faster has
// put in its place: only who holds the guard removes, after looking again.
async function removeDeadLock(
  host: Host,
  path: string,
  judged: string,
): Promise<void> {
  const guard = `${path}.takeover`;
  if (!await createFile(host, guard, "")) {
    // Left by a process that was killed between two steps of this function.
    if (!await isRecent(host, guard, LIMITS.lockBlankMs)) {
      await host.files.remove(guard).catch(() => undefined);
    }
    return await host.sleep(LIMITS.lockRetryMs);
  }
  try {
    if (await readLock(host, path) === judged) await host.files.remove(path);
  } finally {
    await host.files.remove(guard);
  }
}

async function releaseLock(
  host: Host,
  path: string,
  owner: LockOwner,
): Promise<void> {
  const text = await readLock(host, path);
  if (text === undefined || parseOwner(text)?.token !== owner.token) return;
  await host.files.remove(path);
}

async function describeSelf(host: Host): Promise<LockOwner> {
  return {
    ...await readIdentity(host),
    since: host.now().toISOString(),
    token: host.newId(),
  };
}

function parseOwner(text: string): LockOwner | undefined {
  const value = parseJsonObject(text);
  if (typeof value?.["pid"] !== "number") return undefined;
  const word = (key: string): string => {
    const found = value[key];
    return typeof found === "string" ? found : "";
  };
  return {
    pid: value["pid"],
    processStart: word("processStart"),
    machine: word("machine"),
    boot: word("boot"),
    pidSpace: word("pidSpace"),
    since: word("since"),
    token: word("token"),
  };
}
