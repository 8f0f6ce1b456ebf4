/** Whether a resumed thread will send what it last sent: known before anything is paid for. */
import type { EventBody, ResumeReport } from "../../protocol/event.ts";
import type { RestoredThread } from "../../protocol/log.ts";
import type { CacheWatch } from "../state/cache_watch.ts";
import { openPrefix, type PrefixContext } from "../state/request_prefix.ts";
import type { ThreadState } from "../state/state.ts";

interface ResumeCase extends PrefixContext {
  readonly state: ThreadState;
  /** Knows the last request already. */
  readonly cacheWatch: CacheWatch;
  readonly restored: Pick<RestoredThread, "lastRequest" | "settings">;
}

/** Compares the prompt as it would be sent now; undefined when none is on record. */
export async function checkResume(
  context: ResumeCase,
): Promise<ResumeReport | undefined> {
  const { restored, settings, state, cacheWatch } = context;
  const { lastRequest } = restored;
  if (lastRequest === undefined) return undefined;
  const prefix = await openPrefix(context);
  const { prefixBroken, cause } = cacheWatch.compare(prefix, state.transcript);
  const slug = restored.settings?.model.slug ?? settings.model.slug;
  // A provider keeps no prompt of one model for another.
  const drift = prefixBroken
    ? cause
    : slug === settings.model.slug
    ? ""
    : `model changed from ${slug} to ${settings.model.slug}`;
  return {
    exact: drift === "",
    cause: drift,
    lostTokens: drift === "" ? 0 : lastRequest.usage?.inputTokens ?? 0,
  };
}

/** The part of the first event, and what the person is told of a drift. */
export function renderResume(report: ResumeReport | undefined): {
  readonly started: Pick<
    EventBody & { readonly type: "thread.started" },
    "resume"
  >;
  readonly warnings: readonly string[];
} {
  if (report === undefined) return { started: {}, warnings: [] };
  const { exact, cause, lostTokens } = report;
  const cost = lostTokens === 0
    ? "nothing of it comes from the provider's cache"
    : `${lostTokens} tokens are paid anew instead of coming from the provider's cache`;
  const warnings = exact
    ? []
    : [`The prompt is not the one this session last sent (${cause}): ${cost}`];
  return { started: { resume: report }, warnings };
}
