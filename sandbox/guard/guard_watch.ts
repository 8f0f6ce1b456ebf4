/** Looks at what commands that live on have planted, again and again. */
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { GuardChanges } from "./guard.ts";
import { describeChanges } from "./guard_notes.ts";

type WatchHost = Pick<Host, "monotonicMs" | "sleep">;

/** A search of a large tree takes its time, so that there is none most of the time. */
const PAUSE_SHARE = 20;

const WHOSE =
  "Whoever did it, a command ran at the time: if it was you, do it again once no command lives on";

/** Is told at once what was put back, in lines. */
export type Teller = (lines: readonly string[]) => void;

export class GuardWatch {
  readonly #host: WatchHost;
  readonly #putBack: () => Promise<GuardChanges>;
  readonly #tellers = new Set<Teller>();
  #stop: AbortController | undefined;
  /** What nobody was told of yet. */
  #changes: GuardChanges[] = [];

  constructor(host: WatchHost, putBack: () => Promise<GuardChanges>) {
    this.#host = host;
    this.#putBack = putBack;
  }

  /** Resumes for a command that lives on; to be called when it has ended: what is returned. */
  start(tell: Teller): () => void {
    this.#tellers.add(tell);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#run(this.#stop.signal);
    }
    return () => this.#tellers.delete(tell);
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
  }

  /** What was put back since the last time. */
  take(): readonly GuardChanges[] {
    return this.#changes.splice(0);
  }

  async #run(stop: AbortSignal): Promise<void> {
    for (let pauseMs: number = LIMITS.putBackMs;;) {
      await this.#host.sleep(pauseMs, stop).catch(() => {});
      if (stop.aborted) return;
      const startMs = this.#host.monotonicMs();
      // What cannot be put back now is tried again, and told when the command ends.
      const changes = await this.#putBack().catch(() => undefined);
      if (changes !== undefined && hasAny(changes)) {
        this.#changes.push(changes);
        // Nobody knows whose work it was: one of them speaks.
        [...this.#tellers].at(-1)?.([...describeChanges(changes), WHOSE]);
      }
      const tookMs = this.#host.monotonicMs() - startMs;
      pauseMs = Math.max(LIMITS.putBackMs, PAUSE_SHARE * tookMs);
    }
  }
}

// Failures are not counted: they come again with the last look.
function hasAny({ restored, moved }: GuardChanges): boolean {
  return restored.length + moved.length > 0;
}
