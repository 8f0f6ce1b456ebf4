import assert from "node:assert/strict";
import { ToolError } from "../../../core/protocol/error.ts";
import { parsePatch } from "../../../tools/patch/parse.ts";

function parse(...lines: readonly string[]): ReturnType<typeof parsePatch> {
  return parsePatch(
    ["*** Begin Patch", ...lines, "*** End Patch"].join("\n"),
  );
}

Deno.test("parsePatch() reads all three kinds of hunks", () => {
  assert.deepEqual(
    parse(
      "*** Add File: a b",
      "+1",
      "++",
      "*** Delete File: d",
      "*** Update File: u",
      "*** Move to: m ",
      "@@ one",
      "@@   two ",
      " c",
      "",
      "-r",
      "+n",
      "*** End of File",
      "@@",
      "+z",
    ),
    [
      { type: "add", path: "a b", lines: ["1", "+"] },
      { type: "delete", path: "d" },
      {
        type: "update",
        path: "u",
        moveTo: "m",
        chunks: [
          {
            contexts: ["one", "  two"],
            lines: [
              { tag: "context", text: "c" },
              { tag: "context", text: "" },
              { tag: "remove", text: "r" },
              { tag: "add", text: "n" },
            ],
            endOfFile: true,
          },
          {
            contexts: [],
            lines: [{ tag: "add", text: "z" }],
            endOfFile: false,
          },
        ],
      },
    ],
  );
});

Deno.test("parsePatch() gives an empty list for a patch without hunks", () => {
  assert.deepEqual(parse(), []);
});

Deno.test("parsePatch() leaves carriage returns inside a line alone", () => {
  assert.deepEqual(parse("*** Add File: a", "+x\ry\r\r"), [
    { type: "add", path: "a", lines: ["x\ry"] },
  ]);
});

Deno.test("parsePatch() counts lines from the begin marker, also in a heredoc", () => {
  const lines = ["*** Begin Patch", "*** Foo", "*** End Patch"];
  const place = /invalid hunk at line 2, '\*\*\* Foo'/;
  assert.throws(() => parsePatch(["", "", ...lines].join("\n")), place);
  assert.throws(
    () => parsePatch(["<<'EOF'", ...lines, "EOF"].join("\n")),
    place,
  );
});

Deno.test("parsePatch() throws ToolError with the place", () => {
  assert.throws(
    () => parse("*** Update File: f", "@@", "-a", "*** Begin Patch"),
    (error) =>
      error instanceof ToolError &&
      /^invalid hunk at line 5, Expected '@@'/.test(error.message),
  );
});
