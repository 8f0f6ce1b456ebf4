/** Ends what a command left behind: orphans that came to us, the subreaper (prctl(2)). */
import type { Host, SpawnRequest } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { parseFilterCount } from "../probe/proc_status.ts";

type ReaperHost = Pick<
  Host,
  "files" | "kill" | "monotonicMs" | "os" | "pid" | "sleep"
>;

/** Which command a process belongs to; in the environment of each, and of its children. */
export const COMMAND_MARK = "RONDO_COMMAND";

/** The request with the mark on all of its processes, what starts the command included. */
export function marked(request: SpawnRequest, mark: string): SpawnRequest {
  return { ...request, env: { ...request.env, [COMMAND_MARK]: mark }, mark };
}

export interface SweptCommand {
  /** Value of COMMAND_MARK. */
  readonly mark: string;
  /** Whether a seccomp filter of ours lies on it and all its children. */
  readonly isConfined: boolean;
}

/**
 * Finds and ends orphans. They are told from other children by the mark, by the session
 * of their command, or by a filter that only commands carry and none can take off.
 */
export class OrphanReaper {
  readonly #host: ReaperHost;
  readonly #reap: (pid: number) => boolean;
  readonly #running = new Set<SweptCommand>();
  /** Dead children and when each was first seen so; one that stays nobody waits for. */
  #unclaimed = new Map<number, number>();
  #ownFilters: number | undefined;

  constructor(host: ReaperHost, reap: (pid: number) => boolean) {
    this.#host = host;
    this.#reap = reap;
  }

  begin(command: SweptCommand): void {
    this.#running.add(command);
  }

  /** Whatever became of it, it runs no longer. */
  forget(command: SweptCommand): void {
    this.#running.delete(command);
  }

  /** Collects an orphan that has just died. */
  collect(pid: number | undefined): void {
    if (pid !== undefined) this.#reap(pid);
  }

  /** Ends the command's processes; `pid` was its first. Returns how many lived. */
  async end(command: SweptCommand, pid: number): Promise<number> {
    this.forget(command);
    if (this.#host.os !== "linux") return 0;
    const ended = new Set<number>();
    const dying = new Set<number>();
    for (let round = 0; round < LIMITS.reapRounds; round++) {
      const victims = await this.#findVictims(command, pid);
      for (const victim of victims) {
        ended.add(victim);
        dying.add(victim);
        this.#host.kill(victim, "SIGKILL");
      }
      // The dead leave us their children, so a round in which one died is not the last.
      if (dying.size === 0) break;
      for (const child of [...dying]) {
        if (await this.#isGone(child)) dying.delete(child);
      }
      if (round > 0) await this.#host.sleep(1);
    }
    return ended.size;
  }

  async #isGone(pid: number): Promise<boolean> {
    if (this.#reap(pid)) return true;
    const stat = await this.#readStat(pid);
    return stat === undefined || stat.isDead;
  }

  async #findVictims(command: SweptCommand, pid: number): Promise<number[]> {
    const children = await this.#listChildren();
    const victims: number[] = [];
    const dead = new Map<number, number>();
    const nowMs = this.#host.monotonicMs();
    for (const child of children) {
      const stat = await this.#readStat(child);
      if (stat === undefined) continue;
      if (stat.isDead) {
        // The runtime takes a moment to collect the exit of a child of its own, and
        // without it does not know how that command ended.
        const seenMs = this.#unclaimed.get(child) ?? nowMs;
        const isOrphan = nowMs - seenMs >= LIMITS.orphanDeadMs;
        if (stat.session === pid || isOrphan) this.#reap(child);
        else dead.set(child, seenMs);
      } else if (await this.#belongs(child, stat.session, { command, pid })) {
        victims.push(child);
      }
    }
    this.#unclaimed = dead;
    return victims;
  }

  async #belongs(
    child: number,
    session: number,
    { command, pid }: { readonly command: SweptCommand; readonly pid: number },
  ): Promise<boolean> {
    if (session === pid) return true;
    const mark = await this.#readMark(child);
    if (mark === command.mark) return true;
    const isOthers = [...this.#running].some((other) => other.mark === mark);
    if (isOthers) return false;
    // It has thrown the mark away, or made one up. Only a command would, but which one?
    const others = [...this.#running].some(({ isConfined }) => isConfined);
    return command.isConfined && !others && await this.#isFiltered(child);
  }

  // Orphans come to the first thread that lives (find_alive_thread in kernel/exit.c), which
  // is the one that also starts our own children.
  async #listChildren(): Promise<number[]> {
    const { files, pid } = this.#host;
    const list = await files.readText(`/proc/${pid}/task/${pid}/children`)
      .catch(() => "");
    return list.split(" ").map(Number).filter((child) => child > 0);
  }

  async #readStat(
    pid: number,
  ): Promise<
    { readonly isDead: boolean; readonly session: number } | undefined
  > {
    const text = await this.#read(pid, "stat");
    // The name in parentheses may hold anything; the state follows the last one (proc(5)).
    const [state, , , session] = text.slice(text.lastIndexOf(")") + 2).split(
      " ",
    );
    if (state === undefined || state === "") return undefined;
    return { isDead: state === "Z" || state === "X", session: Number(session) };
  }

  async #readMark(pid: number): Promise<string | undefined> {
    const variables = (await this.#read(pid, "environ")).split("\0");
    return variables.find((text) => text.startsWith(`${COMMAND_MARK}=`))
      ?.slice(COMMAND_MARK.length + 1);
  }

  async #isFiltered(pid: number): Promise<boolean> {
    this.#ownFilters ??= parseFilterCount(
      await this.#read(this.#host.pid, "status"),
    );
    return parseFilterCount(await this.#read(pid, "status")) > this.#ownFilters;
  }

  async #read(pid: number, name: string): Promise<string> {
    return await this.#host.files.readText(`/proc/${pid}/${name}`)
      .catch(() => "");
  }
}
