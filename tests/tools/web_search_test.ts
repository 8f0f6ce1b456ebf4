/** The entry of the web search. */
import assert from "node:assert/strict";
import { webSearchSpec } from "../../tools/web_search.ts";

Deno.test("webSearchSpec() names the mode to the server, or is absent", () => {
  assert.deepEqual(webSearchSpec("cached"), {
    type: "web_search",
    external_web_access: false,
  });
  assert.deepEqual(webSearchSpec("live"), {
    type: "web_search",
    external_web_access: true,
  });
  assert.equal(webSearchSpec("disabled"), undefined);
});
