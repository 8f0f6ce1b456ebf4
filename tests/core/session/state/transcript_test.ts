/** The transcript refuses bad states; each item is serialized once. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { textMessage, type WireItem } from "../../../../core/protocol/item.ts";
import type { LogFact, ThreadLog } from "../../../../core/protocol/log.ts";
import { Transcript } from "../../../../core/session/state/transcript.ts";

function fakeLog(facts: LogFact[], fails = (): boolean => false): ThreadLog {
  return {
    path: "(memory)",
    append: (fact) => {
      if (fails()) throw new Error("disk full");
      facts.push(fact);
    },
    sync: () => {},
    startSync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function create(): { transcript: Transcript; facts: LogFact[] } {
  const facts: LogFact[] = [];
  return { transcript: new Transcript(fakeLog(facts)), facts };
}

function callItem(id: string): WireItem {
  return { type: "function_call", call_id: id, name: "f", arguments: "{}" };
}

const HELLO = textMessage("user", "hello");

Deno.test("Transcript logs and sends the very same text of an item", () => {
  const { transcript, facts } = create();
  transcript.append([HELLO]);
  transcript.hold({ zeta: 1, type: "hologram", alpha: 2 });
  transcript.commitTail();
  const json = '{"zeta":1,"type":"hologram","alpha":2}';
  assert.deepEqual(facts.at(-1), { type: "item", json });
  assert.equal(
    transcript.inputText(),
    `${JSON.stringify(HELLO)},${json}`,
  );
  assert.equal(
    transcript.inputBytes,
    new TextEncoder().encode(transcript.inputText()).length,
  );
});

Deno.test("Transcript keeps what waits out of the prompt until something commits it", () => {
  const { transcript, facts } = create();
  transcript.hold(HELLO);
  assert.deepEqual([transcript.entries.length, facts.length], [0, 0]);
  transcript.dropTail();
  assert.deepEqual(transcript.commitTail(), []);
  transcript.hold(HELLO);
  assert.equal(transcript.commitTail().length, 1);
  assert.equal(transcript.entries.length, 1);
});

Deno.test("Transcript refuses calls and outputs as our own words", () => {
  const { transcript } = create();
  assert.throws(() => transcript.append([callItem("a")]), /not ours to append/);
  const output = { type: "function_call_output", call_id: "a", output: "x" };
  assert.throws(() => transcript.append([output]), /not ours to append/);
  assert.equal(transcript.entries.length, 0);
});

Deno.test("Transcript gives each call one output, and no prompt before", () => {
  const { transcript } = create();
  transcript.hold(callItem("a"));
  transcript.commitTail();
  assert.throws(() => transcript.inputText(), /no call unanswered/);
  assert.throws(() => transcript.replace([]), /no call is open/);
  assert.throws(() => transcript.settle("b", "x"), /is open when/);
  transcript.hold(callItem("a"));
  assert.throws(() => transcript.commitTail(), /used once at a time/);
  transcript.dropTail();
  transcript.settle("a", "done");
  assert.deepEqual(transcript.openCalls, []);
  assert.throws(() => transcript.settle("a", "again"), /is open when/);
  assert.match(transcript.inputText(), /"output":"done"/);
});

Deno.test("Transcript holds nothing that its log could not take", () => {
  let isFull = false;
  const transcript = new Transcript(fakeLog([], () => isFull));
  transcript.append([HELLO]);
  const before = transcript.inputText();
  isFull = true;
  assert.throws(() => transcript.append([HELLO]), /disk full/);
  assert.equal(transcript.inputText(), before);
  assert.equal(transcript.entries.length, 1);
});

Deno.test("Transcript freezes what it holds, to the bottom", () => {
  const { transcript } = create();
  const item = { type: "message", role: "user", content: [{ text: "a" }] };
  transcript.append([item]);
  assert.throws(() => {
    item.content[0] = { text: "b" };
  }, TypeError);
  assert.throws(() => {
    Object.assign(item.content[0] ?? {}, { text: "b" });
  }, TypeError);
});

Deno.test("Transcript.replace() begins a new generation with the texts it is given", () => {
  const { transcript, facts } = create();
  transcript.append([HELLO, HELLO]);
  const kept = JSON.stringify(textMessage("user", "kept"));
  transcript.replace([kept]);
  assert.equal(transcript.inputText(), kept);
  assert.equal(transcript.generation, 1);
  assert.equal(facts.length, 2, "the fact of it is the caller's to log");
  const [entry] = transcript.entries;
  assert.equal(transcript.tokens, entry?.tokens);
});

Deno.test("Transcript.keepFirst() goes back, but never between a call and its output", () => {
  const { transcript } = create();
  transcript.append([HELLO]);
  const before = transcript.inputText();
  transcript.hold(callItem("a"));
  transcript.commitTail();
  transcript.settle("a", "done");
  assert.throws(() => transcript.keepFirst(2), /no call unanswered/);
  const { transcript: other } = create();
  other.append([HELLO, textMessage("user", "more")]);
  other.keepFirst(1);
  assert.equal(other.inputText(), before);
});

Deno.test("Transcript.restore() takes over texts, generation and facts of the log", () => {
  const { transcript, facts } = create();
  transcript.restore([JSON.stringify(HELLO), '{"b":1,"type":"x"}'], 3);
  assert.deepEqual(facts, [], "nothing is logged again");
  assert.equal(transcript.generation, 3);
  assert.match(transcript.inputText(), /,\{"b":1,"type":"x"\}$/);
  assert.equal(transcript.handover.request, "hello");
});

Deno.test("what a compaction must not lose is the same whenever it is asked for", () => {
  const command = fc.record({
    line: fc.constantFrom("make", "sed -i s/a/b/ f", "apply_patch"),
    output: fc.constantFrom(
      "Exit code: 0\nOutput:\nok",
      "Exit code: 3",
      "Process running with session ID 7\nOutput:\n",
      "Exit code: 0\nOutput:\nSuccess. Updated the following files:\nA f\nM g\n",
    ),
  });
  const step = fc.oneof(
    fc.record({ say: fc.constantFrom("mend it", "again", "") }),
    command,
    fc.record({ replaceWith: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ keep: fc.integer({ min: 0, max: 9 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
    const asked = create().transcript;
    const unasked = create().transcript;
    steps.forEach((step, at) => {
      for (const transcript of [asked, unasked]) play(transcript, step, at);
      void asked.handover;
    });
    assert.deepEqual(unasked.runningCommands, asked.handover.sessions ?? {});
    assert.deepEqual(unasked.handover, asked.handover);
  }));
});

type Step =
  | { readonly say: string }
  | { readonly line: string; readonly output: string }
  | { readonly replaceWith: number }
  | { readonly keep: number };

function play(transcript: Transcript, step: Step, at: number): void {
  if ("say" in step) return transcript.append([textMessage("user", step.say)]);
  if ("keep" in step) return transcript.keepFirst(evenCount(transcript, step));
  if ("replaceWith" in step) {
    const kept = textMessage("user", `summary ${step.replaceWith}`);
    return transcript.replace([JSON.stringify(kept)]);
  }
  transcript.hold({
    type: "function_call",
    call_id: `c${at}`,
    name: "shell",
    arguments: JSON.stringify({ command: ["bash", "-c", step.line] }),
  });
  transcript.commitTail();
  transcript.settle(`c${at}`, step.output);
}

// A call is not parted from its output.
function evenCount(
  { entries }: Transcript,
  { keep }: { readonly keep: number },
): number {
  return entries[keep]?.item["type"] === "function_call_output"
    ? keep + 1
    : keep;
}
