/** Silence measured on a clock of our own. */
import assert from "node:assert/strict";
import {
  Watchdog,
  type WatchdogOptions,
} from "../../../core/model/idle_timeout.ts";

/** A clock that moves when told, and sleeps that end when it does. */
class FakeClock {
  #nowMs = 0;
  #sleeps: { untilMs: number; wake: () => void }[] = [];

  readonly host: WatchdogOptions["host"] = {
    monotonicMs: () => this.#nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        this.#sleeps.push({ untilMs: this.#nowMs + ms, wake: resolve });
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  };

  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#sleeps.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#sleeps = this.#sleeps.filter(({ untilMs }) => untilMs > this.#nowMs);
    due.forEach(({ wake }) => wake());
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

function watch(
  clock: FakeClock,
  signal = new AbortController().signal,
): Watchdog {
  return new Watchdog({
    host: clock.host,
    signal,
    idleMs: 100,
    reason: () => "silent",
  });
}

Deno.test("Watchdog fires after silence, counted from the last sign of life", async () => {
  const clock = new FakeClock();
  const watchdog = watch(clock);
  await clock.advance(90);
  watchdog.heard();
  await clock.advance(90);
  assert.equal(watchdog.signal.aborted, false);
  await clock.advance(10);
  assert.equal(watchdog.signal.reason, "silent");
});

Deno.test("Watchdog waits while paused and counts anew afterwards", async () => {
  const clock = new FakeClock();
  const watchdog = watch(clock);
  watchdog.pause();
  for (let turn = 0; turn < 10; turn++) await clock.advance(100);
  assert.equal(watchdog.signal.aborted, false);
  watchdog.heard();
  await clock.advance(99);
  assert.equal(watchdog.signal.aborted, false);
  await clock.advance(101);
  assert.equal(watchdog.signal.reason, "silent");
});

Deno.test("Watchdog passes an abort on with its reason, also one that came before", async () => {
  const late = new AbortController();
  const watchdog = watch(new FakeClock(), late.signal);
  late.abort("stop");
  assert.equal(watchdog.signal.reason, "stop");
  assert.equal(
    watch(new FakeClock(), AbortSignal.abort("early")).signal.reason,
    "early",
  );
  await Promise.resolve();
});

Deno.test("Watchdog says nothing after stop, unless told to end the connection", async () => {
  const clock = new FakeClock();
  const outer = new AbortController();
  const watchdog = watch(clock, outer.signal);
  watchdog.stop();
  await clock.advance(1_000);
  outer.abort("late");
  assert.equal(watchdog.signal.aborted, false);
  watchdog.stop({ abort: true });
  assert.equal(watchdog.signal.aborted, true);
});

Deno.test("Watchdog gives up on a host whose sleep takes no time", async () => {
  let sleeps = 0;
  const watchdog = new Watchdog({
    host: {
      monotonicMs: () => 0,
      sleep: () => {
        sleeps++;
        return Promise.resolve();
      },
    },
    signal: new AbortController().signal,
    idleMs: 100,
    reason: () => "silent",
  });
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.equal(sleeps, 1);
  assert.equal(watchdog.signal.aborted, false);
});
