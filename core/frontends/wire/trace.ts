/** The span that another program asks under, as its message says. Pure. */
import type { TraceCarrier } from "../../protocol/settings.ts";
import { asObject } from "../../util/json/json.ts";

/** What a tracestate may be (W3C Trace Context, 3.3.1.5); more is nobody's. */
const STATE_CHARS = 512;

/** Of a `_meta`, or what stands for it; undefined when it names none. */
export function parseTrace(value: unknown): TraceCarrier | undefined {
  const { traceparent, tracestate } = asObject(value) ?? {};
  if (typeof traceparent !== "string" || traceparent.length > STATE_CHARS) {
    return undefined;
  }
  const hasState = typeof tracestate === "string" &&
    tracestate.length <= STATE_CHARS;
  return { traceparent, ...(hasState && { tracestate }) };
}
