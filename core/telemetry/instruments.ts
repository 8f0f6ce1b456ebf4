/** The metrics: tokens, durations, cost, errors. */
import type { Usage } from "../protocol/event.ts";
import type { Attributes, Histogram, Meter } from "./sdk.ts";

/** Bounds of the buckets, as the conventions advise them. */
const BOUNDS = {
  // deno-fmt-ignore
  tokens: [
    1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576,
    4_194_304, 16_777_216, 67_108_864,
  ],
  // deno-fmt-ignore
  operation: [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48,
    40.96, 81.92,
  ],
  // deno-fmt-ignore
  agent: [
    0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6,
  ],
};

export interface Instruments {
  /** What a request used. */
  tokens(usage: Usage, attributes: Attributes): void;
  /** Of a request, in seconds. */
  request(seconds: number, attributes: Attributes): void;
  call(seconds: number, attributes: Attributes): void;
  turn(seconds: number, attributes: Attributes): void;
  /** In the currency of the prices, which is the dollar unless configured. */
  cost(amount: number, attributes: Attributes): void;
  error(attributes: Attributes): void;
  retry(attributes: Attributes): void;
  approval(attributes: Attributes): void;
}

export function createInstruments(meter: Meter): Instruments {
  const histogram = (
    name: string,
    unit: string,
    description: string,
    explicitBucketBoundaries: number[],
  ): Histogram => {
    const advice = { explicitBucketBoundaries };
    return meter.createHistogram(name, { unit, description, advice });
  };
  const counter = (
    name: string,
    unit: string,
    description: string,
  ): (attributes: Attributes, value?: number) => void => {
    const made = meter.createCounter(name, { unit, description });
    return (attributes, value = 1) => made.add(value, attributes);
  };
  const tokens = histogram(
    "gen_ai.client.token.usage",
    "{token}",
    "Number of input and output tokens used.",
    BOUNDS.tokens,
  );
  const request = histogram(
    "gen_ai.client.operation.duration",
    "s",
    "GenAI operation duration.",
    BOUNDS.operation,
  );
  const call = histogram(
    "gen_ai.execute_tool.duration",
    "s",
    "Duration of one execution of a tool.",
    BOUNDS.operation,
  );
  const turn = histogram(
    "gen_ai.invoke_agent.duration",
    "s",
    "Duration of one turn of the agent.",
    BOUNDS.agent,
  );
  const cost = counter("rondo.cost", "{USD}", "What requests cost, by price.");
  const type = "gen_ai.token.type";
  return {
    tokens: (usage, attributes) => {
      tokens.record(usage.inputTokens, { ...attributes, [type]: "input" });
      tokens.record(usage.outputTokens, { ...attributes, [type]: "output" });
    },
    request: (seconds, attributes) => request.record(seconds, attributes),
    call: (seconds, attributes) => call.record(seconds, attributes),
    turn: (seconds, attributes) => turn.record(seconds, attributes),
    cost: (amount, attributes) => cost(attributes, amount),
    error: counter(
      "rondo.errors",
      "{error}",
      "Turns, requests and tool calls that failed.",
    ),
    retry: counter("rondo.retries", "{retry}", "Requests tried again."),
    approval: counter("rondo.approvals", "{question}", "Questions answered."),
  };
}
