/** Real clients of the app server against build/rondo, fetched from npm; not part of the gate. */
// deno run --no-check -A scripts/app_server_clients.ts
import assert from "node:assert/strict";
import type { JsonObject } from "../core/util/json/json.ts";
import { readLines } from "../core/util/json/jsonl.ts";
import { stage } from "../tests/e2e/support.ts";
import { call, say } from "../tests/support/mock_model.ts";
import { agentCommand, agentEnv } from "../tests/support/run_agent.ts";

const ACP = "@agentclientprotocol/codex-acp@2.6.0";
const AI_SDK = "ai-sdk-provider-codex-cli";
const BRIDGE_NAME = "@zakstam/codex-local-component";
const BRIDGE = `${BRIDGE_NAME}@0.19.1`;

/** A command that nothing but a yes lets run. */
const ASKING = {
  laws: false,
  script: [
    [call("shell", {
      command: ["touch", "made"],
      sandbox_permissions: "require_escalated",
      justification: "it has to be there",
    })],
    [say("made it")],
  ],
  config: { top: 'sandbox_mode = "read-only"\napproval_policy = "on-request"' },
} as const;

/** One answer through each of its two modes. */
const AI_SDK_PROGRAM = `
import { createCodexAppServer, createCodexExec } from "${AI_SDK}";
const [codexPath] = process.argv.slice(2);
const prompt = [{ role: "user", content: [{ type: "text", text: "hi" }] }];
const provider = createCodexAppServer({ defaultSettings: { codexPath } });
const first = await provider("gpt-5.2-codex").doGenerate({ prompt });
await provider.close?.();
const exec = createCodexExec({
  defaultSettings: { codexPath, skipGitRepoCheck: true },
});
const second = await exec("gpt-5.2-codex").doGenerate({ prompt });
console.log(JSON.stringify([first.content[0].text, second.content[0].text]));
process.exit(0);
`;

/** A session with an approval; it holds each message against a schema of its own. */
const BRIDGE_PROGRAM = `
import * as client from "${BRIDGE_NAME}/host";
const [codexBin] = process.argv.slice(2);
const seen = { text: "", errors: [] };
const take = ({ id, method, params, result }) => {
  switch (method ?? id) {
    case 1:
      bridge.send(client.buildInitializedNotification());
      return bridge.send(client.buildThreadStartRequest(2, {}));
    case 2: {
      const what = { threadId: result.thread.id, text: "make it" };
      return bridge.send(client.buildTurnStartTextRequest(3, what));
    }
    case "item/agentMessage/delta":
      seen.text += params.delta;
      return;
    case "turn/completed":
      console.log(JSON.stringify({ ...seen, status: params.turn.status }));
      return bridge.stop();
  }
  if (method !== "item/commandExecution/requestApproval") return;
  bridge.send(client.buildCommandExecutionApprovalResponse(id, "accept"));
};
const bridge = new client.CodexLocalBridge({ codexBin, cwd: process.cwd() }, {
  onEvent: ({ payloadJson }) => take(JSON.parse(payloadJson)),
  onGlobalMessage: take,
  onProtocolError: ({ line, error }) => seen.errors.push([line, error.message]),
});
bridge.start();
bridge.send(client.buildInitializeRequest(1, {
  name: "test",
  title: null,
  version: "1",
}));
`;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "rondo-clients-" });
  try {
    const words = ["install", "--no-audit", "--no-fund", "--omit=optional"];
    await run(folder, "npm", [
      ...words,
      "--prefix",
      folder,
      ACP,
      AI_SDK,
      BRIDGE,
    ]);
    await playAcp(folder);
    console.log(`ok  ${ACP}: a session with an approval`);
    await playAiSdk(folder);
    console.log(`ok  ${AI_SDK}: app-server and exec`);
    await playBridge(folder);
    console.log(`ok  ${BRIDGE}: a session with an approval`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function playBridge(folder: string): Promise<void> {
  await using s = await stage(ASKING);
  await Deno.writeTextFile(`${folder}/bridge.mjs`, BRIDGE_PROGRAM);
  const words = [`${folder}/bridge.mjs`, agentCommand()[0] ?? ""];
  const out = await run(s.home.work, "node", words, agentEnv(s.home));
  const said = { text: "made it", errors: [], status: "completed" };
  assert.deepEqual(JSON.parse(out), said);
  assert.ok((await Deno.stat(`${s.home.work}/made`)).isFile);
}

async function playAiSdk(folder: string): Promise<void> {
  await using s = await stage({
    laws: false,
    script: [[say("by app-server")], [say("by exec")]],
  });
  await Deno.writeTextFile(`${folder}/main.mjs`, AI_SDK_PROGRAM);
  const words = [`${folder}/main.mjs`, agentCommand()[0] ?? ""];
  const out = await run(s.home.work, "node", words, agentEnv(s.home));
  const line = out.trim().split("\n").at(-1) ?? "";
  assert.deepEqual(
    JSON.parse(line).map((text: string) => text.trim()),
    ["by app-server", "by exec"],
  );
}

// What an editor does: a session, a prompt, a question that is answered.
async function playAcp(folder: string): Promise<void> {
  await using s = await stage(ASKING);
  const child = new Deno.Command("node", {
    args: [
      `${folder}/node_modules/@agentclientprotocol/codex-acp/dist/index.js`,
    ],
    cwd: s.home.work,
    env: { ...agentEnv(s.home), CODEX_PATH: agentCommand()[0] ?? "" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const send = (message: JsonObject): Promise<void> =>
    writer.write(new TextEncoder().encode(
      `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`,
    ));
  await send({
    id: 1,
    method: "initialize",
    params: { protocolVersion: 1, clientCapabilities: {} },
  });
  const lines = readLines(child.stdout, { lineBytesMax: 64 * 1024 * 1024 });
  for await (const line of lines) {
    const { id, method, params, result } = JSON.parse(line);
    if (method === "session/request_permission") {
      const { optionId } = params.options.find((one: JsonObject) =>
        one["kind"] === "allow_once"
      );
      const outcome = { outcome: "selected", optionId };
      await send({ id, result: { outcome } });
    } else if (id === 1) {
      const params = { cwd: s.home.work, mcpServers: [] };
      await send({ id: 2, method: "session/new", params });
    } else if (id === 2) {
      const prompt = [{ type: "text", text: "make it" }];
      const params = { sessionId: result.sessionId, prompt };
      await send({ id: 3, method: "session/prompt", params });
    } else if (id === 3) {
      assert.equal(result.stopReason, "end_turn");
      break;
    }
  }
  child.kill();
  assert.ok((await Deno.stat(`${s.home.work}/made`)).isFile);
}

async function run(
  cwd: string,
  program: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    ...(env && { env, clearEnv: true }),
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}
