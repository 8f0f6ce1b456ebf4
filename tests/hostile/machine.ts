/** What lies around the program: logs somebody wrote into, variables, servers that never end. */
import assert from "node:assert/strict";
import { serveHttp } from "../support/http_server.ts";
import { call, say } from "../support/mock_model.ts";
import { openStage, runJson, runProgram, type Situation } from "./situation.ts";

const GARBAGE: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {
  "a word": "garbage\n",
  "half a line": '{"type":"item","payl',
  "no end of line": "garbage",
  "empty lines": "\n\n\n",
  "NULs": "\0".repeat(4096),
  "bytes that are no text": new Uint8Array([0xff, 0xfe, 10, 0x80, 10]),
  "a line of JSON": '{"type":"item","payload":{"type":"message"}}\n',
  "a list": "[1,2,3]\n",
  "a line of 20 MB": `${"x".repeat(20e6)}\n`,
  "a line nested deeply": `{"type":${"[".repeat(5e3)}${"]".repeat(5e3)}}\n`,
  "carriage returns": "\r\n\r\n",
  "a byte order mark": "\ufeff{}\n",
};

/** A command under full access writes into its own session, then or after the turn. */
export function spoiledSessions(): Situation[] {
  return Object.entries(GARBAGE).flatMap(([name, garbage]) =>
    ["after the turn", "while it runs"].map((when) => ({
      kind: "sessions with garbage",
      name: `${name}, ${when}`,
      isQuick: /^(half a line|NULs|a list)$/.test(name),
      run: () => trySpoiled(garbage, when === "while it runs"),
    }))
  );
}

async function trySpoiled(
  garbage: string | Uint8Array<ArrayBuffer>,
  isDuring: boolean,
): Promise<void> {
  await using stage = await openStage({ script: () => say("done") });
  const file = `${stage.home.root}/garbage`;
  await Deno.writeFile(
    file,
    typeof garbage === "string" ? new TextEncoder().encode(garbage) : garbage,
  );
  const script =
    `find ${stage.home.codexHome}/sessions -name '*.jsonl' -exec sh -c 'cat ${file} >> "$1"' sh {} ';'`;
  if (isDuring) {
    stage.model.add(call("shell", { command: ["sh", "-c", script] }));
  }
  const first = await runJson(stage, [], { codes: [0] });
  if (!isDuring) {
    await new Deno.Command("sh", { args: ["-c", script] }).output();
  }
  const id = String(first.events[0]?.["thread_id"]);
  const verify = await runProgram(stage, ["sessions", "verify", id]);
  assert.match(`${verify.stdout}${verify.stderr}`, /\S/);
  const requests = stage.model.requests.length;
  await runProgram(stage, [
    "exec",
    "resume",
    "--json",
    "--skip-git-repo-check",
    id,
    "more",
  ], { codes: [0] });
  // What was said before is still said.
  const last = stage.model.requests.at(-1);
  assert.ok(stage.model.requests.length > requests);
  assert.match(last?.text ?? "", /"done"/);
  await runProgram(stage, ["sessions", "list"], { codes: [0] });
}

const VARIABLES: Readonly<Record<string, string>> = {
  NODE_OPTIONS: "--require /dev/null/x.js --max-old-space-size=1",
  NODE_DEBUG: "*",
  NODE_PATH: "/dev/null/x",
  NODE_EXTRA_CA_CERTS: "/dev/null/x.pem",
  NODE_CHANNEL_FD: "1",
  NODE_V8_COVERAGE: "/dev/null/x",
  DENO_V8_FLAGS: "--stack-size=1 --no-such-flag",
  DENO_DIR: "/dev/null",
  DENO_AUTH_TOKENS: "x",
  DENO_CERT: "/dev/null/x.pem",
  DENO_TLS_CA_STORE: "nonsense",
  DENO_NO_PROMPT: "0",
  DENO_NO_PACKAGE_JSON: "x",
  DENO_CONDITIONS: "x",
  DENO_COVERAGE_DIR: "/dev/null/x",
  DENO_INSTALL_ROOT: "/dev/null/x",
  DENO_JOBS: "0",
  DENO_REPL_HISTORY: "/dev/null/x",
  DENO_SERVE_ADDRESS: "tcp:127.0.0.1:1",
  DENO_UNSTABLE: "x",
  DENO_PERMISSION_BROKER_PATH: "/dev/null/x",
  DENO_AUTO_SERVE: "1",
  DENO_KV_PATH_PREFIX: "/dev/null/x",
  DENO_USE_CGROUPS: "1",
  DENO_TRACE_PERMISSIONS: "1",
  DENO_AUDIT_PERMISSIONS: "/dev/null/x",
  DENO_NO_UPDATE_CHECK: "x",
  DENO_WEBGPU_TRACE: "/dev/null/x",
  DENO_INTERNAL_NPM_PROCESS_STATE: "/dev/null/x",
  DENO_EXIT_ON_IPC_DISCONNECT: "1",
  DENO_UNSTABLE_OTEL: "1",
  OTEL_DENO: "true",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
  RUST_BACKTRACE: "full",
  RUST_LOG: "trace",
  V8_FLAGS: "--stack-size=1",
  FORCE_COLOR: "3",
  NO_COLOR: "",
  MALLOC_ARENA_MAX: "0",
  LANG: "xx_XX.nonsense",
  LC_ALL: "",
  TZ: "No/Where",
  COLUMNS: "0",
  TERM: "\u001b[31m",
};

/** Variables that mean something to the runtime, to no purpose of the person's. */
export function hostileVariables(): Situation[] {
  const each = Object.entries(VARIABLES).map((
    [name, value],
  ): [string, Readonly<Record<string, string>>] => [
    `${name}=${value}`,
    { [name]: value },
  ]);
  return [...each, ["all of them", VARIABLES] as const].map(([name, env]) => ({
    kind: "variables of the runtime",
    name,
    isQuick: env === VARIABLES,
    run: async (): Promise<void> => {
      await using stage = await openStage({ script: () => say("done") });
      const run = await runJson(stage, [], { env, codes: [0] });
      assert.doesNotMatch(run.stderr, /DEBUG|TRACE|INFO|thread '/);
      assert.equal(
        run.events.filter(({ type }) => type === "turn.completed").length,
        1,
      );
    },
  }));
}

const ENDLESS: Readonly<Record<string, string>> = {
  "events of no known kind": 'data: {"type":"response.news"}\n\n',
  "comments": ": still here\n\n",
  "empty events": "data: {}\n\n",
  "no JSON": "data: hello\n\n",
  "no data": "event: ping\n\n",
  "in_progress": 'data: {"type":"response.in_progress"}\n\n',
  "keepalive": 'data: {"type":"keepalive"}\n\n',
  "ids": "id: 1\nretry: 1\n\n",
};

/** Streams in which something comes for ever, and nothing happens. */
export function endlessStreams(): Situation[] {
  return Object.entries(ENDLESS).map(([name, text]) => ({
    kind: "streams that never end",
    name,
    isQuick: name === "events of no known kind" || name === "comments",
    run: () => tryEndless(text),
  }));
}

async function tryEndless(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const server = serveHttp(() => {
    let timer: ReturnType<typeof setInterval> | undefined;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller): void => {
        timer = setInterval(() => controller.enqueue(bytes), 50);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream" },
    });
  });
  await using stage = await openStage();
  const set = (value: string): string[] => [
    "-c",
    `model_providers.mock.${value}`,
  ];
  await runJson(stage, [
    ...set(`base_url="http://127.0.0.1:${server.port}/v1"`),
    ...set("stream_idle_timeout_ms=700"),
    ...set("stream_max_retries=0"),
  ], { codes: [5] });
  void server.shutdown();
}

const FLOODS: Readonly<Record<string, readonly string[]>> = {
  "short lines": ["yes"],
  "lines that begin as a message does": ["yes", '{"jsonrpc":'],
  "one line without an end": ["cat", "/dev/zero"],
};

/** MCP servers that write for ever, and no message. */
export function floodingServers(): Situation[] {
  return Object.entries(FLOODS).map(([name, [command, ...args]]) => ({
    kind: "MCP servers that flood",
    name,
    isQuick: name === "short lines",
    run: async (): Promise<void> => {
      await using stage = await openStage({ script: () => say("done") });
      const server = `{command=${JSON.stringify(command)},args=${
        JSON.stringify(args)
      },startup_timeout_sec=2}`;
      await runJson(stage, ["-c", `mcp_servers.y=${server}`], {
        codes: [0],
        says: /MCP server y/,
      });
    },
  }));
}
