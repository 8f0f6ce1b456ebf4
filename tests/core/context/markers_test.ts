/** Short messages of ours between the turns. */
import assert from "node:assert/strict";
import {
  hookContextItem,
  type LimitKind,
  limitNoticeItem,
  turnAbortedItem,
  userShellItem,
} from "../../../core/context/markers.ts";
import { TURN_ABORTED } from "../../../prompts/mod.ts";
import { sent } from "./support.ts";

Deno.test("turnAbortedItem() is one constant message", () => {
  assert.deepEqual(sent([turnAbortedItem()]), [
    `user: <turn_aborted>\n${TURN_ABORTED}\n</turn_aborted>`,
  ]);
});

Deno.test("userShellItem() tells command, exit code, duration and output", () => {
  const item = userShellItem({
    command: "ls",
    output: "a\nb\n",
    exitCode: 2,
    durationMs: 1_250,
  });
  assert.deepEqual(sent([item]), [
    "user: <user_shell_command>\n<command>\nls\n</command>\n<result>\n" +
    "Exit code: 2\nDuration: 1.3 seconds\nOutput:\na\nb\n</result>\n</user_shell_command>",
  ]);
});

Deno.test("userShellItem() cuts the output in the middle", () => {
  const output = "a".repeat(100_000);
  const op = { command: "c", output, exitCode: 0, durationMs: 0 };
  const [text = ""] = sent([userShellItem(op, { outputTokens: 10 })]);
  assert.ok(text.includes(`\n${"a".repeat(20)}…24990 tokens truncated…`));
});

Deno.test("hookContextItem() carries a hook's text", () => {
  assert.deepEqual(sent([hookContextItem(" note\n")]), [
    "user: <hook_context>\nnote\n</hook_context>",
  ]);
});

Deno.test("limitNoticeItem() says in one sentence what is used and what is allowed", () => {
  const cases: readonly [LimitKind, number, number, string][] = [
    ["requests", 8, 10, "at most 10 requests and has used 8 requests:"],
    ["tokens", 8, 10, "at most 10 tokens and has used 8 tokens:"],
    ["tool_calls", 8, 10, "at most 10 tool calls and has used 8 tool calls:"],
    ["time", 8_400, 10_000, "at most 10 seconds and has used 8 seconds:"],
    ["cost", 0.8, 1, "at most 1.00 in costs and has used 0.80 in costs:"],
  ];
  for (const [kind, used, max, expected] of cases) {
    const [text = ""] = sent([limitNoticeItem(kind, { used, max })]);
    assert.ok(text.startsWith("developer: <limit_notice>\n"));
    assert.ok(text.includes(expected), text);
    assert.equal(text.match(/\.(\s|$)/g)?.length, 1, "one sentence");
  }
});
