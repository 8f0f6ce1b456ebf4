/** What the model is told of a final message in the wrong form. */
import assert from "node:assert/strict";
import { viewItem } from "../../../core/protocol/item.ts";
import { schemaRepairItem } from "../../../core/context/requests.ts";

Deno.test("schemaRepairItem() lists the problems as they are, in a message of ours", () => {
  const view = viewItem(schemaRepairItem(["/a: must be integer", "$& and $1"]));
  assert(view.type === "message");
  assert.equal(view.role, "developer");
  assert(view.text.includes("\n- /a: must be integer\n- $& and $1\n"));
  assert.doesNotMatch(view.text, /[{}]/);
});
