/** Questions in exec: every answer, no answer, and commands that misbehave. */
import assert from "node:assert/strict";
import { HeadlessApprovals } from "../../../../core/frontends/exec/approvals.ts";
import type { Decision } from "../../../../core/protocol/policy.ts";
import { manualClock, testHost } from "../support.ts";

const QUESTION = {
  threadId: "thread-1",
  seq: 3,
  at: "2026-01-02T12:00:00.000Z",
  type: "approval.requested",
  approvalId: "ask-1",
  request: {
    kind: "command",
    title: "make install",
    detail: "make install",
    cwd: "/wdir",
    reason: "It is not known to be safe",
    forbids: "",
    sessionScope: "",
    prefix: ["make", "install"],
  },
} as const;

interface Settled {
  readonly decision: Decision;
  readonly warnings: readonly string[];
}

// Asks with a shell command as the one who answers.
function askCommand(command: string): Promise<Settled> {
  return new Promise((resolve) => {
    const warnings: string[] = [];
    new HeadlessApprovals({
      host: testHost(),
      command,
      timeoutMs: 60_000,
      decide: (_, decision) => resolve({ decision, warnings }),
      warn: (message) => warnings.push(message),
    }).ask(QUESTION);
  });
}

Deno.test("HeadlessApprovals takes every answer a command can print", async () => {
  const cases: [string, Decision][] = [
    ['{"decision":"approve"}', { type: "approve" }],
    ['{"decision":"approve_for_session"}', { type: "approve_for_session" }],
    ['{"decision":"approve_prefix"}', {
      type: "approve_prefix",
      prefix: ["make", "install"],
    }],
    ['{"decision":"approve_prefix","prefix":["make"]}', {
      type: "approve_prefix",
      prefix: ["make"],
    }],
    ['{"decision":"deny","message":"use make check"}', {
      type: "deny",
      message: "use make check",
    }],
    ['{"decision":"deny"}', { type: "deny" }],
    ['{"decision":"abort"}', { type: "abort" }],
  ];
  for (const [answer, decision] of cases) {
    const settled = await askCommand(`cat >/dev/null; echo '${answer}'`);
    assert.deepEqual(settled, { decision, warnings: [] });
  }
});

Deno.test("HeadlessApprovals gives the command the whole question on stdin", async () => {
  const { decision } = await askCommand(
    `read -r line; printf '{"decision":"deny","message":%s}' "$(printf %s "$line" | sed 's/[\\"]/\\\\&/g; s/^/"/; s/$/"/')"`,
  );
  assert(decision.type === "deny");
  assert.deepEqual(JSON.parse(decision.message ?? ""), {
    type: "approval.requested",
    thread_id: "thread-1",
    approval_id: "ask-1",
    kind: "command",
    title: "make install",
    detail: "make install",
    cwd: "/wdir",
    reason: "It is not known to be safe",
    forbids: "",
    session_scope: "",
    prefix: ["make", "install"],
  });
});

Deno.test("HeadlessApprovals takes a command that fails or babbles for a no", async () => {
  const cases: [string, RegExp][] = [
    ["echo yes", /it printed "yes"/],
    ['echo \'{"decision":"maybe"}\'', /its "decision" must be one of/],
    ['echo \'{"decision":"approve"}\'; exit 3', /it ended with exit code 3/],
    ["true", /it printed ""/],
    ["yes | head -c 1000000", /it printed/],
  ];
  for (const [command, reason] of cases) {
    const { decision, warnings } = await askCommand(command);
    assert(decision.type === "deny");
    assert.match(decision.message ?? "", reason);
    assert.deepEqual(warnings, [decision.message]);
  }
});

Deno.test("HeadlessApprovals says no when the time is over, and ends the command", async () => {
  const { host, waits } = manualClock();
  const pidFile = await Deno.makeTempFile();
  const settled = Promise.withResolvers<Decision>();
  const approvals = new HeadlessApprovals({
    host,
    command: `echo $$ > ${pidFile}; sleep 600`,
    timeoutMs: 5_000,
    decide: (_, decision) => settled.resolve(decision),
    warn: () => {},
  });
  approvals.ask(QUESTION);
  let pid = "";
  while (!pid.endsWith("\n")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    pid = await Deno.readTextFile(pidFile);
  }
  waits[0]?.end();
  assert.deepEqual(await settled.promise, {
    type: "deny",
    message: "No answer came within 5 s",
  });
  while (host.isAlive(Number(pid))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Deno.remove(pidFile);
});

Deno.test("HeadlessApprovals settles a question once, and says so of later answers", () => {
  const decided: Decision[] = [];
  const warnings: string[] = [];
  const approvals = new HeadlessApprovals({
    host: manualClock().host,
    timeoutMs: 5_000,
    decide: (_, decision) => decided.push(decision),
    warn: (message) => warnings.push(message),
  });
  approvals.ask(QUESTION);
  approvals.answer("ask-2", { decision: "approve" });
  approvals.answer("ask-1", { decision: "deny", message: "no" });
  approvals.answer("ask-1", { decision: "approve" });
  approvals.ask({ ...QUESTION, approvalId: "ask-3" });
  approvals.forget("ask-3");
  approvals.answer("ask-3", { decision: "approve" });
  assert.deepEqual(decided, [{ type: "deny", message: "no" }]);
  assert.equal(warnings.length, 3);
});

Deno.test("HeadlessApprovals refuses a prefix when none was offered or named", () => {
  const decided: Decision[] = [];
  const approvals = new HeadlessApprovals({
    host: manualClock().host,
    timeoutMs: 5_000,
    decide: (_, decision) => decided.push(decision),
    warn: () => {},
  });
  const { prefix: _, ...request } = QUESTION.request;
  approvals.ask({ ...QUESTION, request });
  approvals.answer("ask-1", { decision: "approve_prefix" });
  assert.equal(decided[0]?.type, "deny");
});
