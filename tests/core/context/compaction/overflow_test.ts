/** A history made shorter, never broken. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { trimForOverflow } from "../../../../core/context/compaction/overflow.ts";
import { initialItems } from "../../../../core/context/initial.ts";
import {
  estimateItemsTokens,
  estimateItemTokens,
} from "../../../../core/context/format/tokens.ts";
import {
  textMessage,
  viewItem,
  type WireItem,
} from "../../../../core/protocol/item.ts";
import { context, summaryItem } from "../support.ts";

function call(id: string): WireItem {
  return { type: "function_call", name: "shell", call_id: id, arguments: "{}" };
}

function output(id: string): WireItem {
  return {
    type: "function_call_output",
    call_id: id,
    output: "x".repeat(400),
  };
}

const THINK: WireItem = { type: "reasoning", encrypted_content: "x" };
const INITIAL = initialItems(context());
const FIRST = textMessage("user", "first");
const LAST = textMessage("user", "last");

Deno.test("trimForOverflow() drops the oldest response whole, with its outputs", () => {
  const old = [THINK, call("1"), call("2"), output("1"), output("2")];
  const young = [THINK, call("3"), output("3")];
  const items = [...INITIAL, FIRST, ...old, LAST, ...young];
  assert.deepEqual(trimForOverflow(items, { tokensMin: 1 }), {
    items: [...INITIAL, FIRST, LAST, ...young],
    dropped: 5,
  });
});

Deno.test("trimForOverflow() frees a tenth at least unless told otherwise", () => {
  const work = Array.from({ length: 100 }, (_, at) => [
    call(`${at}`),
    output(`${at}`),
  ]).flat();
  const items = [FIRST, ...work];
  const total = estimateItemsTokens(items);
  const { items: left, dropped } = trimForOverflow(items);
  assert.ok(dropped % 2 === 0 && dropped >= 20 && dropped < 24, `${dropped}`);
  assert.ok(estimateItemsTokens(left) <= total * 0.9);
});

Deno.test("trimForOverflow() takes the person's words last, and the latest never", () => {
  const items = [...INITIAL, FIRST, summaryItem("s"), LAST];
  const once = trimForOverflow(items, { tokensMin: 1 });
  assert.deepEqual(once.items, [...INITIAL, summaryItem("s"), LAST]);
  const twice = trimForOverflow(once.items, { tokensMin: 1_000_000 });
  assert.deepEqual(twice.items, [...INITIAL, summaryItem("s"), LAST]);
  assert.equal(twice.dropped, 0);
});

Deno.test("trimForOverflow() of nothing drops nothing", () => {
  assert.deepEqual(trimForOverflow([]), { items: [], dropped: 0 });
});

Deno.test("trimForOverflow() leaves pairs whole, frees what it should, and comes to an end", () => {
  const step = fc.record({
    think: fc.boolean(),
    calls: fc.nat(3),
    say: fc.boolean(),
    user: fc.boolean(),
    note: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step), fc.nat(500), (steps, tokensMin) => {
      const items: WireItem[] = [...INITIAL, FIRST];
      for (const [at, one] of steps.entries()) {
        const ids = Array.from({ length: one.calls }, (_, n) => `${at}.${n}`);
        if (one.think) items.push(THINK);
        if (one.say) items.push(textMessage("assistant", "word"));
        items.push(...ids.map(call), ...ids.map(output));
        if (one.note) items.push(textMessage("developer", "note"));
        if (one.user) items.push(textMessage("user", `more ${at}`));
      }
      let left: readonly WireItem[] = items;
      for (let round = 0;; round++) {
        assert.ok(round <= items.length);
        const trimmed = trimForOverflow(left, { tokensMin });
        assert.equal(trimmed.items.length, left.length - trimmed.dropped);
        assertPaired(trimmed.items);
        if (trimmed.dropped === 0) break;
        left = trimmed.items;
      }
      assert.deepEqual(left.slice(0, INITIAL.length), INITIAL);
      const words = left.slice(INITIAL.length);
      assert.ok(words.every((item) => estimateItemTokens(item) > 0));
      assert.ok(words.length <= 1 + items.filter(isDeveloper).length);
    }),
    { numRuns: 300 },
  );
});

function isDeveloper(item: WireItem): boolean {
  const view = viewItem(item);
  return view.type === "message" && view.role === "developer";
}

function assertPaired(items: readonly WireItem[]): void {
  const open = new Set<string>();
  for (const item of items) {
    const view = viewItem(item);
    if (view.type === "call") open.add(view.callId);
    if (view.type === "output") assert.ok(open.delete(view.callId));
  }
  assert.equal(open.size, 0);
}
