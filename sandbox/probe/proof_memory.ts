/** What the last proof on this very machine came to, kept in CODEX_HOME; it is never relied on to run anything. */
import { PROOFS } from "../plan/private.ts";
import { dirname } from "../../core/util/path.ts";
import type { Backend } from "../backends/backend.ts";
import { type BackendAttempt, findProved } from "./candidates.ts";
import { readMachine } from "./machine.ts";
import type { ProbeHost } from "./probe.ts";
import type { StoredProof } from "./proof_schema.ts";

const BYTES_MAX = 64 * 1024;

export class ProofMemory {
  readonly #host: ProbeHost;
  readonly #home: string;
  readonly #path: string;
  /** As it was when it was first asked for: what changes while the proof runs does not count. */
  #machine: Promise<StoredProof["machine"]> | undefined;

  constructor(host: ProbeHost, codexHome: string) {
    this.#host = host;
    this.#home = codexHome;
    this.#path = `${codexHome}/${PROOFS}/sandbox.json`;
  }

  /** The attempts of an earlier run; undefined when the machine, or the file, is not as it was. */
  async read(): Promise<readonly BackendAttempt[] | undefined> {
    const { files, uid } = this.#host;
    const machine = await this.#now();
    const stat = await files.lstat(this.#path).catch(() => undefined);
    // Somebody else's, or open to others: what it says may be theirs.
    if (!stat?.isFile || stat.uid !== uid || (stat.mode & 0o177) !== 0) {
      return undefined;
    }
    const text = await files.readText(this.#path, { bytesMax: BYTES_MAX })
      .catch(() => "");
    const stored = await readProof(text);
    if (stored === undefined || findProved(stored.attempts) === undefined) {
      return undefined;
    }
    return isSameMachine(stored.machine, machine) ? stored.attempts : undefined;
  }

  /** Keeps the outcome, or forgets the last one when nothing holds. */
  async write(attempts: readonly BackendAttempt[]): Promise<void> {
    const { files } = this.#host;
    try {
      await files.remove(this.#path).catch(() => {});
      if (findProved(attempts) === undefined) return;
      if (await files.stat(this.#home) === undefined) return;
      await files.mkdir(dirname(this.#path), { mode: 0o700 });
      const stored: StoredProof = {
        machine: await this.#now(),
        attempts,
      };
      const text = `${JSON.stringify(stored, undefined, 1)}\n`;
      await files.write(this.#path, text, { mode: 0o600, exclusive: true });
    } catch {
      // A home that takes no file, or another run that writes its own.
    }
  }

  #now(): Promise<StoredProof["machine"]> {
    return this.#machine ??= readMachine(this.#host);
  }
}

/** Whether commands are confined alike by both. */
export function isSameBackend(
  one: Backend | undefined,
  other: Backend | undefined,
): boolean {
  return JSON.stringify(flat(one)) === JSON.stringify(flat(other));
}

function flat(backend: Backend | undefined): unknown {
  if (backend === undefined) return undefined;
  const { features, ...rest } = { features: {}, ...backend };
  return Object.entries({ ...rest, ...features })
    .sort(([a], [b]) => a < b ? -1 : 1);
}

async function readProof(text: string): Promise<StoredProof | undefined> {
  try {
    // Most of what starts never reads it.
    const { proofSchema } = await import("./proof_schema.ts");
    return proofSchema().safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isSameMachine(
  before: StoredProof["machine"],
  now: StoredProof["machine"],
): boolean {
  const names = Object.keys(now);
  return names.length === Object.keys(before).length &&
    names.every((name) => before[name] === now[name]);
}
