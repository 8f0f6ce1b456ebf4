/** Waits that a server asks for: up to a limit, or as long as it takes, and never past a stop. */
import assert from "node:assert/strict";
import { errorBody, fail, say, type Step } from "../support/mock_model.ts";
import { type CheckedRun, openStage } from "./support.ts";

/** Of a quota that is spent, or a rate that is exceeded, each in the words of a server. */
const BUSY: Readonly<Record<string, (ms: number) => Step>> = {
  "words": (ms) =>
    fail(
      429,
      errorBody(`Please try again in ${ms / 1_000}s.`, "rate_limit_exceeded"),
    ),
  "a header": (ms) =>
    fail(429, errorBody("busy"), { "retry-after-ms": String(ms) }),
  "retryDelay": (ms) =>
    fail(429, {
      error: {
        code: 429,
        message: "Resource exhausted",
        status: "RESOURCE_EXHAUSTED",
        details: [{ retryDelay: `${ms / 1_000}s` }],
      },
    }),
  "resets_at": (ms) =>
    fail(429, {
      error: {
        type: "usage_limit_reached",
        message: "The usage limit has been reached",
        resets_at: (Date.now() + ms) / 1_000,
      },
    }),
  "the headers of a gateway": (ms) =>
    fail(429, {
      error: {
        message: "Rate limit exceeded: free-models-per-day",
        code: 429,
        metadata: { headers: { "X-RateLimit-Reset": String(Date.now() + ms) } },
      },
    }),
};

for (const [name, busy] of Object.entries(BUSY)) {
  Deno.test(`a wait in ${name} that is longer than limits.max_wait ends the turn, and says so`, async () => {
    await using stage = await openStage({
      script: [busy(90_000)],
      config: { bottom: "[limits]\nmax_wait = 30" },
      laws: false,
    });
    const run = await stage.exec(["go"]);
    assert.deepEqual([run.code, stage.model.requests.length], [5, 1]);
    assert.match(
      run.stderr,
      /asks to wait (90|89) s, and limits\.max_wait is 30 s/,
    );
  });

  Deno.test(`--wait-for-limits waits for ${name}, and tells until when`, async () => {
    // More often than there are retries.
    const script = Array.from({ length: 6 }, () => () => busy(300));
    await using stage = await openStage({
      script: [...script.map((step) => step()), say("done")],
      config: { bottom: '[limits]\nmax_wait = "1ms"' },
    });
    const run = await stage.exec(["--wait-for-limits", "go"]);
    assert.equal(run.code, 0, run.stderr);
    const retries = retriesOf(run);
    assert.equal(retries.length, 6);
    for (const retry of retries) {
      assert.match(String(retry.until), /^\d{4}-.*Z$/);
    }
  });
}

Deno.test("--timeout ends a wait for limits with 124, and the wait is told first", async () => {
  await using stage = await openStage({
    script: [BUSY["words"]?.(3 * 3_600_000) ?? say("")],
    laws: false,
  });
  const run = await stage.exec(["--wait-for-limits", "--timeout=1s", "go"]);
  assert.equal(run.code, 124, run.stdout);
  const [retry] = retriesOf(run);
  const untilMs = Date.parse(String(retry?.until));
  const hours = (untilMs - Date.now()) / 3_600_000;
  assert.ok(hours > 2.9 && hours <= 3, String(retry?.until));
  assert.equal(retry?.delay_ms, 3 * 3_600_000);
});

Deno.test("a server that asks for an age is believed up to ten years", async () => {
  await using stage = await openStage({
    script: [fail(429, errorBody("busy"), { "retry-after": "99999999999999" })],
    laws: false,
  });
  const run = await stage.exec(["--wait-for-limits", "--timeout=1s", "go"]);
  assert.equal(run.code, 124, run.stdout);
  const [retry] = retriesOf(run);
  assert.equal(retry?.delay_ms, 315_360_000_000);
});

type Retry = Extract<CheckedRun["lines"][number], { type: "stream.retry" }>;

function retriesOf({ lines }: CheckedRun): readonly Retry[] {
  return lines.filter((line): line is Retry => line.type === "stream.retry");
}
