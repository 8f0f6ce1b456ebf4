/** One Unicode character, for property tests. */
import * as fc from "fast-check";

const SURROGATES = 0xd800;
const SURROGATE_COUNT = 0x800;

/** For `fc.string({ unit })`; its own "binary" spends seconds on a table of all of them. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATE_COUNT })
  .map((point) =>
    String.fromCodePoint(
      point < SURROGATES ? point : point + SURROGATE_COUNT,
    )
  );
