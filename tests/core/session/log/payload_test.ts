import assert from "node:assert/strict";
import { openThreadLog } from "../../../../core/session/log/log_writer.ts";
import { restoreThread } from "../../../../core/session/log/restore.ts";
import {
  parseMeta,
  parseSettings,
  plainPayload,
} from "../../../../core/session/log/payload.ts";
import {
  HOME,
  ID,
  item,
  LOG_PATH,
  memoryDisk,
  memoryHost,
  restoreText,
  userItem,
  writeLog,
} from "./support.ts";

// Lines as codex 0.169.0 writes them: no checksum, items with a member of its own.
const PASSTHROUGH =
  '"internal_chat_message_metadata_passthrough":{"turn_id":"t1","create_time":1.5}';
const SAID =
  '{"type":"message","role":"user","content":[{"type":"input_text","text":"fix it"}],"id":"msg_1"';
const CALLED =
  '{"type":"function_call","id":"fc_1","name":"exec_command","arguments":"{\\"cmd\\":\\"ls\\"}","call_id":"call_1"';

function codexLine(
  ordinal: number,
  type: string,
  payload: string,
  more = "",
): string {
  return `{"timestamp":"2026-11-20T10:00:0${
    ordinal % 10
  }.123Z","ordinal":${ordinal},"type":"${type}","payload":${payload}${more}}`;
}

function codexLog(): string[] {
  return [
    codexLine(
      0,
      "session_meta",
      `{"id":"${ID}","session_id":"${ID}","timestamp":"2026-11-20T10:00:00.000Z","cwd":"/srv/app","runtime_workspace_roots":["/srv/app"],"originator":"codex_exec","cli_version":"0.169.0","source":"exec","thread_source":"user","model_provider":"mock","base_instructions":{"text":"You are Codex.","provenance":{"type":"model","model":"gpt-5.5"}},"history_mode":"paginated","context_window":{"window_id":"w0"},"git":{"commit_hash":"abc","branch":"main"}}`,
    ),
    codexLine(
      1,
      "event_msg",
      '{"type":"task_started","turn_id":"t1","model_context_window":272000}',
    ),
    codexLine(
      2,
      "response_item",
      `{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions instructions>\\nx\\n</permissions instructions>"}],"id":"msg_0",${PASSTHROUGH}}`,
      ',"metadata":{"history_sequence":0,"client_authored":true}',
    ),
    codexLine(
      3,
      "turn_context",
      '{"turn_id":"t1","root_turn_id":"t1","cwd":"/srv/app","approval_policy":"never","permission_profile":{"type":"managed"},"sandbox_policy":{"type":"workspace-write","writable_roots":["/data"],"network_access":true},"model":"gpt-5.5","comp_hash":"h","summary":"auto","effort":"high"}',
    ),
    codexLine(4, "world_state", '{"full":true,"state":{"model":"gpt-5.5"}}'),
    codexLine(5, "response_item", `${SAID},${PASSTHROUGH}}`),
    codexLine(6, "response_item", `${CALLED},"status":"completed"}`),
    codexLine(
      7,
      "token_usage_record",
      '{"response_id":"r1","usage":{"input_tokens":100}}',
    ),
    codexLine(
      8,
      "event_msg",
      '{"type":"token_count","info":{"total_token_usage":{"input_tokens":100,"cached_input_tokens":60,"output_tokens":20,"reasoning_output_tokens":5,"total_tokens":120},"last_token_usage":{"input_tokens":100,"cached_input_tokens":60,"output_tokens":20,"reasoning_output_tokens":5,"total_tokens":120},"model_context_window":272000},"rate_limits":null}',
    ),
    codexLine(
      9,
      "response_item",
      '{"type":"function_call_output","call_id":"call_1","output":"Chunk ID: c75231\\nProcess exited with code 0"}',
    ),
    codexLine(
      10,
      "event_msg",
      '{"type":"item_completed","item":{"type":"AgentMessage","text":"done"}}',
    ),
    codexLine(
      11,
      "event_msg",
      '{"type":"task_complete","turn_id":"t1","last_agent_message":"done","duration_ms":5}',
    ),
  ];
}

Deno.test("restoreThread() reads what codex 0.169 wrote, its additions taken out", async () => {
  const { thread } = await restoreText(codexLog().join("\n") + "\n");
  assert.deepEqual(thread.problems, []);
  assert.deepEqual(thread.meta, {
    id: ID,
    createdAt: "2026-11-20T10:00:00.000Z",
    cwd: "/srv/app",
    program: "codex_exec",
    version: "0.169.0",
    source: "exec",
    provider: "mock",
    instructions: "You are Codex.",
  });
  assert.equal(thread.items.length, 4);
  assert.equal(thread.items[1], `${SAID}}`);
  assert.equal(thread.items[2], `${CALLED},"status":"completed"}`);
  assert.deepEqual(thread.openCalls, []);
  assert.equal(thread.unfinishedTurn, false);
  assert.equal(thread.usage.totalTokens, 120);
  assert.deepEqual(thread.settings?.sandbox, {
    mode: "workspace-write",
    writableRoots: ["/data"],
    networkAccess: true,
    excludeTmpdirEnvVar: false,
    excludeSlashTmp: false,
    gitCommits: false,
    allowUnixSockets: false,
    denyRead: [],
  });
  assert.equal(thread.settings?.model.slug, "gpt-5.5");
  assert.equal(thread.settings?.model.known, false);
  assert.equal(thread.settings?.reasoningEffort, "high");
});

Deno.test("restoreThread() tells the call that codex was killed in", async () => {
  const lines = codexLog().slice(0, 9);
  const { thread } = await restoreText(lines.join("\n") + "\n");
  assert.deepEqual(thread.openCalls, [{
    callId: "call_1",
    name: "exec_command",
    form: "function",
    started: false,
  }]);
  assert.equal(thread.unfinishedTurn, true);
});

Deno.test("restoreThread() takes the history of a codex compaction", async () => {
  const lines = [
    ...codexLog(),
    codexLine(
      12,
      "compacted",
      `{"message":"","replacement_history":[${SAID},${PASSTHROUGH}},{"type":"compaction","id":"c1","encrypted_content":"xyz"}],"replacement_history_metadata":[null,null],"window_number":1}`,
    ),
    codexLine(13, "response_item", userItem("next")),
    codexLine(
      14,
      "event_msg",
      '{"type":"thread_rolled_back","num_turns":1}',
    ),
  ];
  const { thread } = await restoreText(lines.join("\n") + "\n");
  assert.deepEqual(thread.items, [
    `${SAID}}`,
    '{"type":"compaction","id":"c1","encrypted_content":"xyz"}',
  ]);
  assert.equal(thread.generation, 2);
});

Deno.test("restoreThread() rebuilds a compaction that spells out no history", async () => {
  const lines = [
    ...codexLog(),
    codexLine(12, "compacted", '{"message":"We fixed it."}'),
  ];
  const { thread } = await restoreText(lines.join("\n") + "\n");
  assert.deepEqual(thread.items, [`${SAID}}`, userItem("We fixed it.")]);
});

Deno.test("openThreadLog() goes on with a codex file, and both parts stay readable", async () => {
  const disk = memoryDisk();
  const host = memoryHost(disk);
  disk.put(LOG_PATH, codexLog().join("\n") + "\n");
  const { log, thread } = await openThreadLog(host, LOG_PATH, {
    codexHome: HOME,
  });
  log.append(item(userItem("more")));
  await log.close();
  const again = await restoreThread(disk.files, LOG_PATH);
  assert.deepEqual(again.thread.items, [...thread.items, userItem("more")]);
  assert.equal(
    JSON.parse(disk.text(LOG_PATH).trimEnd().split("\n").at(-1)!).ordinal,
    12,
  );
  assert.deepEqual(again.thread.problems, []);
  assert.equal(again.end.protectedLines, 1);
  // And codex after us, and us after codex.
  disk.put(
    LOG_PATH,
    disk.text(LOG_PATH) + codexLine(13, "response_item", userItem("yet")) +
      "\n",
  );
  const third = await openThreadLog(host, LOG_PATH, { codexHome: HOME });
  third.log.append(item(userItem("last")));
  await third.log.close();
  const whole = await restoreThread(disk.files, LOG_PATH);
  assert.deepEqual(whole.thread.items.slice(-2), [
    userItem("yet"),
    userItem("last"),
  ]);
  assert.deepEqual(whole.thread.problems, []);
  assert.equal(whole.end.protectedLines, 2);
});

Deno.test("restoreThread() says when another program wrote into a log of ours", async () => {
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), [item(userItem("ours"))]);
  const { thread } = await restoreText(
    disk.text(path) + codexLine(2, "response_item", userItem("theirs")) + "\n",
  );
  assert.deepEqual(thread.items, [userItem("ours"), userItem("theirs")]);
  assert.deepEqual(thread.problems, [
    "1 line has no checksum: written by another program",
  ]);
});

Deno.test("plainPayload() takes out one member and leaves every other byte", () => {
  assert.equal(
    plainPayload(
      "response_item",
      `{ "a" : 1.0 , ${PASSTHROUGH}, "b":"\\u00e9" }`,
    ),
    '{ "a" : 1.0 , "b":"\\u00e9" }',
  );
  assert.equal(
    plainPayload("event_msg", `{${PASSTHROUGH}}`),
    `{${PASSTHROUGH}}`,
  );
  assert.equal(
    plainPayload("compacted", '{"replacement_history":null}'),
    '{"replacement_history":null}',
  );
});

Deno.test("parseMeta() and parseSettings() take nothing that is not theirs", () => {
  assert.equal(parseMeta({ cwd: "/x" }), undefined);
  assert.equal(parseMeta(null), undefined);
  assert.equal(parseMeta({ id: "x", forked_from_id: "y" })?.forkedFrom, "y");
  assert.equal(parseSettings({}), undefined);
  assert.equal(parseSettings({ settings: { cwd: "/x" } }), undefined);
  assert.deepEqual(
    parseSettings({ cwd: "/x", model: "m", sandbox_policy: { mode: "x" } })
      ?.sandbox,
    { mode: "read-only", networkAccess: false, denyRead: [] },
  );
});
