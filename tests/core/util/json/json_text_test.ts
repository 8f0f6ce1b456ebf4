import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  jsonElements,
  jsonMember,
  jsonSpans,
  withoutJsonMember,
} from "../../../../core/util/json/json_text.ts";
import { anyCharacter } from "../../../support/any_character.ts";

Deno.test("jsonMember() cuts every member out as it was written", () => {
  fc.assert(fc.property(
    fc.dictionary(fc.string({ unit: anyCharacter }), fc.jsonValue()),
    fc.constantFrom(0, 1, 2),
    (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      const spans = jsonSpans(text) ?? [];
      assert.deepEqual(spans.map(({ key }) => key), Object.keys(object));
      for (const { key, start, end } of spans) {
        assert.equal(jsonMember(text, key), text.slice(start, end));
        assert.deepEqual(
          JSON.parse(text.slice(start, end)),
          JSON.parse(text)[key],
        );
      }
    },
  ));
});

Deno.test("jsonElements() cuts every element out as it was written", () => {
  fc.assert(fc.property(fc.array(fc.jsonValue()), (array) => {
    const text = JSON.stringify(array);
    assert.deepEqual(
      jsonElements(text).map((one) => JSON.stringify(JSON.parse(one))),
      array.map((one) => JSON.stringify(one)),
    );
    assert.equal(`[${jsonElements(text).join(",")}]`, text);
  }));
});

Deno.test("jsonElements() of what is no array is empty", () => {
  assert.deepEqual(jsonElements('{"a":1}'), []);
  assert.equal(jsonSpans('"text"'), undefined);
  assert.equal(jsonSpans("12"), undefined);
  assert.equal(jsonMember("{}", "a"), undefined);
});

Deno.test("withoutJsonMember() leaves valid JSON without the member, in order", () => {
  fc.assert(fc.property(
    fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
    fc.nat(),
    (object, at) => {
      const keys = Object.keys(object);
      const key = keys[at % keys.length]!;
      const text = JSON.stringify(object);
      const left = JSON.parse(withoutJsonMember(text, key));
      assert.deepEqual(Object.keys(left), keys.filter((one) => one !== key));
      assert.equal(withoutJsonMember(text, `${keys.join()}!`), text);
    },
  ));
});

Deno.test("withoutJsonMember() touches nothing but the member", () => {
  assert.equal(
    withoutJsonMember('{"a":1, "b": "}", "c":[]}', "b"),
    '{"a":1, "c":[]}',
  );
  assert.equal(withoutJsonMember('{"a":"\\\\","b":2}', "b"), '{"a":"\\\\"}');
  assert.equal(withoutJsonMember('{"b":{"b":1}}', "b"), "{}");
});
