import assert from "node:assert/strict";
import fc from "fast-check";
import { OutputCapture } from "../../../sandbox/run/capture.ts";
import { cutEnd, cutStart, Ring } from "../../../sandbox/run/capture_parts.ts";
import { denoFiles } from "../../../core/host/files/files.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

Deno.test("Ring keeps the last bytes of whatever was added (law)", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 }),
      (capacity, chunks) => {
        const ring = new Ring(capacity);
        for (const chunk of chunks) ring.add(chunk);
        const all = chunks.flatMap((chunk) => [...chunk]);
        const wanted = capacity === 0 ? [] : all.slice(-capacity);
        assert.deepEqual([...ring.bytes()], wanted);
        assert.equal(ring.free, capacity - wanted.length);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("OutputCapture counts exactly and never splits a character (law)", async () => {
  const text = fc.array(
    fc.constantFrom("a", "\n", "ü", "€", "😀", "line\n"),
    { maxLength: 60 },
  ).map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1, max: 9 }),
      async (output, headBytes, tailBytes, step) => {
        let live = "";
        const capture = new OutputCapture(denoFiles, {
          headBytes,
          tailBytes,
          onOutput: (part) => live += part,
        });
        const bytes = encode(output);
        for (let at = 0; at < bytes.length; at += step) {
          await capture.add(bytes.subarray(at, at + step));
        }
        const { head, tail, totalBytes, totalLines } = capture.finish();
        assert.equal(totalBytes, bytes.length);
        const lines = output.split("\n").length -
          (output.endsWith("\n") ? 1 : 0);
        assert.equal(totalLines, output === "" ? 0 : lines);
        assert.ok(output.startsWith(head), "head is a start");
        assert.ok(output.endsWith(tail), "tail is an end");
        assert.equal(`${head}${tail}`.includes("\ufffd"), false);
        if (bytes.length <= headBytes + tailBytes) assert.equal(head, output);
        else {
          assert.ok(encode(head).length > headBytes - 4);
          assert.ok(encode(tail).length > tailBytes - 4);
        }
        assert.equal(live, output);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("OutputCapture writes the whole of a long output to a file", async () => {
  const folder = await Deno.makeTempDir();
  const spoolPath = `${folder}/new/out.txt`;
  const capture = new OutputCapture(denoFiles, {
    headBytes: 10,
    tailBytes: 10,
    spoolPath,
    spoolOverBytes: 8,
  });
  const text = "0123456789€€€€".repeat(20);
  const bytes = encode(text);
  for (let at = 0; at < bytes.length; at += 7) {
    await capture.add(bytes.subarray(at, at + 7));
  }
  assert.equal(capture.finish().spoolPath, spoolPath);
  assert.equal(await Deno.readTextFile(spoolPath), text);
  assert.equal((await Deno.stat(spoolPath)).mode! & 0o777, 0o600);
  assert.equal(capture.spoolProblem, "");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("OutputCapture makes no file for a short output", async () => {
  const folder = await Deno.makeTempDir();
  const spoolPath = `${folder}/out.txt`;
  const capture = new OutputCapture(denoFiles, {
    spoolPath,
    spoolOverBytes: 8,
  });
  await capture.add(encode("12345678"));
  assert.deepEqual(capture.finish(), {
    head: "12345678",
    tail: "",
    totalBytes: 8,
    totalLines: 1,
  });
  await assert.rejects(Deno.stat(spoolPath));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("OutputCapture that rolls keeps the newest output, and what was before it beside it", async () => {
  const folder = await Deno.makeTempDir();
  const spoolPath = `${folder}/out.txt`;
  const capture = new OutputCapture(denoFiles, { spoolPath, rolls: true });
  const half = LIMITS.spoolBytes / 2;
  const size = 64 * 1024;
  const chunk = new Uint8Array(size).fill(0x61);
  const count = 5 * (half / size);
  for (let at = 0; at < count; at++) await capture.add(chunk);
  await capture.add(encode("the end"));
  const output = capture.finish();
  assert.equal(output.totalBytes, count * size + 7);
  assert.equal(output.isSpoolEnd, true);
  assert.equal(output.isSpoolCut, undefined);
  assert.equal(await Deno.readTextFile(spoolPath), "the end");
  const names = (await Array.fromAsync(Deno.readDir(folder)))
    .map(({ name }) => name).sort();
  assert.deepEqual(names, ["out.txt", "out.txt.before"]);
  assert.equal((await Deno.stat(`${spoolPath}.before`)).size, half);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("OutputCapture survives a file that cannot be written", async () => {
  const capture = new OutputCapture(denoFiles, {
    spoolPath: "/proc/none/out.txt",
    spoolOverBytes: 1,
  });
  await capture.add(encode("some text"));
  const { head, spoolPath } = capture.finish();
  assert.equal(head, "some text");
  assert.equal(spoolPath, undefined);
  assert.match(capture.spoolProblem, /^The output file is not whole: /);
});

Deno.test("OutputCapture bounds what is sent on while it runs", async () => {
  let live = 0;
  const capture = new OutputCapture(denoFiles, {
    onOutput: (text) => live += text.length,
  });
  const chunk = new Uint8Array(64 * 1024).fill(0x61);
  for (let i = 0; i < 40; i++) await capture.add(chunk);
  assert.equal(live, LIMITS.deltaBytesMax);
  assert.equal(capture.finish().totalBytes, 40 * 64 * 1024);
});

Deno.test("cutEnd() and cutStart() take away halves of characters alone", () => {
  const euro = [...encode("€")];
  const grin = [...encode("😀")];
  const end = (bytes: number[]) => [...cutEnd(Uint8Array.from(bytes))];
  const start = (bytes: number[]) => [...cutStart(Uint8Array.from(bytes))];
  assert.deepEqual(end([0x61, ...euro]), [0x61, ...euro]);
  assert.deepEqual(end([0x61, ...euro.slice(0, 2)]), [0x61]);
  assert.deepEqual(end([...euro, ...grin.slice(0, 3)]), euro);
  assert.deepEqual(end([]), []);
  assert.deepEqual(start([...euro.slice(1), 0x61]), [0x61]);
  assert.deepEqual(start([...grin]), grin);
  // Bytes that are no UTF-8 at all stay what they are.
  assert.deepEqual(end([0x80, 0x80, 0x80, 0x80, 0x80]).length, 5);
});
