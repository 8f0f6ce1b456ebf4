/** `rondo mcp-server` with the SDK's own client: whole turns, questions, many threads, endings. */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client";
// @ts-types="@modelcontextprotocol/sdk/client/stdio"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { call, hang, say } from "../support/mock_model.ts";
import { agentCommand } from "../support/run_agent.ts";
import { mcpServerArgs } from "../support/mcp_server.ts";
import { assertNoneLeft, newMarker, type Stage, stage } from "./support.ts";

type Elicit = (params: Record<string, unknown>) => Record<string, unknown>;

interface Connection extends AsyncDisposable {
  readonly client: Client;
  call(
    name: string,
    args: Record<string, unknown>,
    options?: Parameters<Client["callTool"]>[2],
  ): Promise<{ threadId: string; content: string; isError: boolean }>;
}

async function connect(s: Stage, elicit?: Elicit): Promise<Connection> {
  const [command, ...first] = agentCommand();
  const client = new Client({ name: "test", version: "1" }, {
    capabilities: elicit === undefined ? {} : { elicitation: {} },
  });
  if (elicit !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
      action: "cancel" as const,
      ...elicit(params as Record<string, unknown>),
    }));
  }
  const denoDir = Deno.env.get("DENO_DIR") ??
    `${Deno.env.get("HOME")}/.cache/deno`;
  await client.connect(
    new StdioClientTransport({
      command,
      args: [...first, "mcp-server"],
      cwd: s.home.work,
      stderr: "inherit",
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: s.home.home,
        CODEX_HOME: s.home.codexHome,
        TMPDIR: s.home.temp,
        DENO_DIR: denoDir,
        MOCK_KEY: "mock-key",
      },
    }),
  );
  return {
    client,
    call: async (name, args, options = {}) => {
      const params = { name, arguments: args };
      const result = await client.callTool(params, undefined, options);
      const { threadId, content } = result["structuredContent"] as {
        threadId: string;
        content: string;
      };
      return { threadId, content, isError: result["isError"] === true };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

Deno.test("mcp-server runs a turn, and asks about what leaves the sandbox", async () => {
  await using s = await stage({
    script: [
      [call("shell", {
        command: ["touch", "made"],
        sandbox_permissions: "require_escalated",
        justification: "it has to be there",
      })],
      [say("made it")],
      [say("and again")],
    ],
  });
  const asked: Record<string, unknown>[] = [];
  const progress: string[] = [];
  await using server = await connect(s, (params) => {
    asked.push(params);
    return { action: "accept", content: { decision: "approved" } };
  });
  const first = await server.call("codex", {
    prompt: "make it",
    sandbox: "read-only",
    "approval-policy": "on-request",
  }, { onprogress: ({ message }) => void progress.push(message ?? "") });
  assert.deepEqual([first.content, first.isError], ["made it", false]);
  assert.equal(asked.length, 1);
  assert.match(String(asked[0]?.["message"]), /touch made/);
  assert.ok((await Deno.stat(`${s.home.work}/made`)).isFile);
  // The SDK's client loses a note that comes together with the answer.
  assert.equal(progress[0], "$ touch made");
  const second = await server.call("codex-reply", {
    threadId: first.threadId,
    prompt: "again",
  });
  assert.equal(second.content, "and again");
  assert.equal(second.threadId, first.threadId);
});

Deno.test("mcp-server tells a turn in the words of Codex", async () => {
  await using s = await stage({
    script: [
      [
        call("shell", { command: ["echo", "hi"] }),
        call("apply_patch", {
          input:
            "*** Begin Patch\n*** Add File: new.txt\n+one\n*** End Patch\n",
        }),
      ],
      [say("done")],
    ],
  });
  await using server = await connect(s);
  const told: { type: string; [key: string]: unknown }[] = [];
  server.client.fallbackNotificationHandler = ({ method, params }) => {
    if (method === "codex/event") told.push(params?.["msg"] as typeof told[0]);
    return Promise.resolve();
  };
  const result = await server.client.callTool({
    name: "codex",
    arguments: { prompt: "go", sandbox: "danger-full-access" },
  });
  const id = (result.structuredContent as { threadId: string }).threadId;
  assert.deepEqual(result.structuredContent, {
    threadId: id,
    session_id: id,
    content: "done",
  });
  const one = (type: string): typeof told[0] =>
    told.find((msg) => msg.type === type) ??
      assert.fail(`no ${type} in ${told.map((msg) => msg.type)}`);
  assert.equal(told[0]?.type, "session_configured");
  assert.equal(told[0]["session_id"], id);
  assert.deepEqual(one("exec_command_begin")["cwd"], s.home.work);
  assert.equal(one("exec_command_end")["exit_code"], 0);
  assert.equal(one("exec_command_end")["aggregated_output"], "hi\n");
  assert.deepEqual(one("patch_apply_end")["changes"], {
    [`${s.home.work}/new.txt`]: { type: "add", content: "one\n" },
  });
  assert.ok(one("token_count")["info"]);
  assert.equal(one("agent_message")["message"], "done");
  assert.equal(told.at(-1)?.type, "task_complete");
  assert.equal(told.at(-1)?.["last_agent_message"], "done");
});

Deno.test("mcp-server takes a no for a no, and tells the model", async () => {
  await using s = await stage({
    script: [
      [call("shell", {
        command: ["touch", "made"],
        sandbox_permissions: "require_escalated",
      })],
      [say("then not")],
    ],
  });
  await using server = await connect(s, () => ({ action: "decline" }));
  const result = await server.call("rondo", {
    prompt: "make it",
    "approval-policy": "on-request",
  });
  assert.equal(result.content, "then not");
  await assert.rejects(Deno.stat(`${s.home.work}/made`), Deno.errors.NotFound);
  const text = JSON.stringify(s.model.request(1).body);
  assert.match(text, /The user rejected this command/);
});

Deno.test("mcp-server gives each thread its own folder, settings and words", async () => {
  await using s = await stage({
    script: [[say("hello")]],
    files: { "sub/a.txt": "" },
  });
  await using server = await connect(s);
  await server.call("codex", {
    prompt: "hi",
    cwd: "sub",
    model: "gpt-5.2",
    config: { model_reasoning_effort: "low" },
    "base-instructions": "Be brief.",
    "developer-instructions": "Mind the gap.",
  });
  const body = s.model.request(0).body as Record<string, unknown>;
  assert.equal(body["model"], "gpt-5.2");
  assert.equal(body["instructions"], "Be brief.");
  assert.equal((body["reasoning"] as { effort: string }).effort, "low");
  const input = JSON.stringify(body["input"]);
  assert.match(input, /Mind the gap\./);
  assert.ok(input.includes(`${s.home.work}/sub`));
});

Deno.test("mcp-server runs many threads at once, and goes on with those of another run", async () => {
  await using s = await stage({
    script: (request) => {
      const text = JSON.stringify(request.body);
      return [say(/word-\d/g.exec(text)?.[0] ?? "nothing")];
    },
  });
  let threadId = "";
  {
    await using server = await connect(s);
    const results = await Promise.all(
      [1, 2, 3, 4].map((number) =>
        server.call("codex", { prompt: `word-${number}` })
      ),
    );
    assert.deepEqual(results.map((one) => one.content), [
      "word-1",
      "word-2",
      "word-3",
      "word-4",
    ]);
    assert.equal(new Set(results.map((one) => one.threadId)).size, 4);
    threadId = results[2]?.threadId ?? "";
  }
  await using later = await connect(s);
  const reply = await later.call("codex-reply", { threadId, prompt: "more" });
  assert.equal(reply.content, "word-3");
  const lost = await later.call("codex-reply", {
    threadId: "no-such",
    prompt: "x",
  });
  assert.equal(lost.isError, true);
});

Deno.test("mcp-server stops a turn when its call is taken back", async () => {
  await using s = await stage({ script: [[hang()], [say("on we go")]] });
  await using server = await connect(s);
  const abort = new AbortController();
  const interrupted = Promise.withResolvers<void>();
  let threadId = "";
  server.client.fallbackNotificationHandler = ({ params }) => {
    const msg = params?.["msg"] as { type: string; threadId: string };
    threadId = msg.threadId;
    if (msg.type === "turn.completed") interrupted.resolve();
    return Promise.resolve();
  };
  const running = server.call("codex", { prompt: "x" }, {
    signal: abort.signal,
  });
  await s.model.received(1);
  abort.abort("enough");
  await assert.rejects(running, /enough/);
  await interrupted.promise;
  const next = await server.call("codex-reply", { threadId, prompt: "y" });
  assert.equal(next.content, "on we go");
});

Deno.test("mcp-server leaves no server of its threads behind", async () => {
  const marker = newMarker();
  await using s = await stage({
    script: [[call("mcp__tiny__echo", { text: "x" })], [say("done")]],
    config: {
      bottom: [
        "[mcp_servers.tiny]",
        `command = ${JSON.stringify(Deno.execPath())}`,
        `args = ${
          JSON.stringify(
            mcpServerArgs({
              tools: [{
                name: "echo",
                annotations: { readOnlyHint: true },
              }],
              stderrText: marker,
            }),
          )
        }`,
        'env_vars = ["DENO_DIR"]',
      ].join("\n"),
    },
  });
  {
    await using server = await connect(s);
    const result = await server.call("codex", { prompt: "x" });
    assert.equal(result.content, "done");
  }
  await assertNoneLeft(marker);
});
