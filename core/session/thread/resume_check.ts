/** Whether the next prompt of a resumed thread begins with its last one, known before a request is paid for. */
import type { EventBody, EventOf } from "../../protocol/event.ts";
import type { RestoredThread } from "../../protocol/log.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { openPrefix } from "../state/request_prefix.ts";
import type { ThreadContext } from "../state/thread_context.ts";

type Report = NonNullable<EventOf<"thread.started">["resume"]>;

/**
 * Compares the prompt as it would be sent now; undefined when none is on record. The
 * cache watch knows the last request already.
 */
export async function checkResume(
  context:
    & Pick<ThreadContext, "threadId" | "deps" | "state" | "cacheWatch">
    & { readonly settings: TurnSettings },
  restored: Pick<RestoredThread, "lastRequest" | "settings" | "provider">,
): Promise<Report | undefined> {
  const { settings, state, cacheWatch } = context;
  const { lastRequest } = restored;
  if (lastRequest === undefined) return undefined;
  const prefix = await openPrefix(context);
  const { prefixBroken, cause } = cacheWatch.compare(prefix, state.transcript);
  const { id } = context.deps.endpoint;
  const provider = restored.provider ?? id;
  const slug = restored.settings?.model.slug ?? settings.model.slug;
  // A provider keeps no prompt of one model for another.
  const drift = prefixBroken
    ? cause
    : provider !== id
    ? `provider changed from ${provider} to ${id}`
    : slug === settings.model.slug
    ? ""
    : `model changed from ${slug} to ${settings.model.slug}`;
  return {
    exact: drift === "",
    cause: drift,
    lostTokens: drift === "" ? 0 : lastRequest.usage?.inputTokens ?? 0,
  };
}

/** The part of the first event, and the user's warning about a drift. */
export function renderResume(report: Report | undefined): {
  readonly started: Pick<
    EventBody & { readonly type: "thread.started" },
    "resume"
  >;
  readonly warnings: readonly string[];
} {
  if (report === undefined) return { started: {}, warnings: [] };
  const { exact, cause, lostTokens } = report;
  const cost = lostTokens === 0
    ? "nothing will come from the provider's cache"
    : `${lostTokens} tokens will not come from the provider's cache`;
  const warnings = exact ? [] : [
    `The prompt differs from the one this session last sent (${cause}): ${cost}`,
  ];
  return { started: { resume: report }, warnings };
}
