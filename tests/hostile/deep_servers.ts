/** JSON nested deeply in what MCP servers, servers of the chat wire and approval programs answer. */
import { call, raw, say } from "../support/mock_model.ts";
import { openStage, runJson, type Situation, type Stage } from "./situation.ts";

const DEPTHS = [1_000, 5_000, 200_000];

/** A server that answers `tools/list` and `tools/call` with what lies in two files beside it. */
const MCP_SERVER = `#!/bin/sh
while read -r line; do
  id=$(printf %s "$line" | sed -n 's/.*"id":\\([0-9]*\\).*/\\1/p')
  case "$line" in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'"$id"',"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}' ;;
    *'"tools/list"'*) sed "s/ID/$id/" "$0.list" ;;
    *'"tools/call"'*) sed "s/ID/$id/" "$0.call" ;;
  esac
done
`;
const LIST =
  '{"jsonrpc":"2.0","id":ID,"result":{"tools":[{"name":"t","inputSchema":{"type":"object"}}]}}';
const CALL =
  '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"hi"}]}}';

interface Answers {
  readonly list?: string;
  readonly call?: string;
}

const FROM_MCP: Readonly<Record<string, (deep: string) => Answers>> = {
  "a schema": (deep) => ({
    list: LIST.replace('"object"', `"object","properties":{"a":${deep}}`),
  }),
  "the list of tools": (deep) => ({
    list: `{"jsonrpc":"2.0","id":ID,"result":{"tools":${deep}}}`,
  }),
  "annotations": (deep) => ({
    list: LIST.replace('"name"', `"annotations":${deep},"name"`),
  }),
  "a result": (deep) => ({
    call: `{"jsonrpc":"2.0","id":ID,"result":${deep}}`,
  }),
  "the content of a result": (deep) => ({
    call: `{"jsonrpc":"2.0","id":ID,"result":{"content":${deep}}}`,
  }),
  "structured content": (deep) => ({
    call: CALL.replace(
      '"content"',
      `"structuredContent":{"a":${deep}},"content"`,
    ),
  }),
  "an error": (deep) => ({
    call:
      `{"jsonrpc":"2.0","id":ID,"error":{"code":1,"message":"no","data":${deep}}}`,
  }),
  "a notification": (deep) => ({
    call:
      `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":${deep}}}\n${CALL}`,
  }),
  "a question": (deep) => ({
    call:
      `{"jsonrpc":"2.0","id":900,"method":"elicitation/create","params":{"message":"m","requestedSchema":${deep}}}\n${CALL}`,
  }),
  "a message of no kind": (deep) => ({ call: `${deep}\n${CALL}` }),
};

const FROM_CHAT: Readonly<Record<string, (deep: string) => string>> = {
  "a delta": (deep) => `{"id":"c","choices":[{"index":0,"delta":${deep}}]}`,
  "the content": (deep) =>
    `{"id":"c","choices":[{"index":0,"delta":{"content":${deep}}}]}`,
  "a call": (deep) =>
    `{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"shell","arguments":${deep}}}]}}]}`,
  "the choices": (deep) => `{"id":"c","choices":${deep}}`,
  "the usage": (deep) => `{"id":"c","choices":[],"usage":${deep}}`,
  "an error": (deep) => `{"error":${deep}}`,
  "a chunk": (deep) => deep,
};

/** All of them, at every depth. */
export function deepServers(): Situation[] {
  const doors: [string, (stage: Stage, deep: string) => Promise<void>][] = [
    ...Object.entries(FROM_MCP).map((
      [name, answers],
    ): typeof doors[number] => [
      `from an MCP server, ${name}`,
      (stage, deep) => tryMcp(stage, answers(deep)),
    ]),
    ...Object.entries(FROM_CHAT).map((
      [name, chunk],
    ): typeof doors[number] => [
      `of the chat wire, ${name}`,
      (stage, deep) => tryChat(stage, chunk(deep)),
    ]),
    ["from an approval program", tryApproval],
  ];
  return doors.flatMap(([name, run]) =>
    DEPTHS.map((depth) => ({
      kind: "depth of JSON",
      name: `${name}, ${depth} levels`,
      isQuick: depth === 5_000 && name.endsWith("server, a result"),
      run: async (): Promise<void> => {
        await using stage = await openStage({ script: () => say("done") });
        await run(stage, "[".repeat(depth) + "]".repeat(depth));
      },
    }))
  );
}

async function tryMcp(
  stage: Stage,
  { list = LIST, call: result = CALL }: Answers,
): Promise<void> {
  const path = await write(stage, "server", MCP_SERVER);
  await write(stage, "server.list", `${list}\n`);
  await write(stage, "server.call", `${result}\n`);
  stage.model.add(call("mcp__m__t", {}));
  const server = `{command=${
    JSON.stringify(path)
  },startup_timeout_sec=5,tool_timeout_sec=5}`;
  await runJson(stage, ["-c", `mcp_servers.m=${server}`], { codes: [0] });
}

async function tryChat(stage: Stage, chunk: string): Promise<void> {
  stage.model.add(raw(`data: ${chunk}\n\ndata: [DONE]\n\n`));
  await runJson(stage, [
    "-c",
    'model_providers.mock.wire_api="chat"',
    "-c",
    "model_providers.mock.stream_max_retries=0",
  ]);
}

async function tryApproval(stage: Stage, deep: string): Promise<void> {
  await write(stage, "answer", `{"decision":"approve","x":${deep}}\n`);
  const path = await write(
    stage,
    "approve",
    '#!/bin/sh\nexec cat "$(dirname "$0")/answer"\n',
  );
  stage.model.add(call("shell", { command: ["touch", "made"] }));
  await runJson(stage, [
    "--approvals",
    `exec:${path}`,
    "-c",
    'approval_policy="untrusted"',
  ], { codes: [0] });
}

async function write(
  stage: Stage,
  name: string,
  text: string,
): Promise<string> {
  const path = `${stage.home.root}/${name}`;
  await Deno.writeTextFile(path, text, { mode: 0o755 });
  return path;
}
