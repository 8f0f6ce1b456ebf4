import assert from "node:assert/strict";
import { textMessage, type WireItem } from "../../../../core/protocol/item.ts";
import {
  findUserMessages,
  planFork,
  planRollback,
} from "../../../../core/session/log/rollback_plan.ts";

const said = textMessage("assistant", "ok");
const permissions = textMessage("developer", "<permissions instructions>x");
const environment = user("<environment_context>\nx\n</environment_context>");
const aborted = user("<turn_aborted>\nx\n</turn_aborted>");

const ITEMS: readonly WireItem[] = [
  permissions, // 0
  environment, // 1
  user("one"), // 2
  said, // 3
  user("two"), // 4
  aborted, // 5
  permissions, // 6
  environment, // 7
  user("three"), // 8
  said, // 9
];

Deno.test("findUserMessages() knows the person's words from the program's", () => {
  assert.deepEqual(findUserMessages(ITEMS), [2, 4, 8]);
});

Deno.test("planRollback() takes with a turn what was said for it, not what ended the last", () => {
  assert.equal(planRollback(ITEMS, 0), 10);
  assert.equal(planRollback(ITEMS, 1), 6);
  assert.equal(planRollback(ITEMS, 2), 4);
});

Deno.test("planRollback() never goes below what came before the first message", () => {
  assert.equal(planRollback(ITEMS, 3), 2);
  assert.equal(planRollback(ITEMS, 99), 2);
  assert.equal(planRollback([permissions], 1), 1);
  assert.equal(planRollback([], 1), 0);
});

Deno.test("planFork() branches off right before the nth message", () => {
  assert.equal(planFork(ITEMS, 1), 2);
  assert.equal(planFork(ITEMS, 2), 4);
  assert.equal(planFork(ITEMS, 3), 6);
  assert.equal(planFork(ITEMS, 4), undefined);
  assert.equal(planFork(ITEMS, 0), undefined);
});

function user(text: string): WireItem {
  return textMessage("user", text);
}
