/** What words that cannot be parsed still say of the output. */
import assert from "node:assert/strict";
import { outputFlagsOf } from "../../../../core/frontends/cli/unparsed.ts";

const CASES: readonly (readonly [string, unknown])[] = [
  ["exec --json --modle x hi", { json: true }],
  ["e --experimental-json --timeout soon", { json: true }],
  ["-m gpt exec --json", { json: true }],
  ["exec --json=yes --json", { json: true }],
  ["exec resume --json --bad", { json: true }],
  ["exec --json --events native --bad", { json: true, events: "native" }],
  ["exec --json --events=native --bad", { json: true, events: "native" }],
  ["exec --json --events=native --events codex --bad", { json: true }],
  ["exec --json --events bad", { json: true }],
  ["exec --output-format json --bad", { outputFormat: "json" }],
  ["exec --output-format=json --bad", { outputFormat: "json" }],
  ["exec --output-format json --json", { json: true }],
  ["exec --output-format text --bad", undefined],
  ["exec --bad", undefined],
  ["exec --bad -- --json", undefined],
  ["doctor --json --bad", undefined],
  ["sessions search exec --json --bad", undefined],
  ["--json --bad", undefined],
  ["", undefined],
];

for (const [line, flags] of CASES) {
  Deno.test(`outputFlagsOf() of ${JSON.stringify(line)}`, () => {
    assert.deepEqual(outputFlagsOf(line.split(" ")), flags);
  });
}
