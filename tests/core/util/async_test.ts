/** Tests of core/util/async.ts. */
import assert from "node:assert/strict";
import {
  Mutex,
  orAbort,
  type Timer,
  withTimeout,
} from "../../../core/util/async.ts";

/** A clock that is late when it is told to be. */
function handTimer(): Timer & { ring(): void; isStopped(): boolean } {
  const late = Promise.withResolvers<void>();
  const signals: AbortSignal[] = [];
  return {
    ring: late.resolve,
    isStopped: () => signals.every((signal) => signal.aborted),
    sleep: (_ms: number, signal?: AbortSignal) => {
      if (signal !== undefined) signals.push(signal);
      return late.promise;
    },
  };
}

Deno.test("withTimeout() gives what comes in time and takes its timer back", async () => {
  const timer = handTimer();
  assert.equal(await withTimeout(Promise.resolve(7), 10, timer), 7);
  assert.ok(timer.isStopped());
  const broken = Promise.reject(new Error("broken"));
  await assert.rejects(withTimeout(broken, 10, timer), /broken/);
});

Deno.test("withTimeout() says so when the time is over, and bears a later failure", async () => {
  const timer = handTimer();
  const work = Promise.withResolvers<number>();
  const result = withTimeout(work.promise, 10, timer);
  timer.ring();
  assert.equal(await result, "timeout");
  work.reject(new Error("too late"));
});

Deno.test("orAbort() gives up with the reason of the abort, before and during the work", async () => {
  const stop = new AbortController();
  const never = new Promise<never>(() => {});
  const waiting = orAbort(never, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(orAbort(never, stop.signal), /stopped/);
  assert.equal(await orAbort(Promise.resolve(1), undefined), 1);
});

Deno.test("Mutex runs one task at a time, in order, also after one that failed", async () => {
  const mutex = new Mutex();
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const broken = mutex.run(async () => {
    seen.push("first");
    await first.promise;
    throw new Error("broken");
  });
  const second = mutex.run(() => Promise.resolve(seen.push("second")));
  await Promise.resolve();
  assert.deepEqual(seen, ["first"]);
  first.resolve();
  await assert.rejects(broken, /broken/);
  await second;
  assert.deepEqual(seen, ["first", "second"]);
});
