import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UserError } from "../../../../core/protocol/error.ts";
import {
  patchedPaths,
  planPatch,
} from "../../../../core/staging/patch/apply.ts";
import { renderFilePatch } from "../../../../core/staging/patch/build.ts";
import { parsePatch } from "../../../../core/staging/patch/parse.ts";
import { reversePatch } from "../../../../core/staging/patch/reverse.ts";
import { bytesOfText } from "../../../../core/util/text/byte_text.ts";

const RUNS = Number(Deno.env.get("STAGE_RUNS") ?? 300);

function version(
  text: string,
): { mode: "100644"; bytes: Uint8Array<ArrayBuffer> } {
  return { mode: "100644", bytes: bytesOfText(text) };
}

const WHOLE = [
  { path: "a b", before: version("1\n2\n3\n"), after: version("1\nII\n3") },
  { path: "n\new", after: version("x\n") },
  { path: "bin", before: version("\0one"), after: version("\0two") },
  {
    path: "to",
    from: "from",
    similarity: 80,
    before: version("q\nr\n"),
    after: version("q\ns\n"),
  },
  { path: "gone", before: { ...version("g\n"), mode: "120000" as const } },
].map((one) => renderFilePatch(one).text).join("");

// Cut, doubled, exchanged and spoilt at random places.
const damage = fc.array(
  fc.record({
    at: fc.nat(WHOLE.length),
    drop: fc.nat(40),
    put: fc.oneof(
      fc.constantFrom(
        "",
        "\n",
        "+",
        "-",
        "@@ -1 +1 @@\n",
        '"',
        "../",
        "/",
        "\0",
        "rename to x\n",
        "delta 5\n",
        "GIT binary patch\n",
      ),
      fc.string({ maxLength: 8, unit: "binary" }).map((text) =>
        text.replace(/[^\0-\xff]/g, "?")
      ),
    ),
  }),
  { minLength: 1, maxLength: 6 },
);

Deno.test("a damaged patch is refused in words, or names files below the folder alone", () => {
  fc.assert(
    fc.property(damage, (cuts) => {
      let text = WHOLE;
      for (const { at, drop, put } of cuts) {
        text = text.slice(0, at) + put + text.slice(at + drop);
      }
      try {
        const groups = parsePatch(bytesOfText(text));
        for (const some of [groups, reversePatch(groups)]) {
          const paths = patchedPaths(some);
          for (const path of paths) {
            const parts = path.split("/");
            assert.ok(
              !path.startsWith("/") && !parts.includes("..") &&
                !parts.includes(".git"),
              path,
            );
          }
          const there = new Map(
            paths.map((path) => [path, version("1\n2\n3\n")]),
          );
          planPatch(some, there);
          planPatch(some, new Map());
        }
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }),
    { numRuns: RUNS },
  );
});
