/** The small repository of the demo: a duration parser with a failing test. */

/** Files by path; the bug is in how hours are counted. */
export const FILES: Readonly<Record<string, string>> = {
  "duration.mjs":
    `// Reads durations such as "1h30m" or "45s"; the result is in seconds.
const SECONDS = { h: 360, m: 60, s: 1 };

export function parseDuration(text) {
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\\d+)([hms])/g)) {
    seconds += Number(amount) * SECONDS[unit];
  }
  return seconds;
}
`,
  "duration.test.mjs": `import assert from "node:assert/strict";
import test from "node:test";
import { parseDuration } from "./duration.mjs";

test("parseDuration() adds minutes and seconds", () => {
  assert.equal(parseDuration("2m5s"), 125);
});

test("parseDuration() counts hours", () => {
  assert.equal(parseDuration("1h30m"), 5400);
});
`,
  "AGENTS.md": `Run the tests with \`node --test\`. Keep changes small.
`,
};

/** What the agent is asked to do. */
export const TASK =
  "A test of this project fails. Find out why, fix the code, and show that all tests pass.";
