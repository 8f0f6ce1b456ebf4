/** When a broken answer is asked for again. */
import assert from "node:assert/strict";
import { ModelError } from "../../../../core/protocol/error.ts";
import type { EventBody } from "../../../../core/protocol/event.ts";
import { waitForRetry } from "../../../../core/session/turn/stream_retry.ts";
import { NOTHING_SPENT } from "../../../../core/util/retry.ts";
import { testHost } from "../../../support/harness.ts";
import { testEndpoint } from "../../../support/settings.ts";

Deno.test("waitForRetry() waits longer each time, says so, and gives up by the budget", async () => {
  const t = newContext();
  let spent = NOTHING_SPENT;
  for (let attempt = 1; attempt <= 3; attempt++) {
    spent = await waitForRetry(broken(), spent, t.context);
    assert.equal(spent.attempts, attempt);
  }
  const error = broken();
  await assert.rejects(
    waitForRetry(error, spent, t.context),
    (thrown) => thrown === error,
  );
  assert.deepEqual(t.waits, [200, 400, 800]);
  assert.deepEqual(t.events[2], {
    type: "stream.retry",
    attempt: 3,
    attemptsMax: 3,
    delayMs: 800,
    reason: "the stream broke",
  });
});

Deno.test("waitForRetry() waits as long as the server asks, and names the status", async () => {
  const t = newContext();
  const error = broken({ retryAfterMs: 1_500, status: 429 });
  await waitForRetry(error, NOTHING_SPENT, t.context);
  assert.deepEqual(t.waits, [1_500]);
  assert.equal(
    t.events[0]?.type === "stream.retry" && t.events[0].status,
    429,
  );
});

Deno.test("waitForRetry() throws on what no other request may mend", async () => {
  const t = newContext();
  const errors = [broken({ retryable: false }), new Error("a bug")];
  for (const error of errors) {
    await assert.rejects(
      waitForRetry(error, NOTHING_SPENT, t.context),
      (thrown) => thrown === error,
    );
  }
  assert.deepEqual(t.events, []);
});

Deno.test("waitForRetry() does not begin to wait in a turn that is over", async () => {
  const t = newContext(AbortSignal.abort());
  await assert.rejects(waitForRetry(broken(), NOTHING_SPENT, t.context));
  assert.deepEqual(t.waits, []);
});

Deno.test("waitForRetry() stops waiting when the turn ends", async () => {
  const turn = new AbortController();
  const t = newContext(turn.signal);
  const host = {
    ...t.context.deps.host,
    sleep: (_ms: number, signal?: AbortSignal): Promise<void> => {
      turn.abort(new Error("over"));
      return Promise.reject(signal?.reason);
    },
  };
  const deps = { ...t.context.deps, host };
  await assert.rejects(
    waitForRetry(broken(), NOTHING_SPENT, { ...t.context, deps }),
    /over/,
  );
});

function broken(
  facts: {
    readonly retryable?: boolean;
    readonly retryAfterMs?: number;
    readonly status?: number;
  } = {},
): ModelError {
  return new ModelError("the stream broke", {
    kind: "stream",
    retryable: true,
    ...facts,
  });
}

function newContext(
  signal: AbortSignal = new AbortController().signal,
): {
  context: Parameters<typeof waitForRetry>[2];
  events: EventBody[];
  waits: number[];
} {
  const events: EventBody[] = [];
  const waits: number[] = [];
  const host = testHost({
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  });
  const endpoint = testEndpoint("http://127.0.0.1/v1");
  return {
    context: {
      deps: { host, endpoint },
      signal,
      emit: (event) => events.push(event),
    },
    events,
    waits,
  };
}
