/** What people see as one character. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  graphemes,
  nextBoundary,
  previousBoundary,
} from "../../../../core/util/text/graphemes.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function segmented(text: string): string[] {
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

Deno.test("graphemes() are those of Unicode, by the quick way and by the other one", () => {
  const units =
    "a \r\n\té—→─•\u00ad\u00a0\u0301\ufe0f\u200d漢か\u3099각\u11a8ЖΩ👍🏽🇩🇪↔©"
      .match(/./gsu) ?? [];
  fc.assert(fc.property(
    fc.array(fc.constantFrom(...units), { maxLength: 12 }),
    (parts) => {
      const text = parts.join("");
      assert.deepEqual(graphemes(text), segmented(text));
    },
  ));
  for (let code = 0; code < 0x10000; code++) {
    const one = String.fromCharCode(code);
    const text = `a${one}${one}각→`;
    assert.deepEqual(graphemes(text), segmented(text), code.toString(16));
  }
});

Deno.test("nextBoundary() and previousBoundary() step over whole characters", () => {
  const text = "aé👍🏽\nz";
  const stops = [0];
  while ((stops.at(-1) ?? 0) < text.length) {
    stops.push(nextBoundary(text, stops.at(-1) ?? 0));
  }
  assert.deepEqual(stops, [0, 1, 2, 6, 7, 8]);
  for (let at = stops.length - 1; at > 0; at--) {
    assert.equal(previousBoundary(text, stops[at] ?? 0), stops[at - 1]);
  }
});
