/** Events of a thread as log records: names and numbers, texts only where they were asked for. Pure. */
import type { Event, EventOf } from "../protocol/event.ts";
import type { EventRecord } from "./sdk.ts";

type Record = Omit<EventRecord, "span">;

/** The record of an event; undefined for what spans and metrics say already. */
export function recordOf(
  event: Event,
  hasContent: boolean,
): Record | undefined {
  const body = (text: string): Pick<Record, "body"> =>
    hasContent ? { body: text } : {};
  switch (event.type) {
    case "warning":
      return {
        name: "rondo.warning",
        severity: "WARN",
        ...body(event.message),
      };
    case "stream.retry":
      return {
        name: "rondo.request.retry",
        severity: "WARN",
        attributes: {
          "rondo.retry.attempt": event.attempt,
          "rondo.retry.delay": event.delayMs / 1_000,
          ...(event.status !== undefined && {
            "http.response.status_code": event.status,
          }),
        },
        ...body(event.reason),
      };
    case "provider.switched":
      return {
        name: "rondo.provider.switched",
        severity: "WARN",
        attributes: {
          "rondo.provider.from": event.from.provider,
          "rondo.provider.to": event.to.provider,
          "gen_ai.request.model": event.to.model,
        },
        ...body(event.reason),
      };
    case "approval.requested":
      return {
        name: "rondo.approval.requested",
        severity: "INFO",
        attributes: { "rondo.approval.kind": event.request.kind },
        ...body(event.request.title),
      };
    case "approval.settled":
      return {
        name: "rondo.approval.settled",
        severity: "INFO",
        attributes: { "rondo.approval.decision": event.decision.type },
      };
    case "context.compacted":
      return {
        name: "rondo.compaction",
        severity: "INFO",
        attributes: {
          "rondo.compaction.reason": event.reason,
          "rondo.compaction.tokens_before": event.tokensBefore,
          "rondo.compaction.tokens_after": event.tokensAfter,
        },
      };
    case "turn.completed":
      return failureRecord(event, hasContent);
    default:
      return undefined;
  }
}

function failureRecord(
  { outcome }: EventOf<"turn.completed">,
  hasContent: boolean,
): Record | undefined {
  if (outcome.type !== "failed") return undefined;
  const { kind, status, message } = outcome.error;
  return {
    name: "rondo.turn.failed",
    severity: "ERROR",
    attributes: {
      "error.type": kind,
      ...(status !== undefined && { "http.response.status_code": status }),
    },
    ...(hasContent && { body: message }),
  };
}
