/** The gate between calls: readers together, writers alone, first come first served. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { CallLock } from "../../../../core/session/turn/call_lock.ts";

Deno.test("CallGate runs shared tasks together", async () => {
  const gate = new CallLock();
  const second = Promise.withResolvers<void>();
  // The first can only end once the second has begun.
  const first = gate.run(true, () => second.promise);
  await gate.run(true, () => {
    second.resolve();
    return Promise.resolve();
  });
  await first;
});

Deno.test("CallGate holds a later reader back behind a waiting writer", async () => {
  const gate = new CallLock();
  const order: string[] = [];
  const hold = Promise.withResolvers<void>();
  const log = (name: string) => (): Promise<void> => {
    order.push(name);
    return Promise.resolve();
  };
  const reader = gate.run(true, () => hold.promise);
  const writer = gate.run(false, log("writer"));
  const later = gate.run(true, log("later reader"));
  await Promise.resolve();
  assert.deepEqual(order, []);
  hold.resolve();
  await Promise.all([reader, writer, later]);
  assert.deepEqual(order, ["writer", "later reader"]);
});

Deno.test("CallGate runs no more tasks together than its limit, and all in the end", async () => {
  const gate = new CallLock();
  let running = 0;
  let most = 0;
  const task = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    if (running % 3 === 0) throw new Error("broken");
  };
  const all = Array.from({ length: 100 }, () => gate.run(true, task));
  await Promise.allSettled(all);
  assert.deepEqual([most, running], [LIMITS.callsAtOnce, 0]);
  await gate.run(false, () => Promise.resolve());
});

Deno.test("CallGate goes on after a task that failed", async () => {
  const gate = new CallLock();
  for (const shared of [true, false]) {
    const failing = gate.run(shared, () => Promise.reject(new Error("broken")));
    const next = gate.run(false, () => Promise.resolve("next"));
    await assert.rejects(failing, /broken/);
    assert.equal(await next, "next");
  }
});

Deno.test("CallGate keeps writers alone and writers in order, whatever comes", async () => {
  const task = fc.record({ shared: fc.boolean(), ticks: fc.nat(4) });
  await fc.assert(fc.asyncProperty(fc.array(task), async (tasks) => {
    const gate = new CallLock();
    let readers = 0;
    let writers = 0;
    const begun: number[] = [];
    await Promise.all(
      tasks.map(({ shared, ticks }, at) =>
        gate.run(shared, async () => {
          begun.push(at);
          if (shared) readers++;
          else writers++;
          assert.ok(writers === 0 || (writers === 1 && readers === 0));
          for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
          if (shared) readers--;
          else writers--;
        })
      ),
    );
    const writerOrder = begun.filter((at) => tasks[at]?.shared === false);
    assert.deepEqual(writerOrder, [...writerOrder].sort((a, b) => a - b));
    assert.equal(begun.length, tasks.length);
  }));
});
