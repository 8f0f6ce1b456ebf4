/** Items that wait to be sent: when they go, and what is lost. */
import assert from "node:assert/strict";
import { Batch } from "../../../core/telemetry/batch.ts";

/** A clock that stands still until it is told to go on. */
class Clock {
  readonly #waiting: (() => void)[] = [];

  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }

  pass(): void {
    this.#waiting.splice(0).forEach((wake) => wake());
  }
}

const SETTINGS = { delayMs: 1_000, itemsMax: 3, queueMax: 5 };

function open(deliver: (items: readonly number[]) => Promise<number>): {
  readonly clock: Clock;
  readonly batch: Batch<number>;
} {
  const clock = new Clock();
  return { clock, batch: new Batch(clock, SETTINGS, deliver) };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("a batch goes when its time has come, when it is full, and at the end", async () => {
  const sent: (readonly number[])[] = [];
  const { clock, batch } = open((items) => {
    sent.push(items);
    return Promise.resolve(0);
  });
  batch.push(1);
  await settle();
  assert.deepEqual(sent, []);
  clock.pass();
  await settle();
  assert.deepEqual(sent, [[1]]);
  [2, 3, 4].forEach((item) => batch.push(item));
  await settle();
  assert.deepEqual(sent, [[1], [2, 3, 4]]);
  [5, 6, 7, 8].forEach((item) => batch.push(item));
  await batch.close();
  assert.deepEqual(sent.slice(2), [[5, 6, 7], [8]]);
  assert.equal(batch.lost, 0);
});

Deno.test("what comes while a collector hangs waits up to the queue's end, the rest is counted as lost", async () => {
  const hanging = Promise.withResolvers<number>();
  const sent: (readonly number[])[] = [];
  const { batch } = open((items) => {
    sent.push(items);
    return sent.length === 1 ? hanging.promise : Promise.resolve(0);
  });
  for (let item = 0; item < 10; item++) {
    batch.push(item);
    await settle();
  }
  assert.deepEqual(sent, [[0, 1, 2]]);
  assert.equal(batch.lost, 2);
  hanging.resolve(3);
  await batch.close();
  assert.deepEqual(sent.slice(1), [[3, 4, 5], [6, 7]]);
  assert.equal(batch.lost, 5);
  batch.push(11);
  assert.equal(batch.lost, 6);
});
