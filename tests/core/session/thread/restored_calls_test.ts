import assert from "node:assert/strict";
import { viewItem } from "../../../../core/protocol/item.ts";
import type { LogFact } from "../../../../core/protocol/log.ts";
import {
  answerRestored,
  answerUnrecorded,
} from "../../../../core/session/thread/restored_calls.ts";
import { ThreadState } from "../../../../core/session/state/state.ts";
import { Transcript } from "../../../../core/session/state/transcript.ts";
import { callItem, outputItem, userItem } from "../log/support.ts";

Deno.test("settleRestored() tells a call that was started from one that was not", () => {
  const { state, facts } = openState();
  const call = { name: "shell", form: "function" as const };
  answerRestored({
    openCalls: [
      { ...call, callId: "b", started: true },
      { ...call, callId: "c", started: false },
    ],
  }, state);
  assert.match(outputOf(state, "b"), /running, so its outcome is unknown/);
  assert.match(outputOf(state, "c"), /before this call was run/);
  assert.equal(outputOf(state, "a"), "ok");
  assert.deepEqual(facts.map(({ type }) => type), ["item", "item"]);
  assert.doesNotThrow(() => state.transcript.inputText());
});

Deno.test("settleUnrecorded() answers every open call, and none twice", () => {
  const { state, facts } = openState();
  answerUnrecorded(state);
  answerUnrecorded(state);
  assert.match(outputOf(state, "b"), /was not recorded/);
  assert.equal(facts.length, 2);
  assert.deepEqual(state.transcript.openCalls, []);
});

function openState(): { state: ThreadState; facts: LogFact[] } {
  const facts: LogFact[] = [];
  const transcript = new Transcript({
    path: "",
    append: (fact) => void facts.push(fact),
    sync: () => {},
    startSync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const calls = [callItem("a"), outputItem("a"), callItem("b"), callItem("c")];
  transcript.restore([userItem("go"), ...calls], 0);
  return { state: new ThreadState(transcript), facts };
}

function outputOf(state: ThreadState, callId: string): string {
  const found = state.transcript.entries.filter(({ item }) => {
    const view = viewItem(item);
    return view.type === "output" && view.callId === callId;
  });
  assert.equal(found.length, 1);
  return String(found[0]?.item["output"]);
}
