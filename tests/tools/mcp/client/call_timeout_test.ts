/** The clock of a call: it ends by itself, begins anew, and stands while a person thinks. */
import assert from "node:assert/strict";
import { McpFailure } from "../../../../tools/mcp/client/types.ts";
import { CallTimeout } from "../../../../tools/mcp/client/call_timeout.ts";

/** A clock that is moved by hand. */
class HandClock {
  #now = 0;
  #sleepers: { at: number; wake: () => void }[] = [];

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(signal.reason);
      });
    });
  }

  async move(ms: number): Promise<void> {
    this.#now += ms;
    for (const { at, wake } of this.#sleepers) if (at <= this.#now) wake();
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  get waiting(): number {
    return this.#sleepers.length;
  }
}

Deno.test("A call timeout ends after its time with a reason for people", async () => {
  const clock = new HandClock();
  const timeout = new CallTimeout(clock, 1_500);
  await clock.move(1_499);
  assert.equal(timeout.signal.aborted, false);
  await clock.move(1);
  assert.ok(timeout.signal.reason instanceof McpFailure);
  assert.equal(
    timeout.signal.reason.message,
    "it did not answer within 1.5 s",
  );
});

Deno.test("A call timeout begins anew with every sign of life", async () => {
  const clock = new HandClock();
  const timeout = new CallTimeout(clock, 100);
  for (let sign = 0; sign < 5; sign++) {
    await clock.move(99);
    timeout.touch();
  }
  assert.equal(timeout.signal.aborted, false);
  await clock.move(100);
  assert.equal(timeout.signal.aborted, true);
});

Deno.test("A call timeout stands still while anybody is asked, and goes on afterwards", async () => {
  const clock = new HandClock();
  const timeout = new CallTimeout(clock, 100);
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  const held = [
    timeout.hold(() => first.promise),
    timeout.hold(() => second.promise),
  ];
  await clock.move(1_000);
  timeout.touch();
  first.resolve("a");
  await held[0];
  await clock.move(1_000);
  assert.equal(timeout.signal.aborted, false);
  second.reject(new Error("b"));
  await assert.rejects(held[1] ?? Promise.resolve(), /b/);
  await clock.move(100);
  assert.equal(timeout.signal.aborted, true);
});

Deno.test("A call timeout that has ended waits for nothing", async () => {
  const clock = new HandClock();
  const timeout = new CallTimeout(clock, 100);
  timeout.end();
  timeout.touch();
  await clock.move(1_000);
  assert.equal(timeout.signal.aborted, false);
  assert.equal(clock.waiting, 0);
});
