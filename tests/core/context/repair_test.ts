/** Items without what a server refused. */
import assert from "node:assert/strict";
import { withoutRefused } from "../../../core/context/repair.ts";
import { textMessage, type WireItem } from "../../../core/protocol/item.ts";

const PICTURE = { type: "input_image", image_url: "data:image/png;base64,AA" };

function shown(...names: readonly string[]): WireItem[] {
  return names.map((call_id) => ({
    type: "function_call_output",
    call_id,
    output: [PICTURE],
  }));
}

function pictures(items: readonly WireItem[]): string[] {
  return items.filter((item) => JSON.stringify(item).includes("input_image"))
    .map((item) => String(item["call_id"]));
}

Deno.test("withoutRefused() leaves out old pictures, the last one, or all", () => {
  const items = [textMessage("user", "look"), ...shown("a", "b", "c")];
  const kept = (what: "old_pictures" | "last_picture" | "pictures"): string[] =>
    pictures(withoutRefused(items, what).items);
  assert.deepEqual(kept("old_pictures"), ["c"]);
  assert.deepEqual(kept("last_picture"), ["a", "b"]);
  assert.deepEqual(kept("pictures"), []);
  const last = withoutRefused(shown("a"), "old_pictures");
  assert.deepEqual([pictures(last.items), last.changed], [[], 1]);
  assert.equal(withoutRefused(items, "pictures").items[0], items[0]);
});

Deno.test("withoutRefused() changes nothing where nothing is wrong", () => {
  const items: WireItem[] = [
    textMessage("user", "go"),
    { type: "function_call", call_id: "c", name: "x", arguments: "{}" },
  ];
  for (const what of ["pictures", "arguments", "ciphertext", "ids"] as const) {
    const { items: kept, changed } = withoutRefused(items, what);
    assert.equal(changed, 0);
    assert.deepEqual(kept, items);
  }
});

Deno.test("withoutRefused() keeps calls and outputs together when it takes ids", () => {
  const { items } = withoutRefused([
    { type: "reasoning", id: "rs_1", summary: [] },
    { type: "local_shell_call", id: "ls_1", action: {} },
    { type: "function_call", id: "fc_1", call_id: "c", arguments: "{}" },
    { type: "compaction", id: "cmp_1", encrypted_content: "x" },
  ], "ids");
  assert.deepEqual(items, [
    { type: "local_shell_call", action: {}, call_id: "ls_1" },
    { type: "function_call", call_id: "c", arguments: "{}" },
  ]);
});
