/** Durations as flags and settings take them. */
import assert from "node:assert/strict";
import { parseDuration } from "../../../core/util/duration.ts";

Deno.test("parseDuration() takes seconds and units, alone and together", () => {
  const cases: [string, number | undefined][] = [
    ["90", 90_000],
    ["0.5", 500],
    ["250ms", 250],
    ["10m", 600_000],
    ["1.5h", 5_400_000],
    ["1h30m5s", 5_405_000],
    ["30d", 2_592_000_000],
    ["0.1ms", 1],
    ["0", undefined],
    ["0s", undefined],
    ["0h0m", undefined],
    ["-5", undefined],
    ["", undefined],
    ["m", undefined],
    ["10x", undefined],
    ["1e3", undefined],
    ["1 h", undefined],
    ["1.2.3s", undefined],
    ["9".repeat(400), undefined],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});
