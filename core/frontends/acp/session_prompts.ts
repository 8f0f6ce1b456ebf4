/** The prompts of one session: begun, joined to the turn that runs, cancelled, answered. */
import type { RequestError, StopReason } from "@agentclientprotocol/sdk";
import type { Event, EventOf, Failure } from "../../protocol/event.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Op } from "../../protocol/op.ts";
import type { Thread } from "../../protocol/thread.ts";
import { Mutex } from "../../util/async.ts";
import { requestError } from "./errors.ts";

interface Prompt {
  readonly done: PromiseWithResolvers<StopReason>;
  /** The thread has it; undefined while it is still read. */
  op?: Op;
  /** It is part of the turn that runs. */
  isJoined: boolean;
  isCancelled: boolean;
}

export class SessionPrompts {
  readonly #thread: Thread;
  readonly #waiting = new Set<Prompt>();
  readonly #inOrder = new Mutex();
  #lastWarning = "";

  constructor(thread: Thread) {
    this.#thread = thread;
  }

  /** Nothing runs and nothing waits but what is given here. */
  get isIdle(): boolean {
    return [...this.#waiting].every(({ op }) => op === undefined);
  }

  /**
   * Resolves once the turn is over that it begins or joins. `read` makes the op, after those
   * of earlier prompts are made; undefined when all is done. Throws RequestError.
   */
  async run(
    read: () => Promise<Op | undefined>,
    signal: AbortSignal,
  ): Promise<StopReason> {
    if (this.#waiting.size >= LIMITS.acpPrompts) {
      throw requestError(
        "invalidRequest",
        `Cannot take the prompt: ${LIMITS.acpPrompts} wait, must be fewer`,
      );
    }
    const done = Promise.withResolvers<StopReason>();
    const prompt: Prompt = { done, isJoined: false, isCancelled: false };
    this.#waiting.add(prompt);
    const stop = (): void => this.#cancel([prompt]);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await this.#inOrder.run(() => this.#begin(prompt, read));
      return await done.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#waiting.delete(prompt);
    }
  }

  /** Ends the turn, and what waits for one. */
  cancel(): void {
    this.#cancel([...this.#waiting]);
  }

  /** To be called after the updates of the event are on their way. */
  take(event: Event): void {
    switch (event.type) {
      case "warning":
        this.#lastWarning = event.message;
        return;
      case "turn.started":
        return this.#join();
      case "input.steered": {
        const [joined] = this.#given().filter(({ isJoined }) => !isJoined);
        if (joined !== undefined) joined.isJoined = true;
        return;
      }
      case "turn.completed":
        return this.#end(event);
      case "task.done":
      case "task.failed": {
        const error = event.type === "task.done"
          ? undefined
          : requestError("internal", this.#lastWarning);
        return this.#settle(({ op }) => op?.type === event.task, (prompt) => {
          if (prompt.isCancelled) return prompt.done.resolve("cancelled");
          if (error === undefined) return prompt.done.resolve("end_turn");
          prompt.done.reject(error);
        });
      }
      default:
        return;
    }
  }

  /** The thread has ended. */
  close(): void {
    this.#settle(() => true, ({ done }) => done.resolve("cancelled"));
  }

  async #begin(
    prompt: Prompt,
    read: () => Promise<Op | undefined>,
  ): Promise<void> {
    if (prompt.isCancelled) return;
    const op = await read();
    if (prompt.isCancelled) return;
    if (op === undefined) return prompt.done.resolve("end_turn");
    prompt.op = op;
    this.#thread.submit(op);
  }

  #cancel(prompts: readonly Prompt[]): void {
    for (const prompt of prompts) {
      prompt.isCancelled = true;
      if (prompt.op === undefined) prompt.done.resolve("cancelled");
    }
    if (prompts.some(({ op }) => op !== undefined)) {
      this.#thread.submit({ type: "interrupt" });
    }
  }

  // What came too late for the turn before begins this one. An interrupt that came before
  // the turn ends it now.
  #join(): void {
    const joined = this.#given();
    for (const prompt of joined) prompt.isJoined = true;
    const isWanted = joined.some(({ isCancelled }) => !isCancelled);
    if (joined.length > 0 && !isWanted) {
      this.#thread.submit({ type: "interrupt" });
    }
  }

  /** Those that the thread has, oldest first. */
  #given(): Prompt[] {
    return [...this.#waiting].filter(({ op }) => op?.type === "user.input");
  }

  #end({ outcome }: EventOf<"turn.completed">): void {
    this.#settle(({ isJoined }) => isJoined, ({ done, isCancelled }) => {
      switch (outcome.type) {
        case "done":
          return done.resolve("end_turn");
        case "interrupted":
          return done.resolve("cancelled");
        case "failed": {
          if (isCancelled) return done.resolve("cancelled");
          const reason = stopReason(outcome.error);
          if (typeof reason === "string") done.resolve(reason);
          else done.reject(reason);
        }
      }
    });
  }

  #settle(which: (prompt: Prompt) => boolean, how: (prompt: Prompt) => void) {
    for (const prompt of this.#waiting) {
      if (!which(prompt)) continue;
      this.#waiting.delete(prompt);
      how(prompt);
    }
  }
}

/** How a turn that failed ended; an error where the protocol has no word for it. */
function stopReason(failure: Failure): StopReason | RequestError {
  const { kind, message, status } = failure;
  switch (kind) {
    case "limit":
      return "max_turn_requests";
    case "incomplete":
      return /content_filter/.test(message) ? "refusal" : "max_tokens";
    case "auth":
      return requestError("authRequired", message);
    default:
      return requestError("internal", message, {
        kind,
        ...(status !== undefined && { status }),
      });
  }
}
