/** What the words of a server mean, by the tables. No I/O. */
import type { Refused } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import {
  ERROR_CODES,
  type ErrorMeaning,
  notOverflow,
  overflowWords,
  refusedWords,
  VAGUE_CODES,
  windowWords,
} from "./error_table.ts";

/** What a server said, as far as it has a meaning. */
interface ServerWords {
  readonly code: string;
  readonly message: string;
}

/** What a refusal means, by its code, its words, and last its status. */
export function classify(
  { code, message }: ServerWords,
  status?: number,
): ErrorMeaning | undefined {
  const name = code.toLowerCase();
  const byCode = ERROR_CODES[name];
  const isVague = byCode === undefined || VAGUE_CODES.has(name);
  if (isVague && isOverflow(message)) {
    return { kind: "context_window", retryable: false };
  }
  // Some servers call it a fault of their own: the same bytes fail again all the same.
  if (isVague && refusedIn({ code, message }).length > 0 && !isAccess(status)) {
    return { kind: "invalid_request", retryable: false };
  }
  if (byCode !== undefined && !(status !== undefined && isVague)) return byCode;
  // invalid_image, empty_image_file, image_too_large, …: the same bytes fail again.
  if (/image/.test(name)) return { kind: "invalid_request", retryable: false };
  return status === undefined ? byCode : classifyStatus(status);
}

/** The window that a server names, in tokens: the smallest number that it calls its limit. */
export function windowOf(
  { kind }: ErrorMeaning,
  { message }: ServerWords,
): number | undefined {
  if (kind !== "context_window") return undefined;
  const counts = windowWords().flatMap((words) => {
    const count = Number(words.exec(message)?.[1]?.replace(/[,_ ]/g, ""));
    return count >= LIMITS.windowTokensMin ? [count] : [];
  });
  return counts.length === 0 ? undefined : Math.min(...counts);
}

/** What of the history was refused, by the words; a 413 is for its pictures. */
export function refusedIn(
  { code, message }: ServerWords,
  status?: number,
): readonly Refused[] {
  const named = refusedWords().filter(({ words }) =>
    words.test(message) || words.test(code)
  ).map(({ refused }) => refused);
  return status === 413 && named.length === 0 ? ["old_pictures"] : named;
}

function isAccess(status: number | undefined): boolean {
  return status === 401 || status === 403 || status === 429;
}

function isOverflow(message: string): boolean {
  return overflowWords().some((words) => words.test(message)) &&
    !notOverflow().some((words) => words.test(message));
}

/** What the status alone says. */
export function classifyStatus(status: number): ErrorMeaning {
  if (status === 401 || status === 403) {
    return { kind: "auth", retryable: false };
  }
  if (status === 429) return { kind: "rate_limit", retryable: true };
  if (status === 408 || status === 409 || status === 425 || status >= 500) {
    return { kind: "http", retryable: true };
  }
  if (status === 413) return { kind: "context_window", retryable: false };
  if (status === 400 || status === 422) {
    return { kind: "invalid_request", retryable: false };
  }
  return { kind: "http", retryable: false };
}
