/** This program as an MCP server, with the SDK's own client before it and scripted threads behind. */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport";
// @ts-types="@modelcontextprotocol/sdk/types"
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import {
  type McpServerServices,
  runMcpServer,
} from "../../../../core/frontends/mcp_server/server.ts";
import {
  buildElicitation,
  decisionOf,
  type ElicitAnswer,
} from "../../../../core/frontends/mcp_server/elicitation.ts";
import type { StartArguments } from "../../../../core/frontends/mcp_server/schema.ts";
import { SessionError, UserError } from "../../../../core/protocol/error.ts";
import {
  type Event,
  type EventBody,
  NO_USAGE,
} from "../../../../core/protocol/event.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type { Op } from "../../../../core/protocol/op.ts";
import type { ApprovalRequest } from "../../../../core/protocol/policy.ts";
import type {
  Terminal,
  TerminalSignal,
} from "../../../../core/protocol/terminal.ts";
import type { Thread } from "../../../../core/protocol/thread.ts";
import { Channel, Hub } from "../../../../core/util/channel.ts";

const QUESTION: ApprovalRequest = {
  kind: "command",
  title: "rm -r build",
  detail: "rm -r build",
  cwd: "/srv",
  reason: "It removes files",
  forbids: "",
  sessionScope: "rm -r build in /srv",
  prefix: ["rm", "-r"],
};

/** A thread that answers each prompt by a script. */
class ScriptedThread implements Thread {
  readonly closed: Promise<void>;
  readonly ops: Op[] = [];
  readonly #hub = new Hub<Event>();
  readonly #end: () => void;
  readonly #answer: (prompt: string, thread: ScriptedThread) => void;
  #seq = 0;

  constructor(
    readonly id: string,
    answer: (prompt: string, thread: ScriptedThread) => void,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#end = resolve;
    this.#answer = answer;
  }

  events(): AsyncIterable<Event> {
    return this.#hub.subscribe();
  }

  emit(body: EventBody): void {
    const at = "2026-01-02T03:04:05.678Z";
    this.#hub.push({ threadId: this.id, seq: this.#seq++, at, ...body });
  }

  done(message: string): void {
    this.ends({ type: "done", message });
  }

  ends(
    outcome: Extract<EventBody, { type: "turn.completed" }>["outcome"],
  ): void {
    this.emit({
      type: "turn.completed",
      turnId: "turn-1",
      outcome,
      usage: NO_USAGE,
      threadUsage: NO_USAGE,
      reaped: 0,
    });
  }

  submit(op: Op): void {
    this.ops.push(op);
    switch (op.type) {
      case "user.input": {
        const [part] = op.parts;
        return this.#answer(part?.type === "text" ? part.text : "", this);
      }
      case "approval.decide":
        return this.done(`decided: ${op.decision.type}`);
      case "interrupt":
        return this.ends({ type: "interrupted" });
      case "shutdown":
        this.emit({ type: "thread.closed" });
        this.#hub.close();
        return this.#end();
    }
  }
}

/** The two ends of a line of pipes between the SDK's client and our terminal. */
class Pipes {
  readonly toServer = new Channel<Uint8Array>();
  readonly signals = new Map<TerminalSignal, () => void>();
  readonly client: Transport;
  readonly terminal: Terminal;

  constructor() {
    const client: Transport = {
      start: () => Promise.resolve(),
      send: (message) => {
        this.write(`${JSON.stringify(message)}\n`);
        return Promise.resolve();
      },
      close: () => {
        this.toServer.close();
        client.onclose?.();
        return Promise.resolve();
      },
    };
    this.client = client;
    const stdout = {
      isTty: false,
      columns: 80,
      pendingBytes: 0,
      isGone: false,
      write: (text: string) => {
        for (const line of text.trim().split("\n")) {
          const message = JSON.parse(line);
          this.lines.push(message);
          client.onmessage?.(message);
        }
        return true;
      },
      flush: () => Promise.resolve(true),
    };
    this.terminal = {
      stdin: {
        isTty: false,
        read: async () => (await this.toServer.next()).value ?? null,
        setRaw: () => false,
      },
      stdout,
      stderr: stdout,
      onSignal: (signal, handler) => {
        this.signals.set(signal, handler);
        return () => void this.signals.delete(signal);
      },
      env: () => undefined,
    };
  }

  readonly lines: { id?: unknown; error?: { code: number } }[] = [];

  write(text: string): void {
    this.toServer.push(new TextEncoder().encode(text));
  }
}

interface Fixture {
  readonly client: Client;
  readonly pipes: Pipes;
  readonly threads: ScriptedThread[];
  readonly started: { request: StartArguments; canAsk: boolean }[];
  readonly code: Promise<number>;
}

interface FixtureOptions {
  readonly answer: (prompt: string, thread: ScriptedThread) => void;
  readonly elicit?: (params: Record<string, unknown>) => ElicitAnswer;
  readonly services?: Partial<McpServerServices>;
}

async function withServer(
  options: FixtureOptions,
  work: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const pipes = new Pipes();
  const threads: ScriptedThread[] = [];
  const started: Fixture["started"] = [];
  const open = (id: string): Thread => {
    const thread = new ScriptedThread(id, options.answer);
    threads.push(thread);
    return thread;
  };
  const services: McpServerServices = {
    start: (request, { canAsk }) => {
      started.push({ request, canAsk });
      return Promise.resolve(open(`thread-${threads.length + 1}`));
    },
    resume: (id) => Promise.resolve(open(id)),
    ...options.services,
  };
  const code = runMcpServer({ services, terminal: pipes.terminal });
  const client = new Client({ name: "test", version: "1" }, {
    capabilities: options.elicit === undefined ? {} : { elicitation: {} },
  });
  if (options.elicit !== undefined) {
    const { elicit } = options;
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
      action: "cancel" as const,
      ...elicit(params as Record<string, unknown>) as object,
    }));
  }
  await client.connect(pipes.client);
  try {
    await work({ client, pipes, threads, started, code });
  } finally {
    await client.close();
    await code;
  }
}

type Result = {
  isError?: boolean;
  structuredContent?: { threadId: string; content: string };
};

async function call(
  client: Client,
  name: string,
  args: Record<string, unknown>,
  options: Parameters<Client["callTool"]>[2] = {},
): Promise<Result> {
  const params = { name, arguments: args };
  return await client.callTool(params, undefined, options) as Result;
}

Deno.test("The server lists both tools under both names", async () => {
  await withServer({ answer: () => {} }, async ({ client }) => {
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map((tool) => [tool.name, tool.inputSchema.required]),
      [
        ["codex", ["prompt"]],
        ["rondo", ["prompt"]],
        ["codex-reply", ["prompt"]],
        ["rondo-reply", ["prompt"]],
      ],
    );
    assert.deepEqual(Object.keys(tools[0]?.inputSchema.properties ?? {}), [
      "approval-policy",
      "base-instructions",
      "compact-prompt",
      "config",
      "cwd",
      "developer-instructions",
      "model",
      "profile",
      "prompt",
      "sandbox",
    ]);
  });
});

Deno.test("A call starts a thread with its settings and returns the last message and the id", async () => {
  await withServer({
    answer: (prompt, thread) => thread.done(`did ${prompt}`),
  }, async ({ client, started }) => {
    const request = {
      prompt: "it",
      model: "m",
      "approval-policy": "never",
      config: { a: 1 },
    };
    const result = await call(client, "codex", request);
    assert.deepEqual(result, {
      content: [{ type: "text", text: "did it" }],
      structuredContent: {
        threadId: "thread-1",
        session_id: "thread-1",
        content: "did it",
      },
    });
    assert.deepEqual(started, [{ request, canAsk: false }]);
  });
});

Deno.test("A reply goes on with the thread, by either name of its id", async () => {
  await withServer({
    answer: (prompt, thread) => thread.done(`${thread.id}: ${prompt}`),
  }, async ({ client, threads }) => {
    await call(client, "rondo", { prompt: "1" });
    const second = await call(client, "codex-reply", {
      threadId: "thread-1",
      prompt: "2",
    });
    assert.equal(second.structuredContent?.content, "thread-1: 2");
    const third = await call(client, "rondo-reply", {
      conversationId: "thread-1",
      prompt: "3",
    });
    assert.equal(third.structuredContent?.content, "thread-1: 3");
    assert.equal(threads.length, 1);
  });
});

Deno.test("A reply to a thread that is not open resumes it, once for many calls", async () => {
  await withServer({
    answer: (prompt, thread) => thread.done(prompt),
  }, async ({ client, threads }) => {
    const replies = await Promise.all(
      ["a", "b", "c"].map((prompt) =>
        call(client, "codex-reply", { threadId: "old", prompt })
      ),
    );
    assert.deepEqual(
      replies.map((one) => one.structuredContent?.content),
      ["a", "b", "c"],
    );
    assert.equal(threads.length, 1);
  });
});

Deno.test("Turns of one thread run one after the other, threads beside each other", async () => {
  const running: ScriptedThread[] = [];
  await withServer({
    answer: (_, thread) => void running.push(thread),
  }, async ({ client, threads }) => {
    const calls = [
      call(client, "codex", { prompt: "1" }),
      call(client, "codex", { prompt: "2" }),
    ];
    while (running.length < 2) await new Promise((wake) => setTimeout(wake, 1));
    const late = call(client, "codex-reply", {
      threadId: "thread-1",
      prompt: "3",
    });
    running[1]?.done("second");
    assert.equal((await calls[1])?.structuredContent?.content, "second");
    assert.equal(threads[0]?.ops.length, 1);
    running[0]?.done("first");
    assert.equal((await calls[0])?.structuredContent?.content, "first");
    while (running.length < 3) await new Promise((wake) => setTimeout(wake, 1));
    running[2]?.done("third");
    assert.equal((await late).structuredContent?.content, "third");
  });
});

Deno.test("Every event is a notification in Codex's words and in ours, and what happens is progress", async () => {
  const events: Record<string, unknown>[] = [];
  const progress: unknown[] = [];
  await withServer({
    answer: (_, thread) => {
      thread.emit({ type: "turn.started", turnId: "turn-1" });
      thread.emit({
        type: "activity.started",
        activity: {
          id: "item_0",
          type: "command",
          command: "make\ntest",
          cwd: "/srv",
          output: "",
          exitCode: null,
          status: "in_progress",
        },
      });
      thread.emit({ type: "warning", message: "careful" });
      thread.done("ok");
    },
  }, async ({ client }) => {
    client.fallbackNotificationHandler = (notification) => {
      events.push({ ...notification });
      return Promise.resolve();
    };
    await call(client, "codex", { prompt: "1" }, {
      onprogress: (one) => void progress.push(one),
    });
  });
  assert.deepEqual(
    events.map(({ method, params }) => [
      method,
      (params as { msg: { type: string } }).msg.type,
      (params as { _meta: { threadId: string } })._meta.threadId,
    ]),
    [
      ["codex/event", "task_started"],
      ["rondo/event", "turn.started"],
      ["codex/event", "exec_command_begin"],
      ["rondo/event", "activity.started"],
      ["codex/event", "warning"],
      ["rondo/event", "warning"],
      ["codex/event", "task_complete"],
      ["rondo/event", "turn.completed"],
    ].map((words) => [...words, "thread-1"]),
  );
  assert.deepEqual(progress, [
    { progress: 1, message: "$ make test" },
    { progress: 2, message: "careful" },
  ]);
});

Deno.test("A question is an elicitation, and its answer a decision", async () => {
  const asked: Record<string, unknown>[] = [];
  await withServer({
    answer: (_, thread) =>
      thread.emit({
        type: "approval.requested",
        approvalId: "approval-1",
        request: QUESTION,
      }),
    elicit: (params) => {
      asked.push(params);
      return {
        action: "accept",
        content: { decision: "approved_for_session" },
      };
    },
  }, async ({ client, started, threads }) => {
    const result = await call(client, "codex", { prompt: "1" });
    assert.equal(
      result.structuredContent?.content,
      "decided: approve_for_session",
    );
    assert.equal(started[0]?.canAsk, true);
    assert.deepEqual(threads[0]?.ops[1], {
      type: "approval.decide",
      approvalId: "approval-1",
      decision: { type: "approve_for_session" },
    });
    assert.match(
      String(asked[0]?.["message"]),
      /Run rm -r build\?/,
    );
  });
});

Deno.test("A client that cannot ask anybody gets no for an answer", async () => {
  await withServer({
    answer: (_, thread) =>
      thread.emit({
        type: "approval.requested",
        approvalId: "approval-1",
        request: QUESTION,
      }),
  }, async ({ client }) => {
    const result = await call(client, "codex", { prompt: "1" });
    assert.equal(result.structuredContent?.content, "decided: deny");
  });
});

Deno.test("A call that is taken back interrupts its turn", async () => {
  const begun = Promise.withResolvers<void>();
  await withServer({ answer: () => begun.resolve() }, async (fixture) => {
    const abort = new AbortController();
    const running = call(fixture.client, "codex", { prompt: "1" }, {
      signal: abort.signal,
    });
    await begun.promise;
    abort.abort("enough");
    await assert.rejects(running, /enough/);
    while (fixture.threads[0]?.ops.length !== 2) {
      await new Promise((wake) => setTimeout(wake, 1));
    }
    assert.deepEqual(fixture.threads[0]?.ops[1], { type: "interrupt" });
  });
});

Deno.test("A turn that fails is an answer that says so", async () => {
  await withServer({
    answer: (prompt, thread) =>
      prompt === "close"
        ? thread.emit({
          type: "thread.closed",
          failure: { kind: "bug", message: "it broke" },
        })
        : thread.ends({
          type: "failed",
          error: { kind: "limit", message: "too much" },
        }),
  }, async ({ client }) => {
    const failed = await call(client, "codex", { prompt: "1" });
    assert.equal(failed.isError, true);
    assert.equal(failed.structuredContent?.content, "too much");
    const closed = await call(client, "codex", { prompt: "close" });
    assert.equal(closed.structuredContent?.content, "it broke");
  });
});

Deno.test("What the caller can mend is an answer, a wrong call an error", async () => {
  await withServer({
    answer: () => {},
    services: {
      start: () => Promise.reject(new UserError("config", "no such profile")),
      resume: () => Promise.reject(new SessionError("no such session")),
    },
  }, async ({ client }) => {
    const start = await call(client, "codex", { prompt: "1" });
    assert.equal(start.isError, true);
    assert.equal(start.structuredContent?.content, "no such profile");
    const reply = await call(client, "codex-reply", {
      threadId: "x",
      prompt: "1",
    });
    assert.equal(reply.structuredContent?.content, "no such session");
    const nobody = await call(client, "codex-reply", { prompt: "1" });
    assert.match(
      nobody.structuredContent?.content ?? "",
      /threadId is missing/,
    );
    await assert.rejects(call(client, "codex", {}), /"prompt" does not fit/);
    await assert.rejects(
      call(client, "codex", { prompt: "1", sandbox: "none" }),
      /"sandbox" does not fit/,
    );
    await assert.rejects(
      call(client, "nope", {}),
      /no such tool, must be one of codex,/,
    );
  });
});

Deno.test("The server ends with its client, and its threads with it", async () => {
  await withServer({
    answer: (_, thread) => thread.done("ok"),
  }, async ({ client, pipes, threads, code }) => {
    await call(client, "codex", { prompt: "1" });
    pipes.toServer.close();
    assert.equal(await code, 0);
    assert.deepEqual(threads[0]?.ops.at(-1), { type: "shutdown" });
    assert.equal(pipes.signals.size, 0);
  });
});

for (const [signal, wanted] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`The server ends with ${wanted} on ${signal}`, async () => {
    await withServer({ answer: () => {} }, async ({ pipes, code }) => {
      pipes.signals.get(signal)?.();
      assert.equal(await code, wanted);
    });
  });
}

Deno.test("A line that is no JSON is answered as such, and the next one is read", async () => {
  await withServer({ answer: () => {} }, async ({ client, pipes }) => {
    pipes.write("{nonsense\n[1]\n\n");
    await client.listTools();
    const errors = pipes.lines.filter((line) => line.error?.code === -32_700);
    assert.equal(errors.length, 2);
    assert.equal(errors[0]?.id, null);
  });
});

Deno.test("A line that is too long is answered as such before the server ends", async () => {
  await withServer({ answer: () => {} }, async ({ pipes, code }) => {
    pipes.write("x".repeat(LIMITS.inputLineBytes + 1));
    assert.equal(await code, 0);
    assert.match(JSON.stringify(pipes.lines.at(-1)?.error), /longer than/);
  });
});

Deno.test("Lines without end that are no JSON end the server", async () => {
  await withServer({ answer: () => {} }, async ({ pipes, code }) => {
    pipes.write("no\n".repeat(2 * LIMITS.inputBadLines));
    assert.equal(await code, 0);
    const errors = pipes.lines.filter((line) => line.error?.code === -32_700);
    assert.equal(errors.length, LIMITS.inputBadLines + 1);
  });
});

Deno.test("decisionOf() takes a clear yes for a yes and anything else for a no", () => {
  const cases: readonly (readonly [ElicitAnswer, string])[] = [
    [{ action: "accept" }, "approve"],
    [{ action: "accept", content: {} }, "approve"],
    [{ action: "accept", content: { decision: "approved" } }, "approve"],
    [{ action: "accept", content: { decision: "abort" } }, "abort"],
    [{ action: "accept", content: { decision: "denied" } }, "deny"],
    [{ action: "accept", content: { decision: "whatever" } }, "deny"],
    [
      { action: "accept", content: { decision: "approved_prefix" } },
      "approve_prefix",
    ],
    [{ action: "decline" }, "deny"],
    [{ action: "decline", content: { decision: "approved" } }, "deny"],
    [{ action: "cancel" }, "deny"],
    [{ decision: "approved" }, "approve"],
    [{ decision: "approved_for_session" }, "approve_for_session"],
    [{}, "deny"],
  ];
  for (const [answer, wanted] of cases) {
    assert.equal(
      decisionOf(answer, QUESTION).type,
      wanted,
      JSON.stringify(answer),
    );
  }
  const { prefix: _, ...bare } = QUESTION;
  const prefixed = { decision: "approved_prefix" };
  assert.equal(decisionOf(prefixed, bare).type, "approve");
});

Deno.test("buildElicitation() says what is asked, for any client and for those of Codex", () => {
  const params = buildElicitation(QUESTION, {
    threadId: "thread-1",
    approvalId: "approval-1",
  });
  assert.equal(
    params["message"],
    "Run rm -r build?\nIt removes files\nIn /srv",
  );
  assert.equal(params["codex_elicitation"], "exec-approval");
  const patch: ApprovalRequest = {
    ...QUESTION,
    kind: "patch",
    detail: "--- a",
  };
  const other = buildElicitation(patch, { threadId: "t", approvalId: "a" });
  assert.equal(other["codex_elicitation"], "patch-approval");
  assert.match(String(other["message"]), /\n--- a\n/);
});
