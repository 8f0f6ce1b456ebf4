/** Ids of sessions that follow from the task: whoever starts again finds what was left. Pure. */
import { sha256Hex } from "../util/sha256.ts";
import type { Task } from "./tasks.ts";

/** What tells one list of tasks from another. */
export function seedOf(tasks: readonly Task[]): string {
  return sha256Hex(tasks.map(({ hash }) => hash).join("\n")).slice(0, 32);
}

interface AttemptName {
  readonly seed: string;
  /** Tells batches of the same tasks apart. */
  readonly run: number;
  readonly index: number;
  /** From 1. */
  readonly attempt: number;
}

/** A UUID of version 8 (RFC 9562): its bits are a hash. */
export function sessionIdOf(
  { seed, run, index, attempt }: AttemptName,
): string {
  const hex = sha256Hex(`${seed} ${run} ${index} ${attempt}`);
  const variant = "89ab"[parseInt(hex[16] ?? "0", 16) % 4] ?? "8";
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
