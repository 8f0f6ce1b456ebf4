import assert from "node:assert/strict";
import { writeShort } from "../../../../core/host/terminal/short_text.ts";

const SCRIPT = decodeURIComponent(new URL(import.meta.url).pathname);

// What goes to this process's own stdout would stand between the results of the tests.
if (Deno.args[0] === "write") {
  console.error(JSON.stringify(writeShort("x".repeat(Number(Deno.args[1])))));
  Deno.exit(0);
}

async function write(
  bytes: number,
  stdout = "/dev/null",
): Promise<{ readonly out: string; readonly rest: string }> {
  const deno = [Deno.execPath(), "run", "--no-check", "--quiet", SCRIPT];
  const line = [...deno, "write", `${bytes}`].map((word) => `'${word}'`);
  const result = await new Deno.Command("sh", {
    args: ["-c", `${line.join(" ")} ${stdout === "" ? "" : `>${stdout}`}`],
  }).output();
  const text = (part: Uint8Array) => new TextDecoder().decode(part);
  return { out: text(result.stdout), rest: JSON.parse(text(result.stderr)) };
}

Deno.test("writeShort() writes a short text at once", async () => {
  assert.deepEqual(await write(12, ""), { out: "x".repeat(12), rest: "" });
});

Deno.test("writeShort() leaves a long text, and one that a full disk does not take", async () => {
  assert.deepEqual(await write(513, ""), { out: "", rest: "x".repeat(513) });
  const { rest } = await write(12, "/dev/full");
  assert.equal(rest, "x".repeat(12));
});
