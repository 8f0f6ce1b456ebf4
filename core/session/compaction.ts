/** Replaces a history that has grown too long. */
import type { RequestParts } from "../model/request.ts";
import type { RunningTask } from "./task.ts";

export function needsCompaction(context: RunningTask): boolean {
  return context.state.usedTokens() >= context.settings.model.autoCompactLimit;
}

export function compactHistory(
  _reason: "manual" | "before_turn" | "mid_turn",
  _context: RunningTask,
  _parts: () => Promise<RequestParts>,
): Promise<void> {
  return Promise.resolve();
}
