/** The facts a compaction must not lose are folded from the items themselves. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  foldHandover,
  type HandoverState,
  NO_HANDOVER,
  parseHandover,
} from "../../../../core/context/compaction/handover.ts";
import { turnAbortedItem } from "../../../../core/context/markers.ts";
import { renderDocMessage } from "../../../../core/context/initial.ts";
import { textMessage, type WireItem } from "../../../../core/protocol/item.ts";
import { summaryItem } from "../support.ts";

function fold(items: readonly WireItem[], start = NO_HANDOVER): HandoverState {
  return items.reduce(foldHandover, start);
}

function user(text: string): WireItem {
  return textMessage("user", text);
}

function call(name: string, args: unknown, id = "c1"): WireItem {
  return {
    type: "function_call",
    name,
    call_id: id,
    arguments: JSON.stringify(args),
  };
}

function output(text: string, id = "c1"): WireItem {
  return { type: "function_call_output", call_id: id, output: text };
}

Deno.test("foldHandover() remembers the first request and the latest", () => {
  const state = fold([
    user(renderDocMessage("/r", "told at the start")),
    user("first"),
    user("second"),
    turnAbortedItem(),
    summaryItem("a summary"),
    textMessage("assistant", "answer"),
    user("third"),
  ]);
  assert.equal(state.firstRequest, "first");
  assert.equal(state.request, "third");
  assert.deepEqual(state.docs, []);
});

Deno.test("foldHandover() keeps a request of 200 kB within bounds", () => {
  const { request = "" } = fold([user(`A${"x".repeat(200_000)}Z`)]);
  assert.ok(request.length < 33_000);
  assert.match(request, /^Ax+….*…x+Z$/);
});

Deno.test("foldHandover() remembers the last valid plan", () => {
  const plan = [
    { step: "one\nline", status: "completed" },
    { step: "two", status: "in_progress" },
  ];
  const state = fold([
    call("update_plan", { plan: [{ step: "old", status: "pending" }] }),
    output("Plan updated"),
    call("update_plan", { plan }),
    output("Plan updated"),
    call("update_plan", { plan: [{ step: "bad", status: "maybe" }] }),
    {
      type: "function_call",
      name: "update_plan",
      call_id: "c",
      arguments: "{",
    },
  ]);
  assert.deepEqual(state.plan, [
    { text: "one line", status: "completed" },
    { text: "two", status: "in_progress" },
  ]);
});

Deno.test("foldHandover() remembers commands with their exit codes, however they are told", () => {
  const state = fold([
    call("shell", { command: ["bash", "-lc", "make test"] }, "a"),
    call("shell", { command: ["ls", "-l"] }, "b"),
    output("Exit code: 2\nWall time: 1.0 seconds\nOutput:\nExit code: 9", "b"),
    output('{"output":"x","metadata":{"exit_code":0}}', "a"),
    call("exec_command", { cmd: "npm start" }, "c"),
    output("Wall time: 1\nProcess exited with code 143\nOutput:\n", "c"),
    call("shell_command", { command: "sleep 100" }, "d"),
    output("aborted by user after 2.0s", "d"),
  ]);
  assert.deepEqual(state.commands, [
    { command: "ls -l", exitCode: 2 },
    { command: "make test", exitCode: 0 },
    { command: "npm start", exitCode: 143 },
    { command: "sleep 100", exitCode: null },
  ]);
  assert.deepEqual(state.open, {});
});

Deno.test("foldHandover() reads an exit code in a later part of the output for what it is: output", () => {
  const state = fold([
    call("shell", { command: ["cat", "log"] }),
    output(`aborted\n${"x".repeat(3_000)}\nExit code: 1\n`),
  ]);
  assert.equal(state.commands[0]?.exitCode, null);
});

Deno.test("foldHandover() remembers changed files against the state at the start", () => {
  const patch = (text: string, id: string): WireItem[] => [
    { type: "custom_tool_call", name: "apply_patch", call_id: id, input: "p" },
    {
      type: "custom_tool_call_output",
      call_id: id,
      output:
        `Exit code: 0\nOutput:\nSuccess. Updated the following files:\n${text}`,
    },
  ];
  const state = fold([
    ...patch("A new.ts\nM old.ts\nD gone.ts\nA brief.ts\n", "1"),
    ...patch("M new.ts\nD old.ts\nA gone.ts\nD brief.ts", "2"),
  ]);
  assert.deepEqual(state.files, [
    { path: "new.ts", kind: "A" },
    { path: "old.ts", kind: "D" },
    { path: "gone.ts", kind: "M" },
  ]);
});

Deno.test("foldHandover() knows a patch typed as a command, and no other success", () => {
  const success =
    "Exit code: 0\nOutput:\nSuccess. Updated the following files:\nM a.ts\n";
  const typed = ["bash", "-lc", "apply_patch <<'EOF'\n*** Begin Patch\nEOF"];
  const state = fold([
    call("shell", { command: typed }, "a"),
    output(success, "a"),
    call("shell", { command: ["cat", "log"] }, "b"),
    output(success.replace("a.ts", "b.ts"), "b"),
    call("apply_patch", { input: "p" }, "c"),
    output("apply_patch verification failed: no", "c"),
  ]);
  assert.deepEqual(state.files, [{ path: "a.ts", kind: "M" }]);
  assert.deepEqual(state.commands, [{ command: "cat log", exitCode: 0 }]);
});

Deno.test("foldHandover() remembers folders whose AGENTS.md was told on the way", () => {
  const state = fold([
    user("go"),
    user(renderDocMessage("/r/a", "A")),
    user(renderDocMessage("/r/b", "B")),
    user(renderDocMessage("/r/a", "A")),
  ]);
  assert.deepEqual(state.docs, ["/r/b", "/r/a"]);
});

Deno.test("foldHandover() stays bounded over a very long life", () => {
  let state = fold([user("go")]);
  for (let at = 0; at < 2_000; at++) {
    const id = `c${at}`;
    const command = ["sh", "-c", `echo ${"long ".repeat(200)}${at}`];
    state = fold([
      call("shell", { command }, id),
      output("Exit code: 0\n", id),
      call("apply_patch", { input: "" }, id),
      output(`Success. Updated the following files:\nM file${at}.ts\n`, id),
    ], state);
  }
  assert.equal(state.commands.length, 20);
  assert.equal(state.files.length, 200);
  assert.ok(JSON.stringify(state).length < 50_000);
});

Deno.test("parseHandover() takes back what the log carried, and nothing else", () => {
  const state = fold([
    user("go"),
    call("shell", { command: ["a"] }),
    call("update_plan", { plan: [{ step: "s", status: "pending" }] }, "c2"),
  ]);
  assert.deepEqual(parseHandover(JSON.parse(JSON.stringify(state))), state);
  for (const other of [undefined, null, "x", { plan: 3 }]) {
    assert.deepEqual(parseHandover(other), NO_HANDOVER);
  }
});

Deno.test("foldHandover() takes any item whatever without throwing", () => {
  const item = fc.record({
    type: fc.constantFrom(
      "message",
      "function_call",
      "function_call_output",
      "custom_tool_call",
      "local_shell_call",
      "reasoning",
      "new",
    ),
    role: fc.constantFrom("user", "assistant"),
    name: fc.constantFrom("shell", "apply_patch", "update_plan", "other"),
    call_id: fc.constantFrom("a", "b"),
    arguments: fc.oneof(fc.json(), fc.string()),
    action: fc.jsonValue(),
    content: fc.jsonValue(),
    output: fc.oneof(fc.string(), fc.jsonValue()),
  });
  fc.assert(fc.property(fc.array(item), (items) => {
    const state = fold(items as unknown as WireItem[]);
    assert.deepEqual(parseHandover(JSON.parse(JSON.stringify(state))), state);
  }));
});
