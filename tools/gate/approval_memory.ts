/** What the person approved until the session ends: kept in memory, listed, revoked. */
import type { Approval } from "../../core/policy/approval_key.ts";

export interface ApprovalMemory {
  /** Whether every one of these was approved in this thread; false for none at all. */
  has(threadId: string, keys: readonly string[]): boolean;
  add(threadId: string, approvals: readonly Approval[]): void;
  /** In the order they were given. */
  list(threadId: string): readonly Approval[];
  /** Takes one back; false when there is none of that key. */
  revoke(threadId: string, key: string): boolean;
}

/** An empty memory. Threads do not share what is in it. */
export function createApprovalMemory(): ApprovalMemory {
  const threads = new Map<string, Map<string, Approval>>();
  const of = (threadId: string): Map<string, Approval> => {
    const known = threads.get(threadId) ?? new Map<string, Approval>();
    threads.set(threadId, known);
    return known;
  };
  return {
    has: (threadId, keys) =>
      keys.length > 0 && keys.every((key) => of(threadId).has(key)),
    add: (threadId, approvals) => {
      for (const approval of approvals) {
        of(threadId).set(approval.key, approval);
      }
    },
    list: (threadId) => [...of(threadId).values()],
    revoke: (threadId, key) => of(threadId).delete(key),
  };
}
