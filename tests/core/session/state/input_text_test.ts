import assert from "node:assert/strict";
import fc from "fast-check";
import { bodyText } from "../../../../core/model/request.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { InputText } from "../../../../core/session/state/input_text.ts";

const anyItem = fc.string({ unit: "grapheme", maxLength: 40 })
  .map((text) => JSON.stringify({ text }));
const anyParts = fc.constantFrom(
  { head: "{[", tail: "]}" },
  { head: '{"instructions":"é","input":[', tail: "]}" },
  { head: "", tail: "" },
);

Deno.test("A request's body is its head, the items joined by commas, and its tail", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(anyItem, anyParts)),
    fc.constantFrom(0, LIMITS.inputBufferBytes),
    (pushed, before) => {
      const input = new InputText();
      const items: string[] = [];
      const push = (json: string): void => {
        input.push(json);
        items.push(json);
      };
      if (before > 0) push(JSON.stringify("é".repeat(before / 2 - 100)));
      for (const [item, parts] of pushed) {
        push(item);
        const text = items.join(",");
        assert.equal(input.text(), text);
        assert.equal(
          bodyText(input.body(parts)),
          `${parts.head}${text}${parts.tail}`,
        );
        assert.equal(input.length, new TextEncoder().encode(text).length);
      }
    },
  ));
});

Deno.test("An item that is sent within the instructions leaves no comma", () => {
  const input = new InputText();
  for (const json of ["", "1", "", "2"]) input.push(json);
  assert.equal(input.text(), "1,2");
});
