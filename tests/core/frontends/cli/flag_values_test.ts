/** Times, counts and words after `--`: the values of the command line. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseCount,
  parseDuration,
} from "../../../../core/frontends/cli/flag_values.ts";
import { renderGenerated } from "../../../../core/frontends/cli/generated.ts";
import { splitArgv } from "../../../../core/frontends/cli/parse.ts";

Deno.test("parseDuration() takes seconds and units, alone and together", () => {
  const cases: [string, number | undefined][] = [
    ["90", 90_000],
    ["0.5", 500],
    ["250ms", 250],
    ["10m", 600_000],
    ["1h30m5s", 5_405_000],
    ["30d", 2_592_000_000],
    ["0", undefined],
    ["-5", undefined],
    ["", undefined],
    ["m", undefined],
    ["10x", undefined],
    ["1e3", undefined],
    ["1 h", undefined],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

Deno.test("parseCount() takes whole numbers above zero, with k and M", () => {
  const cases: [string, number | undefined][] = [
    ["1", 1],
    ["50k", 50_000],
    ["1.5K", 1_500],
    ["2M", 2_000_000],
    ["0", undefined],
    ["1.5", undefined],
    ["-1", undefined],
    ["1g", undefined],
    ["99999999999999999999", undefined],
  ];
  for (const [text, count] of cases) {
    assert.equal(parseCount(text), count, text);
  }
});

Deno.test("splitArgv() loses, adds and reorders nothing but the flags of images", () => {
  const word = fc.constantFrom(
    "exec",
    "--",
    "-i",
    "a.png",
    "b.jpg",
    "x",
    "--json",
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 12 }), (argv) => {
    const { head, rest } = splitArgv(argv);
    const at = argv.indexOf("--");
    assert.deepEqual(rest, at < 0 ? [] : argv.slice(at + 1));
    assert(!head.includes("--"));
    const plain = (words: readonly string[]): string[] =>
      words.filter((one) => one !== "-i");
    assert.deepEqual(plain(head), plain(at < 0 ? argv : argv.slice(0, at)));
  }));
});

Deno.test("renderGenerated() leaves what needs the application to it", () => {
  assert.equal(renderGenerated("schema", "config"), undefined);
  assert.equal(renderGenerated("exec", ""), undefined);
  assert.match(renderGenerated("schema", "exit-codes") ?? "", /"const": 143/);
});
