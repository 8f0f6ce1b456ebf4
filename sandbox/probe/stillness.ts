/** Whether any process that this program has started, or one of theirs, has run for a while. */
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";

type StillnessHost = Pick<Host, "files" | "pid" | "selfCommand">;

/** Each thread, and how often it has been taken from a processor. */
type Sample = ReadonlyMap<string, string>;

/**
 * Whoever has run has been counted by the kernel when it went to sleep, and nothing is made by
 * a process that sleeps. So what came to be while all of them slept is somebody else's. Other
 * runs of this program count as well, with all of theirs: their models are not the person.
 */
export class Stillness {
  readonly #host: StillnessHost;
  #since: Sample | undefined;

  constructor(host: StillnessHost) {
    this.#host = host;
  }

  /** A process was started: it may have ended before anybody looks. */
  stir(): void {
    this.#since = undefined;
  }

  /** From now on. */
  async begin(): Promise<void> {
    const none: Sample = new Map();
    this.#since = none;
    const sample = await this.#readTwice();
    // Something may have been started meanwhile.
    if (this.#since === none) this.#since = sample;
  }

  /** Whether all of them have slept since it began; false where that cannot be known. */
  async holds(): Promise<boolean> {
    const since = this.#since;
    if (since === undefined) return false;
    const now = await this.#readTwice();
    return now !== undefined && this.#since === since && isSame(now, since);
  }

  // A process that is made while the list is read may not be on it, but is on the next one:
  // unless whoever made it has run in between, and was seen to.
  async #readTwice(): Promise<Sample | undefined> {
    try {
      const others = await this.#findOthers();
      const first = await this.#read(others);
      if (first.size === 0) return undefined;
      const second = await this.#read(others);
      return isSame(first, second) ? second : undefined;
    } catch {
      // One has gone in this moment, or runs, or cannot be looked at.
      return undefined;
    }
  }

  async #read(others: readonly number[]): Promise<Sample> {
    const sample = new Map<string, string>();
    const open = [...await this.#listChildren(this.#host.pid), ...others];
    for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
      for (const { name } of await this.#host.files.list(`/proc/${pid}/task`)) {
        const place = `/proc/${pid}/task/${name}`;
        const status = await this.#host.files.readText(`${place}/status`);
        sample.set(place, parseSwitches(status));
        if (sample.size > LIMITS.stillThreads) throw new Error("too many");
      }
      open.push(...await this.#listChildren(pid));
    }
    return sample;
  }

  /** Other runs of this program, of the same user. */
  async #findOthers(): Promise<number[]> {
    const { files, pid: own, selfCommand } = this.#host;
    const [program, ...words] = selfCommand([]);
    const isOther = async (pid: number): Promise<boolean> => {
      const exe = await files.readLink(`/proc/${pid}/exe`);
      // Of a program that was replaced since.
      if (exe.replace(/ \(deleted\)$/, "") !== program) return false;
      const line = await files.readText(`/proc/${pid}/cmdline`);
      const [, ...given] = line.split("\0");
      return words.every((word, at) => given[at] === word);
    };
    const pids = (await files.list("/proc/")).map(({ name }) => Number(name))
      .filter((pid) => pid > 0 && pid !== own);
    const found = await Promise.all(
      pids.map((pid) => isOther(pid).catch(() => false)),
    );
    return pids.filter((_, at) => found[at]);
  }

  async #listChildren(pid: number): Promise<number[]> {
    const { files } = this.#host;
    const found: number[] = [];
    for (const { name } of await files.list(`/proc/${pid}/task`)) {
      const text = await files.readText(`/proc/${pid}/task/${name}/children`);
      found.push(...text.split(" ").map(Number).filter((child) => child > 0));
    }
    return found;
  }
}

// proc_pid_status(5). Zombies and the stopped do not run, either.
function parseSwitches(status: string): string {
  const [, state] = /^State:\s+([A-Z])/m.exec(status) ?? [];
  const switches = status.match(/^(?:non)?voluntary_ctxt_switches:\s+\d+$/gm);
  if (state === undefined || !"STtZ".includes(state) || switches === null) {
    throw new Error("it runs");
  }
  return switches.join(" ");
}

function isSame(left: Sample, right: Sample): boolean {
  return left.size === right.size &&
    [...left].every(([place, switches]) => right.get(place) === switches);
}
