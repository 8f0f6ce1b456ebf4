/** Questions to the user, and their answers. */
import type { EventBody } from "../../protocol/event.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";

/** Each question is answered once: by the user, or by the end of its turn. */
export class Approvals {
  readonly #pending = new Map<string, (decision: Decision) => void>();
  readonly #emit: (event: EventBody) => void;
  readonly #newId: () => string;

  constructor(emit: (event: EventBody) => void, newId: () => string) {
    this.#emit = emit;
    this.#newId = newId;
  }

  /** Puts the question; rejects with the signal's reason when the turn is aborted. */
  ask(request: ApprovalRequest, signal: AbortSignal): Promise<Decision> {
    signal.throwIfAborted();
    const approvalId = this.#newId();
    const { promise, resolve, reject } = Promise.withResolvers<Decision>();
    const onAbort = (): void => {
      this.#pending.delete(approvalId);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#pending.set(approvalId, (decision) => {
      signal.removeEventListener("abort", onAbort);
      resolve(decision);
    });
    this.#emit({ type: "approval.requested", approvalId, request });
    return promise;
  }

  /** Answers a question; false when it is not (or no longer) open. */
  decide(approvalId: string, decision: Decision): boolean {
    const settle = this.#pending.get(approvalId);
    if (settle === undefined) return false;
    this.#pending.delete(approvalId);
    this.#emit({ type: "approval.settled", approvalId, decision });
    settle(decision);
    return true;
  }
}
