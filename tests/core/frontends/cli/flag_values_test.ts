/** Durations, counts and words after `--`: the values of the command line. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFlagValue } from "../../../../core/frontends/cli/flag_values.ts";
import { FLAGS } from "../../../../core/contract/flags.ts";
import { renderGenerated } from "../../../../core/frontends/cli/generated.ts";
import { splitArgv } from "../../../../core/frontends/cli/parse.ts";

Deno.test("a flag that counts takes whole numbers above zero, with k and M", () => {
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
    const parse = () => parseFlagValue(FLAGS.maxTokens, text);
    if (count === undefined) assert.throws(parse, /must be a whole number/);
    else assert.equal(parse(), count, text);
  }
});

Deno.test("a flag of a duration takes what settings take, and says so", () => {
  assert.equal(parseFlagValue(FLAGS.timeoutMs, "1h30m"), 5_400_000);
  assert.throws(
    () => parseFlagValue(FLAGS.timeoutMs, "soon"),
    /^UserError: Cannot use --timeout "soon": must be a duration, e.g. 90, 90s, 10m or 1h30m$/,
  );
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
