/** Tests of core/host/terminal/queued_output.ts. */
import assert from "node:assert/strict";
import { QueuedOutput } from "../../../../core/host/terminal/queued_output.ts";

// A stream that takes as much per write as its script says; an error ends it.
function scripted(
  script: readonly (number | Error)[],
): { raw: ConstructorParameters<typeof QueuedOutput>[0]; taken: () => string } {
  const bytes: number[] = [];
  const steps = [...script];
  return {
    raw: {
      isTerminal: () => false,
      isOpen: () => true,
      write(chunk: Uint8Array): Promise<number> {
        const step = steps.shift() ?? chunk.length;
        if (step instanceof Error) return Promise.reject(step);
        const count = Math.min(step, chunk.length);
        bytes.push(...chunk.subarray(0, count));
        return Promise.resolve(count);
      },
    },
    taken: () => new TextDecoder().decode(new Uint8Array(bytes)),
  };
}

Deno.test("QueuedOutput keeps order and bytes through short and refused writes", async () => {
  const { raw, taken } = scripted([3, 0, 1, 2]);
  const output = new QueuedOutput(raw);
  assert.equal(output.write("première\n"), true);
  assert.equal(output.write(""), true);
  assert.equal(output.write("seconde\n"), true);
  assert.equal(output.pendingBytes > 0, true);
  assert.equal(await output.flush(), true);
  assert.equal(taken(), "première\nseconde\n");
  assert.equal(output.pendingBytes, 0);
});

Deno.test("QueuedOutput joins waiting texts into few writes", async () => {
  let writes = 0;
  const output = new QueuedOutput({
    isTerminal: () => false,
    isOpen: () => true,
    write: (chunk) => {
      writes++;
      return Promise.resolve(chunk.length);
    },
  });
  for (let at = 0; at < 10_000; at++) output.write("a line of the stream\n");
  await output.flush();
  assert.equal(writes <= 3, true, `${writes} writes`);
});

Deno.test("QueuedOutput says for ever that the reader is gone", async () => {
  const { raw } = scripted([new Deno.errors.BrokenPipe()]);
  const output = new QueuedOutput(raw);
  assert.equal(output.write("one\n"), true);
  assert.equal(await output.flush(), false);
  assert.equal(output.write("two\n"), false);
  assert.equal(output.pendingBytes, 0);
  assert.equal(await output.flush({ timeoutMs: 1 }), false);
});

Deno.test("QueuedOutput gives up on a reader that does not read", async () => {
  const never = Promise.withResolvers<number>();
  const output = new QueuedOutput({
    isTerminal: () => false,
    isOpen: () => true,
    write: () => never.promise,
  });
  output.write("lost\n");
  assert.equal(await output.flush({ timeoutMs: 10 }), false);
  assert.equal(output.pendingBytes, 5);
  never.resolve(5);
  assert.equal(await output.flush(), true);
});
