/** Takes the last turns out of the conversation; files stay as they are. */
import { restoreSentContext } from "../../context/recall.ts";
import { planRollback } from "../log/rollback_plan.ts";
import type { TurnContext } from "../turn/context.ts";

/** Cuts the transcript before the nth last user message and records it in the log. */
export function rollBack(turns: number, context: TurnContext): void {
  const { state, log, deps, settings } = context;
  const items = state.transcript.entries.map((entry) => entry.item);
  const kept = planRollback(items, turns);
  if (kept === items.length) return;
  log.append({ type: "rolled_back", turns });
  state.transcript.keepFirst(kept);
  state.sent = restoreSentContext(items.slice(0, kept), {
    model: settings.model.slug,
    instructions: deps.instructions,
    cwd: settings.cwd,
  });
  state.forgetCount();
  context.cacheWatch.announce("rolled back");
}
