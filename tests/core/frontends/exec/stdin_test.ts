/** The stdin rule, case by case. */
import assert from "node:assert/strict";
import {
  type PromptRequest,
  readPrompt,
} from "../../../../core/frontends/exec/stdin.ts";
import { UserError } from "../../../../core/protocol/error.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { MemoryTerminal } from "../support.ts";

// What is on stdin: chunks, then its end; `open` leaves it open and lets the wait run out.
async function read(
  chunks: readonly (string | Uint8Array)[],
  options: Partial<PromptRequest> & {
    readonly isOpen?: boolean;
    readonly isTty?: boolean;
    /** Time that passes between two chunks. */
    readonly paceMs?: number;
  } = {},
): Promise<{ text: string; note: string; waits: number[] }> {
  const terminal = new MemoryTerminal({ isTty: options.isTty ?? false });
  for (const chunk of chunks) {
    terminal.input.push(
      typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk,
    );
  }
  if (!options.isOpen) terminal.input.close();
  const waits: number[] = [];
  let nowMs = 0;
  const host = {
    monotonicMs: () => nowMs += options.paceMs ?? 0,
    sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
      waits.push(ms);
      // Long enough for what already waits to be read first.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      signal?.throwIfAborted();
    },
  };
  const text = await readPrompt({ terminal, host, ...options });
  return { text, note: terminal.stderr.text, waits };
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (error) => error);
  assert(error instanceof UserError && error.kind === "usage", String(error));
  return error.message;
}

Deno.test("readPrompt() takes stdin as it is when there is no argument, or a dash", async () => {
  assert.equal((await read(["fix ", "it\n"])).text, "fix it\n");
  assert.equal((await read(["fix it"], { prompt: "-" })).text, "fix it");
  assert.equal(
    (await read(["from keys"], { prompt: "-", isTty: true })).text,
    "from keys",
  );
});

Deno.test("readPrompt() appends data that is there to the argument", async () => {
  const block = "explain\n\n<stdin>\na\nb\n</stdin>";
  assert.equal((await read(["a\nb\n"], { prompt: "explain" })).text, block);
  assert.equal((await read(["a\n", "b"], { prompt: "explain" })).text, block);
  assert.equal((await read([], { prompt: "explain" })).text, "explain");
});

Deno.test("readPrompt() leaves an idle open pipe alone, with a note", async () => {
  const { text, note, waits } = await read([], {
    prompt: "explain",
    isOpen: true,
  });
  assert.equal(text, "explain");
  assert.deepEqual(waits, [LIMITS.stdinIdleMs]);
  assert.match(note, /^Note: ignoring stdin/);
});

Deno.test("readPrompt() uses what came when a pipe goes silent before its end", async () => {
  const { text, note, waits } = await read(["half"], {
    prompt: "explain",
    isOpen: true,
  });
  assert.equal(text, "explain\n\n<stdin>\nhalf\n</stdin>");
  assert.deepEqual(waits, [LIMITS.stdinIdleMs, LIMITS.stdinGapMs]);
  assert.match(
    note,
    /^Note: stdin did not end; using the 4 bytes so far/,
  );
});

Deno.test("readPrompt() uses what came of a pipe that dribbles for ever", async () => {
  const dribble = Array.from({ length: 100 }, () => ".");
  const paceMs = 9_000;
  const { text, note } = await read(dribble, { prompt: "go", paceMs });
  const count = Math.floor(LIMITS.stdinWholeMs / paceMs) + 1;
  assert.equal(text, `go\n\n<stdin>\n${".".repeat(count)}\n</stdin>`);
  assert.match(note, /did not end; using the \d+ bytes so far/);
  const whole = { prompt: "go", paceMs, waitForStdin: true };
  assert.equal((await read(dribble, whole)).text.match(/\./g)?.length, 100);
});

Deno.test("readPrompt() waits for the end with --stdin", async () => {
  const { text, waits } = await read(["all of it"], {
    prompt: "explain",
    waitForStdin: true,
  });
  assert.equal(text, "explain\n\n<stdin>\nall of it\n</stdin>");
  assert.deepEqual(waits, []);
});

Deno.test("readPrompt() does not touch a terminal or a stdin that is taken", async () => {
  assert.equal(
    (await read(["keys"], { prompt: "hello", isTty: true })).text,
    "hello",
  );
  assert.equal(
    (await read(["lines"], { prompt: "hello", isStdinTaken: true })).text,
    "hello",
  );
  assert.equal((await read(["lines"], { isStdinTaken: true })).text, "");
});

Deno.test("readPrompt() refuses an empty prompt, a terminal without one, and too much", async () => {
  assert.match(await refused(read([])), /the prompt is empty/);
  assert.match(await refused(read([" \n"])), /the prompt is empty/);
  assert.match(
    await refused(read([], { prompt: "  " })),
    /the prompt is empty/,
  );
  assert.match(await refused(read([], { isTty: true })), /no prompt given/);
  const huge = new Uint8Array(LIMITS.stdinBytes + 1);
  assert.match(await refused(read([huge], { prompt: "x" })), /larger than/);
});

Deno.test("readPrompt() knows UTF-8 with and without mark, and UTF-16 by its mark", async () => {
  const utf16 = Uint8Array.of(0xff, 0xfe, 0x68, 0, 0xe9, 0);
  assert.equal((await read([utf16])).text, "hé");
  assert.equal((await read([Uint8Array.of(0xfe, 0xff, 0, 0x68)])).text, "h");
  assert.equal((await read(["\ufeffh"])).text, "h");
  const split = new TextEncoder().encode("é");
  assert.equal((await read([split.slice(0, 1), split.slice(1)])).text, "é");
  const bad = Uint8Array.of(0x68, 0xff, 0x68);
  assert.match(
    await refused(read([bad])),
    /the prompt on stdin: it is not valid UTF-8/,
  );
  assert.match(await refused(read([bad], { prompt: "x" })), /what is on stdin/);
});
