/** `[limits]` and `[prices]` of config.toml: what ends a run, and what it costs. */
import * as z from "zod/mini";
import { LIMITS } from "../../protocol/limits.ts";
import { DURATION, DURATION_OR_FOREVER } from "../../util/duration.ts";

const Positive = z.lazy(() => z.number().check(z.positive()));
const Span = z.lazy(() =>
  z.union([Positive, z.string().check(z.regex(DURATION))])
);
const Wait = z.lazy(() => z.string().check(z.regex(DURATION_OR_FOREVER)));
const Times = z.lazy(() => z.int().check(z.positive()));

/** `[limits]` */
export const LimitsTable = z.lazy(() =>
  z.strictObject({
    max_requests: z.optional(z.int().check(z.positive())),
    max_tokens: z.optional(z.int().check(z.positive())),
    max_tool_calls: z.optional(z.int().check(z.positive())),
    max_cost: z.optional(Positive).check(
      z.describe("In the currency of [prices]; needs a price for the model"),
    ),
    timeout: z.optional(Span).check(
      z.describe("Seconds, or a text such as 90s, 10m, 1h30m"),
    ),
    max_wait: z.optional(z.union([Positive, Wait])).check(
      z.describe(
        "Longest wait that a server may ask for, for a rate limit or a quota, before the turn fails or goes on at the next provider of fallback: a time as of timeout, or forever; 60s by default",
      ),
    ),
    max_steps: z._default(Times, LIMITS.stepsPerTurn).check(
      z.describe("Requests of one turn before it ends with exit 6"),
    ),
    max_failing_rounds: z._default(Times, LIMITS.failingLoop.end).check(
      z.describe(
        "Times in a row that the same steps, up to four, may go round where one of them fails, before the turn ends with exit 6",
      ),
    ),
    max_same_rounds: z._default(Times, LIMITS.idleLoop.end).check(
      z.describe(
        "The same for steps that succeed with the same result, or answers that only repeat",
      ),
    ),
    tell_failing_rounds: z._default(Times, LIMITS.failingLoop.tell).check(
      z.describe("Such rounds after which the model is told, and the user"),
    ),
    tell_same_rounds: z._default(Times, LIMITS.idleLoop.tell).check(
      z.describe("The same for steps that succeed"),
    ),
  })
);

/** `[prices.<model>]`, per million tokens. */
export const PriceTable = z.lazy(() =>
  z.strictObject({
    input: z.number().check(z.minimum(0)),
    cached_input: z.optional(z.number().check(z.minimum(0))),
    output: z.number().check(z.minimum(0)),
  })
);
