/** What requests and calls need of the thread they belong to. */
import type { Host } from "../protocol/host.ts";
import type { TraceCarrier } from "../protocol/settings.ts";
import type { Instruments } from "./instruments.ts";
import { type Attributes, type Sdk, type Span, SpanStatusCode } from "./sdk.ts";
import { errorType } from "./words.ts";

/** What all traces of a run share. */
export interface TraceDeps {
  readonly host: Pick<Host, "monotonicMs">;
  readonly sdk: Sdk;
  readonly instruments: Instruments;
  /** Characters of a text that may be sent; undefined when none may. */
  readonly contentMax: number | undefined;
  readonly propagates: boolean;
}

export interface TraceScope {
  readonly deps: TraceDeps;
  readonly threadId: string;
  /** What is going on now: whatever begins belongs to it. */
  readonly scope: Span;
  /** How a program is told of a span; undefined when it is not to be. */
  carrierOf(span: Span): TraceCarrier | undefined;
  /** Counts what was paid. */
  addCost(amount: number): void;
}

/** Marks a span as failed by the kind of its error alone, or by a word for it. */
export function failSpan(span: Span, error: unknown): Attributes {
  const type = typeof error === "string" ? error : errorType(error);
  const attributes = { "error.type": type };
  span.setAttributes(attributes);
  span.setStatus({ code: SpanStatusCode.ERROR });
  return attributes;
}
