/** Queues: order, merging, many readers, leaving. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Channel, Hub } from "../../../core/util/channel.ts";

type Note = { readonly kind: "delta" | "fact"; readonly text: string };

function joinDeltas(earlier: Note, later: Note): Note | undefined {
  if (earlier.kind !== "delta" || later.kind !== "delta") return undefined;
  return { kind: "delta", text: earlier.text + later.text };
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** All text, and the facts in their places: what no merging may change. */
function essence(notes: readonly Note[]): string {
  return notes.map((note) =>
    note.kind === "fact" ? `[${note.text}]` : note.text
  ).join("");
}

Deno.test("Channel gives a waiting reader each value at once", async () => {
  const channel = new Channel<number>();
  const first = channel.next();
  channel.push(1);
  assert.deepEqual(await first, { done: false, value: 1 });
  assert.equal(channel.size, 0);
});

Deno.test("Channel keeps values for a late reader and lets them be read after close", async () => {
  const channel = new Channel<number>();
  for (const value of [1, 2, 3]) channel.push(value);
  channel.close();
  channel.push(4);
  assert.deepEqual(await collect(channel), [1, 2, 3]);
});

Deno.test("Channel ends a reader that waits when it is closed", async () => {
  const channel = new Channel<number>();
  const next = channel.next();
  channel.close();
  assert.deepEqual(await next, { done: true, value: undefined });
});

Deno.test("Channel refuses a second reader", async () => {
  const channel = new Channel<number>();
  void channel.next();
  await assert.rejects(channel.next(), /two readers/);
});

Deno.test("Channel merges what waits, never what was handed out", async () => {
  const channel = new Channel<Note>({ merge: joinDeltas });
  const first = channel.next();
  channel.push({ kind: "delta", text: "a" });
  channel.push({ kind: "delta", text: "b" });
  channel.push({ kind: "delta", text: "c" });
  assert.deepEqual((await first).value, { kind: "delta", text: "a" });
  assert.equal(channel.size, 1);
  channel.push({ kind: "fact", text: "x" });
  channel.push({ kind: "delta", text: "d" });
  channel.close();
  assert.deepEqual(await collect(channel), [
    { kind: "delta", text: "bc" },
    { kind: "fact", text: "x" },
    { kind: "delta", text: "d" },
  ]);
});

Deno.test("Channel loses and reorders nothing, however reads and writes interleave", async () => {
  const note = fc.record<Note>({
    kind: fc.constantFrom("delta", "fact"),
    text: fc.string({ minLength: 1, maxLength: 3 }),
  });
  const step = fc.oneof(note, fc.constant("read" as const));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const channel = new Channel<Note>({ merge: joinDeltas });
      const written: Note[] = [];
      const read: Note[] = [];
      for (const each of steps) {
        if (each !== "read") {
          written.push(each);
          channel.push(each);
        } else if (channel.size > 0) {
          read.push((await channel.next()).value as Note);
        }
      }
      channel.close();
      read.push(...await collect(channel));
      assert.equal(essence(read), essence(written));
    }),
  );
});

Deno.test("Hub gives each reader its own queue from its subscription on", async () => {
  const hub = new Hub<number>();
  hub.push(0);
  const early = hub.subscribe();
  hub.push(1);
  const late = hub.subscribe();
  hub.push(2);
  hub.close();
  assert.deepEqual(await collect(early), [1, 2]);
  assert.deepEqual(await collect(late), [2]);
  assert.deepEqual(await collect(hub.subscribe()), []);
});

Deno.test("Hub drops a reader that leaves its loop and serves the others", async () => {
  const hub = new Hub<Note>({ merge: joinDeltas });
  const leaving = hub.subscribe();
  const staying = hub.subscribe();
  hub.push({ kind: "fact", text: "x" });
  for await (const note of leaving) {
    assert.equal(note.text, "x");
    break;
  }
  hub.push({ kind: "delta", text: "a" });
  hub.push({ kind: "delta", text: "b" });
  hub.close();
  assert.equal(essence(await collect(staying)), "[x]ab");
  assert.deepEqual(await leaving.next(), { done: true, value: undefined });
});

Deno.test("Hub holds a writer up until no reader is behind", async () => {
  const hub = new Hub<number>();
  const [taking, leaving] = [hub.subscribe(), hub.subscribe()];
  await hub.drained();
  hub.push(1);
  hub.push(2);
  let isDrained = false;
  const drained = hub.drained().then(() => isDrained = true);
  await taking.next();
  await leaving.return?.();
  assert.equal(isDrained, false);
  await taking.next();
  await drained;
  hub.push(3);
  const closed = hub.drained();
  hub.close();
  await closed;
});

Deno.test("Hub holds a writer up only for a reader that is far behind", async () => {
  const hub = new Hub<number>({ behind: 2 });
  const reader = hub.subscribe();
  for (const value of [1, 2]) hub.push(value);
  await hub.drained();
  hub.push(3);
  let isDrained = false;
  const drained = hub.drained().then(() => isDrained = true);
  for (const value of [1, 2]) {
    assert.deepEqual(await reader.next(), { done: false, value });
  }
  assert.equal(isDrained, false);
  await reader.next();
  await drained;
});

Deno.test("Hub keeps the queue of a reader that never reads short by merging", () => {
  const hub = new Hub<Note>({ merge: joinDeltas });
  const slow = hub.subscribe() as Channel<Note>;
  for (let at = 0; at < 10_000; at++) hub.push({ kind: "delta", text: "x" });
  assert.equal(slow.size, 1);
});
