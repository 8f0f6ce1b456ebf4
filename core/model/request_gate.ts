/** What requests of many processes to one provider share: places, one wait, one end. */
import { isAbsent, ModelError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";

/** Stands before every attempt of a request, whichever process makes it. */
export interface RequestGate {
  /**
   * Waits until a request may be sent; disposing of the place lets the next one in. Throws
   * ModelError "limit" when no more are allowed, and the signal's reason.
   */
  enter(signal: AbortSignal): Promise<Disposable>;
  /** Nobody sends a request for so long: the server asked one of us to wait. */
  slowDown(ms: number): Promise<void>;
}

const WAIT = "wait";
const CLOSED = "closed";
const NO_PLACE: Disposable = { [Symbol.dispose]: () => {} };

type GateHost = Pick<
  Host,
  "files" | "newId" | "now" | "random" | "sleep"
>;

/** The file that stands for a place. A lock on it dies with whoever has it. */
function placePath(folder: string, place: number): string {
  return `${folder}/place-${place}`;
}

/** Makes the folder of a gate with so many places; without a number there is no bound. */
export async function createRequestGate(
  host: GateHost,
  folder: string,
  places: number | undefined,
): Promise<void> {
  await host.files.remove(folder, { recursive: true }).catch((error) => {
    if (!isAbsent(error)) throw error;
  });
  await host.files.mkdir(folder, { mode: 0o700 });
  for (let place = 0; place < (places ?? 0); place++) {
    await host.files.write(placePath(folder, place), "", { mode: 0o600 });
  }
}

/** From now on no request is let in; those under way go on. */
export async function closeRequestGate(
  host: GateHost,
  folder: string,
  reason: string,
): Promise<void> {
  await writeWhole(host, `${folder}/${CLOSED}`, reason);
}

/** The gate that another process has made; undefined where that has gone, or cannot be seen. */
export async function openRequestGate(
  host: GateHost,
  folder: string,
): Promise<RequestGate | undefined> {
  const entries = await host.files.list(folder).catch(() => undefined);
  if (entries === undefined) return undefined;
  const places = entries.filter(({ name }) => name.startsWith("place-")).length;
  return {
    enter: (signal) => enter(host, folder, { places, signal }),
    slowDown: (ms) => slowDown(host, folder, ms),
  };
}

async function enter(
  host: GateHost,
  folder: string,
  { places, signal }: {
    readonly places: number;
    readonly signal: AbortSignal;
  },
): Promise<Disposable> {
  for (;;) {
    signal.throwIfAborted();
    const closed = await readIfThere(host, `${folder}/${CLOSED}`);
    if (closed !== undefined) {
      throw new ModelError(closed, { kind: "limit", retryable: false });
    }
    const leftMs = await readLeft(host, folder);
    if (leftMs > 0) {
      // In pieces: meanwhile the gate may be closed, or a longer wait be asked for.
      await host.sleep(Math.min(leftMs, LIMITS.gateLookMs), signal);
      continue;
    }
    const place = await takePlace(host, folder, places);
    if (place !== undefined) return place;
    await host.sleep(LIMITS.gateRetryMs * (0.5 + host.random()), signal);
  }
}

async function takePlace(
  host: GateHost,
  folder: string,
  places: number,
): Promise<Disposable | undefined> {
  if (places === 0) return NO_PLACE;
  // Each begins somewhere else: at the same place all but one would try in vain.
  const first = Math.floor(host.random() * places);
  for (let at = 0; at < places; at++) {
    const path = placePath(folder, (first + at) % places);
    const place = await host.files.tryLock(path);
    if (place !== undefined) return place;
  }
  return undefined;
}

async function slowDown(
  host: GateHost,
  folder: string,
  ms: number,
): Promise<void> {
  if (ms <= await readLeft(host, folder)) return;
  const waitMs = Math.ceil(ms);
  const untilMs = host.now().getTime() + waitMs;
  await writeWhole(host, `${folder}/${WAIT}`, `${untilMs} ${waitMs}`);
}

// More than was ever asked for is left when the clock was put back: then nobody knows, and
// whoever asks too early is told so.
async function readLeft(host: GateHost, folder: string): Promise<number> {
  const text = await readIfThere(host, `${folder}/${WAIT}`) ?? "";
  const [untilMs = 0, waitMs = 0] = text.split(" ").map(Number);
  const leftMs = untilMs - host.now().getTime();
  return leftMs > waitMs ? 0 : Math.max(0, leftMs || 0);
}

async function readIfThere(
  { files }: GateHost,
  path: string,
): Promise<string | undefined> {
  try {
    return await files.readText(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function writeWhole(
  { files, newId }: GateHost,
  path: string,
  text: string,
): Promise<void> {
  const aside = `${path}.${newId()}`;
  await files.write(aside, text, { mode: 0o600, exclusive: true });
  await files.rename(aside, path);
}
