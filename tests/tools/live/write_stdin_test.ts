import assert from "node:assert/strict";
import type {
  GateRequest,
  LiveGate,
  RunningCommand,
} from "../../../core/protocol/command.ts";
import { denoHost } from "../../../core/host/host.ts";
import type { SandboxPolicy } from "../../../core/protocol/policy.ts";
import type { ToolContext } from "../../../core/protocol/tool.ts";
import { LiveSessions } from "../../../tools/live/sessions.ts";
import { createWriteStdinTool } from "../../../tools/live/write_stdin.ts";
import {
  READ_ONLY,
  TEST_SETTINGS,
  workspaceWrite,
} from "../../support/settings.ts";

const host = denoHost();

/** Types into a session that is confined by `started`, while `now` holds. */
async function typed(
  started: SandboxPolicy | undefined,
  now: SandboxPolicy,
  isAllowed: boolean,
  workspace: string = TEST_SETTINGS.cwd,
): Promise<{
  readonly asked: Pick<GateRequest, "action" | "detail">[];
  readonly written: string;
  readonly content: unknown;
}> {
  const sessions = new LiveSessions(host);
  const terminal = { rows: 24, columns: 80 };
  const session = sessions.open({ command: "python3", cwd: "/w", terminal });
  let written = "";
  const running: RunningCommand = {
    write: (bytes) => {
      written += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    resize: () => {},
    interrupt: () => Promise.resolve(),
    wake: () => Promise.resolve(),
    unread: () => undefined,
    keepOutput: () => Promise.resolve(undefined),
  };
  const { promise: result } = Promise.withResolvers<never>();
  await session.held(() => Promise.resolve(undefined))
    .hold({
      running: Promise.resolve(running),
      result,
      policy: started,
      workspace,
    });
  const asked: Pick<GateRequest, "action" | "detail">[] = [];
  const none = () => Promise.reject(new Error("nothing is run"));
  const gate: LiveGate = {
    run: none,
    hold: none,
    admit: (request) => {
      asked.push(request);
      return Promise.resolve(
        isAllowed
          ? { type: "go" as const }
          : { type: "refused" as const, reason: "No" },
      );
    },
  };
  const tool = createWriteStdinTool({
    host,
    gate,
    sessions,
    shell: "/bin/sh",
    allowsLogin: true,
  });
  const input = JSON.stringify({
    session_id: session.start.session,
    chars: "rm x\n",
    yield_time_ms: 250,
  });
  const output = await tool.run(
    { type: "call", callId: "c", name: "write_stdin", form: "function", input },
    {
      settings: { ...TEST_SETTINGS, sandbox: now },
      signal: new AbortController().signal,
      beforeProgram: () => Promise.resolve(() => {}),
    } as unknown as ToolContext,
  );
  return { asked, written, content: output.content };
}

const CASES: readonly (readonly [
  string,
  SandboxPolicy | undefined,
  SandboxPolicy,
  boolean,
])[] = [
  ["as a command of now", workspaceWrite(), workspaceWrite(), false],
  ["under a freer policy", workspaceWrite(), READ_ONLY, true],
  ["under a stricter policy", READ_ONLY, workspaceWrite(), false],
  ["without the sandbox", undefined, workspaceWrite(), true],
  [
    "with a network that is closed now",
    workspaceWrite({ networkAccess: true }),
    workspaceWrite(),
    true,
  ],
  [
    "without the sandbox, where there is none",
    undefined,
    { mode: "danger-full-access" },
    false,
  ],
];

for (const [name, started, now, escalated] of CASES) {
  Deno.test(`What is typed into a session that was started ${name} is judged as a command line that ${escalated ? "leaves" : "keeps to"} the sandbox`, async () => {
    const { asked, written } = await typed(started, now, true);
    assert.equal(asked.length, 1);
    const action = asked[0]?.action;
    assert.ok(action?.type === "command");
    assert.equal(action.escalated, escalated);
    assert.ok(action.session !== undefined);
    assert.deepEqual(action.argv.slice(1), ["-c", "rm x\n"]);
    assert.equal(written, "rm x\n");
  });
}

Deno.test("What is typed into a session that may write to a folder the thread has left leaves the sandbox", async () => {
  const { asked } = await typed(
    workspaceWrite(),
    workspaceWrite(),
    true,
    "/other",
  );
  const action = asked[0]?.action;
  assert.ok(action?.type === "command" && action.escalated);
  // One that may only read has no right to leave behind.
  const read = await typed(READ_ONLY, READ_ONLY, true, "/other");
  const reading = read.asked[0]?.action;
  assert.ok(reading?.type === "command" && !reading.escalated);
});

Deno.test("What is refused is not typed, and the model is told why", async () => {
  const { written, content } = await typed(undefined, READ_ONLY, false);
  assert.equal(written, "");
  assert.equal(content, "No");
});
