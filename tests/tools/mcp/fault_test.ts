/** Servers that misbehave in every way: the turn goes on, memory is bounded, nothing is left. */
import assert from "node:assert/strict";
import { LIMITS } from "../../../core/protocol/limits.ts";
import type { Tool, ToolOutput } from "../../../core/protocol/tool.ts";
import type { McpScript } from "../../support/mcp_server.ts";
import {
  isRunning,
  readPids,
  scripted,
  type TestServers,
  testServers,
  until,
} from "./support.ts";
import { call, recordingContext, settings } from "../support.ts";

const FREE = settings({ sandbox: { mode: "danger-full-access" } });
const ECHO = { name: "echo" };
const MEBIBYTE = 1024 * 1024;

interface Fixture {
  readonly t: TestServers;
  readonly pids: () => number[];
}

/** Runs with one misbehaving server and one good one; afterwards no process is left. */
async function withServer(
  script: McpScript,
  work: (fixture: Fixture) => Promise<void>,
  more: Parameters<typeof scripted>[2] = {},
): Promise<void> {
  const pidFile = `${await Deno.makeTempDir()}/pids`;
  const t = testServers([
    scripted("bad", { tools: [ECHO], pidFile, ...script }, more),
    scripted("good", { tools: [ECHO], pidFile }),
  ]);
  try {
    await work({ t, pids: () => readPids(pidFile) });
  } finally {
    await t.mcpServers.close();
  }
  await until(() => readPids(pidFile).filter(isRunning).length === 0);
}

async function names({ t }: Fixture): Promise<string[]> {
  return (await t.tools()).map((tool) => tool.name);
}

async function run(tool: Tool | undefined, args: unknown): Promise<ToolOutput> {
  assert.ok(tool !== undefined);
  return await tool.run(call(args), recordingContext(FREE));
}

const STEPS = [
  "start",
  "initialize",
  "notifications/initialized",
  "tools/list",
];

for (const at of STEPS) {
  Deno.test(`A server that dies at ${at} is one warning, and the others are there`, async () => {
    await withServer({ fault: { at, kind: "exit" } }, async (fixture) => {
      assert.deepEqual(await names(fixture), ["mcp__good__echo"]);
      assert.equal(fixture.t.warnings.length, 1);
      assert.match(
        fixture.t.warnings[0] ?? "",
        /^Cannot use the MCP server bad: .*ended with code 3.*the scripted fault/,
      );
    });
  });
}

for (const at of ["initialize", "tools/list"]) {
  Deno.test(`A server that is silent at ${at} costs its time and no more`, async () => {
    await withServer(
      { fault: { at, kind: "silence" }, stderrText: "warming up" },
      async (fixture) => {
        assert.deepEqual(await names(fixture), ["mcp__good__echo"]);
        assert.equal(
          fixture.t.warnings[0],
          "Cannot use the MCP server bad: it did not answer within 0.4 s; on stderr it wrote: warming up",
        );
      },
      { startupMs: 400 },
    );
  });

  for (const kind of ["bad_json", "no_result", "error"] as const) {
    Deno.test(`A server that answers ${at} with ${kind} fails at once`, async () => {
      await withServer({ fault: { at, kind } }, async (fixture) => {
        assert.deepEqual(await names(fixture), ["mcp__good__echo"]);
        assert.equal(fixture.t.warnings.length, 1);
      });
    });
  }
}

const CALL_FAULTS = {
  exit:
    /the connection was closed; it ended with code 3; on stderr it wrote: fatal/,
  silence: /it did not answer within 0.4 s/,
  bad_json: /its answer is not JSON/,
  no_result: /its answer has neither result nor error/,
  error: /the scripted fault/,
} as const;

for (const [kind, text] of Object.entries(CALL_FAULTS)) {
  Deno.test(`A call that the server meets with ${kind} fails, and the next one works`, async () => {
    const fault = {
      at: "tools/call",
      kind: kind as keyof typeof CALL_FAULTS,
      nth: 1,
    };
    await withServer({ fault }, async ({ t }) => {
      const echo = await t.tool("mcp__bad__echo");
      const first = await run(echo, { text: "1" });
      assert.equal(first.success, false);
      assert.match(String(first.content), text);
      // A process that is begun anew counts its calls from one again.
      const isNew = kind === "exit";
      const second = await run(echo, { text: "2" });
      assert.equal(second.success, !isNew, String(second.content));
      assert.deepEqual(
        await run(await t.tool("mcp__good__echo"), { text: "3" }),
        {
          content: "3",
          success: true,
        },
      );
    }, { toolMs: 400 });
  });
}

Deno.test("A server that floods stderr with 100 MB is read, and its end is kept", async () => {
  await withServer({ stderrBytes: 100 * MEBIBYTE }, async (fixture) => {
    const before = Deno.memoryUsage().rss;
    assert.deepEqual(await names(fixture), [
      "mcp__bad__echo",
      "mcp__good__echo",
    ]);
    assert.ok(Deno.memoryUsage().rss - before < 60 * MEBIBYTE);
  });
});

Deno.test("An answer of 50 MB is not read into memory: the call fails, the server stays", async () => {
  await withServer(
    {
      fault: { at: "tools/call", kind: "huge", nth: 1, bytes: 50 * MEBIBYTE },
    },
    async ({ t, pids }) => {
      const echo = await t.tool("mcp__bad__echo");
      const before = Deno.memoryUsage().rss;
      const first = await run(echo, {});
      assert.equal(first.success, false);
      assert.match(
        String(first.content),
        new RegExp(
          `its message has 5\\d+ bytes, must have at most ${LIMITS.mcpMessageBytes}`,
        ),
      );
      assert.ok(Deno.memoryUsage().rss - before < 150 * MEBIBYTE);
      assert.equal(
        (await run(echo, { text: "still here" })).content,
        "still here",
      );
      assert.equal(pids().length, 2);
    },
  );
});

Deno.test("A large answer below the bound arrives, cut for the model", async () => {
  await withServer(
    {
      fault: { at: "tools/call", kind: "huge", nth: 1, bytes: 8 * MEBIBYTE },
    },
    async ({ t }) => {
      const output = await run(await t.tool("mcp__bad__echo"), {});
      assert.equal(output.success, true);
      assert.match(String(output.content), /^Output cut in the middle: /);
      assert.ok(String(output.content).length < 10_000);
    },
  );
});

Deno.test("A server that logs to stdout is forgiven", async () => {
  await withServer(
    { noise: "Listening…\n{not json\n42\n" },
    async (fixture) => {
      assert.deepEqual(await names(fixture), [
        "mcp__bad__echo",
        "mcp__good__echo",
      ]);
    },
  );
});

Deno.test("A server that changes its tools all the time is spoken of once a generation", async () => {
  await withServer({ changeMs: 1 }, async ({ t }) => {
    await t.tools();
    await until(() => t.warnings.length === 1);
    const echo = await t.tool("mcp__bad__echo");
    assert.equal((await run(echo, { text: "a" })).content, "a");
    await until(() => t.warnings.length === 2);
  });
});

Deno.test("A server that closes its stdout is of no use and is ended", async () => {
  const pidFile = `${await Deno.makeTempDir()}/pids`;
  await using t = testServers([{
    ...scripted("mute", {}),
    transport: {
      type: "stdio",
      command: "/bin/sh",
      args: [
        "-c",
        'echo $$ >> "$0"; read line; exec >&-; exec sleep 1000',
        pidFile,
      ],
      env: {},
      envVars: [],
    },
  }]);
  assert.deepEqual(await t.tools(), []);
  assert.match(t.warnings[0] ?? "", /the connection was closed/);
  assert.deepEqual(readPids(pidFile).filter(isRunning), []);
});

Deno.test("A program that is no server ends as a warning with what it said", async () => {
  await using t = testServers([{
    ...scripted("date", {}),
    transport: {
      type: "stdio",
      command: "/bin/sh",
      args: ["-c", "echo hello; echo usage: x >&2; exit 2"],
      env: {},
      envVars: [],
    },
  }]);
  assert.deepEqual(await t.tools(), []);
  assert.match(t.warnings[0] ?? "", /ended with code 2/);
  assert.match(t.warnings[0] ?? "", /on stderr it wrote: usage: x/);
});
