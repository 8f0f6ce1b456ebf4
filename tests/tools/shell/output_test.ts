/** What is kept of long outputs, and what is said about the rest. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  CapturedOutput,
  CommandResult,
} from "../../../core/protocol/command.ts";
import { byteLength, countLines } from "../../../core/util/text/text.ts";
import {
  buildCommandOutput,
  cutOutput,
  cutText,
} from "../../../tools/shell/output.ts";

function captured(
  head: string,
  more: Partial<CapturedOutput> = {},
): CapturedOutput {
  return {
    head,
    tail: "",
    totalBytes: byteLength(head),
    totalLines: countLines(head),
    ...more,
  };
}

function result(
  output: CapturedOutput,
  more: Partial<CommandResult> = {},
): CommandResult {
  return {
    exitCode: 0,
    timedOut: false,
    aborted: false,
    durationMs: 1_234,
    output,
    backend: "bwrap",
    denied: false,
    reaped: 0,
    notes: [],
    ...more,
  };
}

function lines(count: number, name = "line"): string {
  return Array.from({ length: count }, (_, at) => `${name} ${at + 1}\n`).join(
    "",
  );
}

Deno.test("buildCommandOutput() gives a short output as it is", () => {
  assert.equal(
    buildCommandOutput(result(captured("hi\nerr")), {
      tokensMax: 100,
      timeoutMs: 5,
    }),
    "Exit code: 0\nWall time: 1.2 seconds\nOutput:\nhi\nerr",
  );
});

Deno.test("buildCommandOutput() says on the first line what was cut and where all of it is", () => {
  const text = lines(1_000);
  const output = buildCommandOutput(
    result(captured(text, { spoolPath: "/spool/x.txt" }), { exitCode: 2 }),
    { tokensMax: 50, timeoutMs: 5 },
  );
  const [first = "", ...rest] = output.split("\n");
  const match =
    /^Output cut in the middle: kept (\d+) bytes \((\d+) lines, about (\d+) tokens\), omitted (\d+) bytes \((\d+) lines, about (\d+) tokens\); the full output is in \/spool\/x\.txt\.$/
      .exec(first);
  assert.ok(match, first);
  const [kept, keptLines, keptTokens, omitted, omittedLines, omittedTokens] =
    match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
  assert.equal(kept + omitted, byteLength(text));
  assert.equal(keptLines + omittedLines, 1_000);
  assert.equal(keptTokens, Math.ceil(kept / 4));
  assert.equal(omittedTokens, Math.ceil(omitted / 4));
  assert.ok(kept <= 200 && kept > 150, `${kept}`);
  assert.deepEqual(rest.slice(0, 4), [
    "Exit code: 2",
    "Wall time: 1.2 seconds",
    "Total output lines: 1000",
    "Output:",
  ]);
  const body = rest.slice(4).join("\n");
  assert.match(body, /^line 1\nline 2\n/);
  assert.match(body, /line 999\nline 1000\n$/);
  assert.ok(
    body.includes(
      `[… omitted here: ${omitted} bytes, ${omittedLines} lines, about ${omittedTokens} tokens …]`,
    ),
  );
  // What is kept are whole lines.
  for (
    const line of body.split("\n").filter((one) =>
      one !== "" && !one.startsWith("[")
    )
  ) assert.match(line, /^line \d+$/);
});

Deno.test("buildCommandOutput() says on the first line that time was up and how to wait longer", () => {
  const short = buildCommandOutput(
    result(captured("x"), { timedOut: true, exitCode: 124 }),
    { tokensMax: 100, timeoutMs: 5_000 },
  );
  assert.match(
    short,
    /^Timed out: the command was ended after 5000 ms; to wait longer, call again with a larger "timeout_ms"\.\nExit code: 124\n/,
  );
  const long = buildCommandOutput(
    result(captured(lines(1_000)), { timedOut: true, exitCode: 124 }),
    { tokensMax: 10, timeoutMs: 5_000 },
  );
  assert.match(
    long.split("\n")[0] ?? "",
    /^Timed out: .* Output cut in the middle: .*the full output was not kept\.$/,
  );
});

Deno.test("buildCommandOutput() passes notes and hints on, before the output", () => {
  const text = buildCommandOutput(
    result(captured("x"), { notes: ["undone"] }),
    { tokensMax: 100, timeoutMs: 5, hints: ["try"] },
  );
  assert.equal(
    text,
    "Exit code: 0\nWall time: 1.2 seconds\nNote: undone\nNote: try\nOutput:\nx",
  );
});

Deno.test("cutOutput() keeps error lines that stand before the kept end", () => {
  const text = lines(500, "start") + "src/a.ts:3 error: the very reason\n" +
    lines(60, "noise noise noise") + "done\n";
  const { text: cut, keptBytes, omittedBytes } = cutText(text, 400);
  assert.match(
    cut,
    /error lines from the omitted part:\]\nsrc\/a\.ts:3 error: the very reason\n\[…\]\n/,
  );
  assert.match(cut, /done\n$/);
  assert.ok(keptBytes <= 400);
  assert.equal(keptBytes + omittedBytes, byteLength(text));
});

Deno.test("cutOutput() prefers the last error lines and cuts monstrous ones", () => {
  const text = lines(300, "error") + "fatal " + "x".repeat(5_000) + "\n" +
    lines(300, "ok");
  const { text: cut, keptBytes } = cutText(text, 4_000);
  assert.ok(keptBytes <= 4_000);
  assert.match(cut, /fatal x+\n/);
  assert.ok(cut.includes("error 300\n"));
});

Deno.test("cutOutput() counts what the capture itself has dropped", () => {
  const cut = cutOutput({
    head: "start\n",
    tail: "end\n",
    totalBytes: 1_000,
    totalLines: 100,
  }, 4_000);
  assert.deepEqual({ ...cut, text: "" }, {
    text: "",
    keptBytes: 10,
    omittedBytes: 990,
    keptLines: 2,
    omittedLines: 98,
  });
  assert.equal(
    cut.text,
    "start\n[… omitted here: 990 bytes, 98 lines, about 248 tokens …]\nend\n",
  );
});

Deno.test("cutOutput() cuts one endless line in the middle", () => {
  const { text, omittedLines } = cutText("x".repeat(1_000), 100);
  assert.equal(
    text,
    `${
      "x".repeat(50)
    }\n[… omitted here: 900 bytes, 0 lines, about 225 tokens …]\n${
      "x".repeat(50)
    }`,
  );
  assert.equal(omittedLines, 0);
});

Deno.test("cutOutput() never grows beyond its limit, never splits a character, and counts exactly", () => {
  const text = fc.array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.constantFrom("error: x", "🙂".repeat(20), "\n", "ü".repeat(7)),
    ),
    { maxLength: 60 },
  )
    // A replacement character in the result can then only come from a split one.
    .map((all) => all.join("\n").replaceAll("\ufffd", ""));
  fc.assert(
    fc.property(text, fc.nat(600), (whole, bytesMax) => {
      const cut = cutText(whole, bytesMax);
      const total = byteLength(whole);
      if (total <= bytesMax) return assert.equal(cut.text, whole);
      assert.ok(cut.keptBytes <= bytesMax, `${cut.keptBytes} > ${bytesMax}`);
      assert.equal(cut.keptBytes + cut.omittedBytes, total);
      assert.equal(cut.keptLines + cut.omittedLines, countLines(whole));
      assert.ok(byteLength(cut.text) <= bytesMax + 200);
      assert.equal(cut.text.includes("\ufffd"), false);
      // Both ends are the ends of the text.
      const [head = "", tail = ""] = cut.text.split(
        /\[… omitted here[^\]]*\]\n(?:\[error lines[^\]]*\]\n[^]*\[…\]\n)?/,
      );
      assert.ok(whole.startsWith(head.replace(/\n$/, "")));
      assert.ok(whole.endsWith(tail));
    }),
    { numRuns: 2_000 },
  );
});
