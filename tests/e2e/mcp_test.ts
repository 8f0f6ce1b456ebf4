/** MCP through the built program: tools in a turn, commands, logins, endings. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { Authority } from "../support/mcp_authority.ts";
import { type McpScript, mcpServerArgs } from "../support/mcp_server.ts";
import { call, say, type Step } from "../support/mock_model.ts";
import type { AgentRun } from "../support/run_agent.ts";
import {
  assertNoneLeft,
  errorOf,
  eventsOf,
  itemsOf,
  newMarker,
  type Stage,
  stage,
} from "./support.ts";

/** The table of a scripted server; extra lines go into it. */
function serverTable(name: string, script: McpScript, more = ""): string {
  return [
    `[mcp_servers.${name}]`,
    `command = ${JSON.stringify(Deno.execPath())}`,
    `args = ${JSON.stringify(mcpServerArgs(script))}`,
    'env_vars = ["DENO_DIR"]',
    more,
    "",
  ].join("\n");
}

const READ_ONLY = { annotations: { readOnlyHint: true } };

async function mcpStage(
  script: readonly Step[],
  ...tables: readonly string[]
): Promise<Stage> {
  return await stage({ script, config: { bottom: tables.join("\n") } });
}

function toolNames(run: Stage, request = 0): string[] {
  const { tools } = run.model.request(request).body as {
    tools: readonly { name?: string; type: string }[];
  };
  return tools.map((tool) => tool.name ?? tool.type);
}

function warnings(run: AgentRun): string[] {
  return eventsOf(run, "warning").map((one) => String(one["message"]));
}

Deno.test("exec offers the tools of servers after its own, calls them, and ends them", async () => {
  const marker = newMarker();
  await using s = await mcpStage(
    [[call("mcp__tiny__echo", { text: "yo" })], [say("done")]],
    serverTable("tiny", {
      tools: [{ name: "echo", ...READ_ONLY }, { name: "boom" }],
      stderrText: marker,
      child: "session",
    }),
    serverTable("dead", { fault: { at: "initialize", kind: "exit" } }),
  );
  const run = await s.json("go");
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(toolNames(s).slice(-2), [
    "mcp__tiny__boom",
    "mcp__tiny__echo",
  ]);
  assert.deepEqual(toolNames(s, 1), toolNames(s));
  assert.deepEqual(itemsOf(run, "mcp_tool_call"), [{
    id: "item_0",
    type: "mcp_tool_call",
    server: "tiny",
    tool: "echo",
    arguments: { text: "yo" },
    result: {
      content: [{ type: "text", text: "yo" }],
      structured_content: null,
    },
    error: null,
    status: "completed",
  }]);
  assert.deepEqual(warnings(run), [
    "Cannot use the MCP server dead: the connection was closed; it ended with code 3; " +
    "on stderr it wrote: fatal: the scripted fault",
  ]);
  await assertNoneLeft(marker);
});

Deno.test("exec refuses what may change something where nobody can be asked, unless it is approved", async () => {
  const tools = [{ name: "echo" }];
  const script = [[call("mcp__s__echo", { text: "x" })], [say("done")]];
  await using careful = await mcpStage(script, serverTable("s", { tools }));
  const refused = await careful.json("go", { sandbox: "read-only" });
  const [item] = itemsOf(refused, "mcp_tool_call");
  assert.equal(item?.["status"], "failed", refused.stdout + refused.stderr);
  assert.match(
    String((item?.["error"] as JsonObject)["message"]),
    /nobody can approve it here; the user can allow it with the server's approval mode/,
  );
  await using open = await mcpStage(
    script,
    serverTable("s", { tools }, 'default_tools_approval_mode = "approve"'),
  );
  const allowed = await open.json("go", { sandbox: "read-only" });
  const [done] = itemsOf(allowed, "mcp_tool_call");
  assert.equal(done?.["status"], "completed", allowed.stdout);
});

Deno.test("exec fails the turn when a required server is not there", async () => {
  await using s = await mcpStage(
    [[say("never")]],
    serverTable(
      "must",
      { fault: { at: "initialize", kind: "exit" } },
      "required = true",
    ),
  );
  const run = await s.json("go");
  assert.equal(run.code, 1);
  assert.match(
    String(errorOf(run)["message"]),
    /MCP server must: .*; it is required$/,
  );
  assert.equal(s.model.requests.length, 0);
});

Deno.test("exec that is interrupted in a call does not wait for it and leaves no server", async () => {
  const marker = newMarker();
  await using s = await mcpStage(
    [[call("mcp__s__wait", { ms: 3_600_000 })]],
    serverTable("s", {
      tools: [{ name: "wait", ...READ_ONLY }],
      isStubborn: true,
      stderrText: marker,
    }),
  );
  await using agent = s.start("go");
  await agent.untilEvent("item.started");
  agent.kill("SIGINT");
  const run = await agent.finished;
  assert.equal(run.code, 130);
  await assertNoneLeft(marker);
});

Deno.test("exec declines what servers ask of a person, and says so once each", async () => {
  const ask = {
    message: "Who are you?",
    requestedSchema: {
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
    },
  };
  const sample = {
    messages: [{ role: "user", content: { type: "text", text: "Hi" } }],
    maxTokens: 20,
    times: 2,
  };
  const tools = ["ask", "sample"].map((name) => ({ name, ...READ_ONLY }));
  await using s = await mcpStage(
    [
      [call("mcp__s__ask", ask), call("mcp__s__sample", sample)],
      [say("done")],
    ],
    serverTable("s", { tools }),
  );
  const run = await s.json("go");
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(warnings(run).toSorted(), [
    'The MCP server s asked: "Who are you?"; nobody can answer here',
    "The MCP server s wanted to ask the model; nobody can approve that here",
  ]);
  const outputs = ["call_1", "call_2"].map((id) =>
    JSON.parse(String(s.model.request(1).outputOf(id)))
  );
  const refused = {
    error: {
      code: -1,
      message: "User rejected sampling request: nobody can be asked",
    },
  };
  assert.deepEqual(outputs, [{ action: "decline" }, [refused, refused]]);
  assert.equal(s.model.requests.length, 2);
});

Deno.test("exec keeps long answers of servers for the model to read, but nothing of an ephemeral run", async () => {
  const tools = [{ name: "long", ...READ_ONLY }];
  const step = call("mcp__s__long", { lines: 20_000 });
  for (const isEphemeral of [false, true]) {
    await using s = await mcpStage(
      [[step], [say("done")]],
      serverTable("s", { tools }),
    );
    const before = await listAll(s.home.temp);
    const args = isEphemeral ? ["--ephemeral"] : [];
    const run = await s.json("go", { args });
    assert.equal(run.code, 0, run.stderr);
    const output = String(s.model.request(1).outputOf("call_1"));
    const spooled = await listAll(`${s.home.codexHome}/spool`);
    if (isEphemeral) {
      assert.match(output, /the full output was not kept/);
      assert.deepEqual(spooled, []);
      assert.deepEqual(await listAll(s.home.temp), before);
    } else {
      assert.match(output, /the full output is in .*\/spool\/.*\.txt/);
      assert.equal(spooled.length, 1);
    }
  }
});

// Where the home lies in a temporary folder, the runtime itself is too large to approve.
const RUN_SCRIPT = `exec '${Deno.execPath()}' "$@"\n`;

Deno.test("exec takes the servers of a trusted project's file, and says why not of another", async () => {
  const file = JSON.stringify({
    mcpServers: {
      theirs: {
        command: "sh",
        args: ["${RUNNER}", ...mcpServerArgs({ tools: [{ name: "echo" }] })],
      },
    },
  });
  await using s = await stage({
    script: [[say("1")], [say("2")]],
    files: { ".mcp.json": file, "run.sh": RUN_SCRIPT },
  });
  const env = { RUNNER: "run.sh" };
  const closed = await s.json("go", { env });
  assert.match(
    warnings(closed)[0] ?? "",
    /^Ignoring .*\.mcp\.json: .* is not trusted; .*rondo trust/,
  );
  assert.ok(!toolNames(s).some((name) => name.startsWith("mcp__")));
  const approved = await s.run(["trust", "--yes"], { env });
  assert.equal(approved.code, 0, approved.stderr);
  const open = await s.json("go", { env });
  assert.deepEqual(warnings(open), []);
  assert.deepEqual(toolNames(s, 1).at(-1), "mcp__theirs__echo");
});

Deno.test("mcp add, list, get, test and remove keep the rest of config.toml as it is", async () => {
  await using s = await stage({ script: [], config: { bottom: "# the end" } });
  const path = `${s.home.codexHome}/config.toml`;
  const before = await Deno.readTextFile(path);
  const ok = async (...args: string[]): Promise<string> => {
    const run = await s.run(["mcp", ...args]);
    assert.equal(run.code, 0, run.stderr);
    return run.stdout;
  };
  assert.equal(
    await ok("list"),
    "No MCP server is configured; add one: rondo mcp add NAME -- COMMAND\n",
  );
  const script: McpScript = {
    tools: [{ name: "b" }, { name: "a" }],
    prompts: [{ name: "p" }],
  };
  await ok(
    "add",
    "tiny",
    "--env",
    "TOKEN=secret",
    "--",
    Deno.execPath(),
    ...mcpServerArgs(script),
  );
  await ok(
    "add",
    "docs",
    "--url",
    "https://x.example/mcp",
    "--bearer-token-env-var",
    "T",
  );
  const list = await ok("list");
  assert.match(
    list,
    /^docs {2}https:\/\/x\.example\/mcp {2}\(login: bearer token\)\ntiny {2}/,
  );
  const tiny = JSON.parse(await ok("get", "tiny", "--json"));
  assert.equal(tiny.transport.env.TOKEN, "*****");
  assert.ok(!(await ok("get", "tiny")).includes("secret"));
  const check = await ok("test", "tiny");
  assert.match(
    check,
    /^tiny \(scripted 1\.0\.0\) is ready: connected in \d+ ms/,
  );
  assert.match(check, /tools \(2\): a, b\n {2}prompts \(1\): p/);
  assert.match(
    await ok("add", "docs", "--url", "https://y.example"),
    /^Replaced /,
  );
  await ok("remove", "docs");
  await ok("remove", "tiny");
  assert.equal((await Deno.readTextFile(path)).trimEnd(), before.trimEnd());
});

Deno.test("mcp commands say what is wrong and change nothing", async () => {
  await using s = await stage({
    script: [],
    config: {
      bottom: serverTable("tiny", { fault: { at: "start", kind: "exit" } }),
    },
  });
  const path = `${s.home.codexHome}/config.toml`;
  const before = await Deno.readTextFile(path);
  const cases = [
    [["get", "tinny"], 2, /did you mean tiny\?/],
    [["remove", "nope"], 2, /there is none in/],
    [["add", "a b", "--", "x"], 2, /must be letters/],
    [["add", "x"], 2, /either a command after -- or --url/],
    [["add", "x", "--url", "ftp://y"], 2, /must begin with http/],
    [["add", "x", "--env", "A", "--", "y"], 2, /must be NAME=VALUE/],
    [["login", "tiny"], 2, /must be a server with a URL/],
  ] as const;
  for (const [args, code, text] of cases) {
    const run = await s.run(["mcp", ...args]);
    assert.equal(run.code, code, run.stderr);
    assert.match(run.stderr, text);
  }
  const dead = await s.run(["mcp", "test", "tiny", "--json"]);
  assert.equal(dead.code, 1);
  assert.match(JSON.parse(dead.stdout).problem, /ended with code 3/);
  assert.equal(await Deno.readTextFile(path), before);
});

Deno.test("mcp login goes through a browser, and the token works until mcp logout", async () => {
  const authority = new Authority();
  await using server = authority.open();
  const port = freePort();
  const back = `http://localhost:${port}/back`;
  await using s = await stage({
    script: [[call("mcp__docs__echo", { text: "in" })], [say("1")]],
    config: {
      top:
        `mcp_oauth_callback_port = ${port}\nmcp_oauth_callback_url = "${back}"`,
      bottom: `[mcp_servers.docs]\nurl = "${server.url}"`,
    },
  });
  await using browser = await browserFolder(s);
  const env = { PATH: `${browser.path}:${Deno.env.get("PATH")}` };
  const login = await s.run(["mcp", "login", "docs"], { env });
  assert.equal(login.code, 0, login.stderr);
  assert.equal(login.stdout, "Logged in to docs\n");
  const key = await Deno.readTextFile(`${s.home.root}/browser-key`);
  assert.equal(key, "", "a key of the person's went to the browser");
  assert.match(
    login.stderr,
    /Open this page to log in:\n\n {2}http:\/\/127\.0\.0\.1:\d+\/authorize\?/,
  );
  assert(login.stderr.includes(`redirect_uri=${encodeURIComponent(back)}`));
  const run = await s.json("go");
  assert.equal(itemsOf(run, "mcp_tool_call")[0]?.["status"], "completed");
  const file = `${s.home.codexHome}/mcp_logins/docs.json`;
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  const out = await s.run(["mcp", "logout", "docs"]);
  assert.equal(out.stdout, "Logged out of docs\n");
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
});

Deno.test("mcp add logs in at once where it is told how, back to any port of the configured page", async () => {
  const authority = new Authority();
  await using server = authority.open();
  await using s = await stage({ script: [] });
  await using browser = await browserFolder(s);
  const env = { PATH: `${browser.path}:${Deno.env.get("PATH")}` };
  const add = (...flags: string[]) =>
    s.run(["mcp", "add", "docs", ...flags], { env });
  const how = "--oauth-client-registration";
  const added = await add("--url", server.url, how, "dcr");
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stdout, /^Added .*\nLogged in to docs\n$/);
  assert.equal(authority.registered.length, 1);
  for (
    const flags of [
      ["--url", server.url, how, "cimd"],
      ["--url", server.url, how, "maybe"],
      ["--url", server.url, "--oauth-client-id", "me", how, "dcr"],
      [how, "auto", "--", "prog"],
    ]
  ) {
    assert.equal((await add(...flags)).code, 2, flags.join(" "));
  }
  const path = `${s.home.codexHome}/config.toml`;
  await Deno.writeTextFile(
    path,
    `${await Deno.readTextFile(path)}
[mcp_servers.docs.oauth]
client_id = "me"
callback_url = "http://127.0.0.1/back"
`,
  );
  const scoped = ["mcp", "login", "docs", "--scopes", "a,b"];
  const login = await s.run(scoped, { env });
  assert.equal(login.code, 0, login.stderr);
  assert.match(
    login.stderr,
    /redirect_uri=http%3A%2F%2F127.0.0.1%3A\d+%2Fback/,
  );
  assert.match(login.stderr, /scope=a(\+|%20)b/);
  const other = await s.run(["mcp", "login", "docs", how, "dcr"], { env });
  assert.equal(other.code, 2, other.stderr);
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A folder with a browser that agrees to everything, where no command can write. */
async function browserFolder(
  s: Stage,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ dir: "/var/tmp" });
  const visit = "await (await fetch(Deno.args[0])).text()";
  const seen = `printenv MOCK_KEY > ${s.home.root}/browser-key`;
  for (const name of ["xdg-open", "open"]) {
    await Deno.writeTextFile(
      `${path}/${name}`,
      `#!/bin/sh\n${seen}\nexec "${Deno.execPath()}" eval --no-config '${visit}' "$1"\n`,
      { mode: 0o755 },
    );
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Paths of all files below a folder; none when it is not there. */
async function listAll(folder: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) found.push(...await listAll(path));
      else found.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}
