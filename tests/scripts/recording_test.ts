/** The recording in the README is what the program shows today. */
import assert from "node:assert/strict";
import { record, RECORDING } from "../../scripts/recording/record.ts";
import { renderSvg } from "../../scripts/recording/svg.ts";
import { hasPty } from "../support/pty.ts";
import { isCompiled } from "../support/run_agent.ts";

const CAN = hasPty() && isCompiled();
if (!CAN) console.warn("SKIPPED: no terminal, or no compiled program");

// Times, the temporary folder and what the sandbox runs on differ from run to run.
function sameEachTime(svg: string): string {
  return svg.replaceAll(/textLength="[^"]*"/g, "")
    .replaceAll(/duration-[0-9a-f]+/g, "duration-ID")
    .replaceAll(/[\d.]+ m?s</g, "TIME<")
    .replaceAll(/\((bwrap|landlock)[^)]*\)/g, "(SANDBOX)");
}

Deno.test({
  name: "the recording in the README shows what the program shows",
  ignore: !CAN,
  fn: async () => {
    const now = await record();
    const kept = await Deno.readTextFile(RECORDING).catch(() => "");
    if (sameEachTime(now) === sameEachTime(kept)) return;
    if (Deno.env.get("UPDATE_GOLDEN") === "1") {
      return await Deno.writeTextFile(RECORDING, now);
    }
    assert.equal(
      sameEachTime(now),
      sameEachTime(kept),
      "it is stale: deno task test:update",
    );
  },
});

Deno.test("renderSvg() draws each run of one style where it stands, and refuses what it does not know", () => {
  const draw = (style: string): string =>
    renderSvg({ rows: [[..."  a<b c"]], styles: [["", "", style, style]] }, {
      columns: 10,
      title: "x & y",
    });
  const svg = draw("1;31");
  assert.match(
    svg,
    /<text x="32.8" y="55.5" textLength="16.8" font-weight="bold" fill="#ff7b72">a&lt;<\/text>/,
  );
  assert.match(svg, /<text x="49.6" [^>]*>b c<\/text>/);
  assert.match(svg, /aria-label="x &amp; y"/);
  assert.throws(() => draw("38"), /unknown SGR 38/);
});
