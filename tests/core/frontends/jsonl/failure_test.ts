/** Errors that end exec before it has a thread: one terminal line all the same. */
import assert from "node:assert/strict";
import { failExec } from "../../../../core/frontends/exec/early_exit.ts";
import { exitCodeOfError } from "../../../../core/frontends/jsonl/outcome.ts";
import type { Flags } from "../../../../core/contract/command_line.ts";
import {
  ModelError,
  SandboxUnavailable,
  SessionError,
  UserError,
} from "../../../../core/protocol/error.ts";
import {
  assertValid,
  checkLines,
  MemoryTerminal,
  testHost,
  typesOf,
} from "../support.ts";

const ERRORS: readonly [unknown, number, string][] = [
  [new UserError("usage", "m"), 2, "usage"],
  [new UserError("config", "m"), 3, "config"],
  [new UserError("auth", "m"), 4, "auth"],
  [new UserError("sandbox", "m"), 8, "sandbox_unavailable"],
  [new UserError("session", "m"), 9, "session"],
  [new SandboxUnavailable("m"), 8, "sandbox_unavailable"],
  [new SessionError("m"), 9, "session"],
  [
    new ModelError("m", { kind: "unreachable", retryable: true }),
    5,
    "unreachable",
  ],
  [
    new ModelError("m", { kind: "http", retryable: false, status: 404 }),
    1,
    "http",
  ],
  [new TypeError("m"), 70, "bug"],
];

async function fail(
  error: unknown,
  flags: Flags,
): Promise<[number, MemoryTerminal]> {
  const terminal = new MemoryTerminal();
  return [
    await failExec(error, { terminal, flags, host: testHost() }),
    terminal,
  ];
}

Deno.test("failExec() ends a JSON run with one terminal line for each kind of error", async () => {
  for (const [error, code, kind] of ERRORS) {
    assert.equal(exitCodeOfError(error), code);
    const [found, terminal] = await fail(error, { json: true });
    assert.equal(found, code);
    const lines = checkLines(terminal.stdout.text);
    assert.deepEqual(typesOf(lines), ["error", "turn.failed"]);
    const last = lines[1];
    assert(last?.type === "turn.failed");
    assert.deepEqual([last.error.kind, last.exit_code], [kind, code]);
    assert.equal(terminal.stderr.text, "Error: m\n");
  }
});

Deno.test("failExec() gives one object, or a sentence on stderr, to those who asked for that", async () => {
  const error = new UserError("config", "Cannot read config: it is broken");
  const [, object] = await fail(error, { outputFormat: "json" });
  const result = JSON.parse(object.stdout.text);
  assertValid("result", result);
  assert.deepEqual([result.exit_code, result.thread_id, result.message], [
    3,
    null,
    null,
  ]);
  const [, text] = await fail(error, { quiet: true });
  assert.deepEqual([text.stdout.text, text.stderr.text], [
    "",
    `Error: ${error.message}\n`,
  ]);
});

Deno.test("failExec() carries what a service said about its refusal", async () => {
  const error = new ModelError("busy", {
    kind: "http",
    retryable: true,
    status: 503,
    requestId: "req_7",
  });
  const [, terminal] = await fail(error, { json: true, events: "native" });
  const last = checkLines(terminal.stdout.text).at(-1);
  assert(last?.type === "turn.failed");
  assert.deepEqual([last.error.status, last.error.request_id], [503, "req_7"]);
  assert.deepEqual([last.seq, last.turn_id], [1, null]);
});
