/** A lock on a file, which ends with the process that has it. */
import { errorCode } from "../../protocol/error.ts";
import { callLibc } from "../system/errno.ts";
import { openLibc } from "../system/libc.ts";
import { cString } from "./proc_files.ts";
import { FCNTL } from "../system/fcntl.ts";

const { O_RDWR, O_CREAT, O_NOCTTY, O_NONBLOCK, O_CLOEXEC } = FCNTL;

const FLAGS = O_RDWR | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

/** As `Files.tryLock`. */
export async function tryLock(path: string): Promise<Disposable | undefined> {
  const libc = openLibc();
  if (libc === undefined) return await tryRuntimeLock(path);
  const name = cString(path);
  const file = callLibc(libc, path, () => libc.open(name, FLAGS, 0o600));
  const release = (): void => void libc.close(file);
  try {
    callLibc(libc, path, () => libc.flock(file, LOCK_EX | LOCK_NB));
  } catch (error) {
    release();
    if (errorCode(error) === "EAGAIN") return undefined;
    throw error;
  }
  return { [Symbol.dispose]: release };
}

async function tryRuntimeLock(path: string): Promise<Disposable | undefined> {
  const file = await Deno.open(path, {
    read: true,
    write: true,
    create: true,
    mode: 0o600,
  });
  const isMine = await file.tryLock(true).catch((error: unknown) => {
    file.close();
    throw error;
  });
  if (isMine) return file;
  file.close();
  return undefined;
}
