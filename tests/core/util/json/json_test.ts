import assert from "node:assert/strict";
import { checkedJson } from "../../../../core/util/json/json.ts";

Deno.test("checkedJson() is JSON.parse() but for what is nested without reason", () => {
  const nest = (depth: number): string =>
    `${"[".repeat(depth)}"]}{["${"]".repeat(depth)}${" ".repeat(2_000)}`;
  assert.deepEqual(checkedJson('{"a":[1]}'), { a: [1] });
  assert.throws(() => checkedJson("{"), SyntaxError);
  assert.ok(checkedJson(nest(1_000)));
  assert.throws(
    () => checkedJson(nest(1_001)),
    /nested in more than 1000 levels/,
  );
  const words = JSON.stringify(`\\"${"[".repeat(5_000)}`);
  assert.equal(checkedJson(words), `\\"${"[".repeat(5_000)}`);
  assert.throws(
    () => checkedJson("[".repeat(200_000)),
    /nested in more than 1000 levels/,
  );
});
