/** Tries sessions both ways with a real Codex: we read its file, it resumes ours. Not part of the gate. */
import assert from "node:assert/strict";
import { denoHost } from "../core/host/host.ts";
import { NO_USAGE, type Usage } from "../core/protocol/event.ts";
import type { LogFact, ThreadMeta } from "../core/protocol/log.ts";
import type { TurnSettings } from "../core/protocol/settings.ts";
import { BLANK_IMAGE } from "../core/session/log/blob_text.ts";
import { restoreThread } from "../core/session/log/restore.ts";
import {
  createThreadLog,
  openThreadLog,
} from "../core/session/log/log_writer.ts";
import { findSession } from "../core/session/library/find.ts";
import { imageDataUrl } from "../core/util/image.ts";
import { bigPng } from "../tests/support/big_png.ts";
import { TEST_SETTINGS } from "../tests/support/settings.ts";
import { call, mockModel, say } from "../tests/support/mock_model.ts";

const [codex] = Deno.args;
if (codex === undefined) {
  console.error("Usage: deno run -A scripts/codex_sessions.ts PATH_OF_CODEX");
  Deno.exit(2);
}

const host = denoHost();
// Outside of $TMPDIR: Codex warns of a home in there.
const root = await Deno.makeTempDir();
const home = `${root}/home`;
const work = `${root}/work`;
const temp = `${root}/tmp`;
for (const folder of [home, work, temp]) await Deno.mkdir(folder);
await using server = mockModel({
  laws: false,
  script: [
    call("exec_command", { cmd: "echo hi" }),
    say("first answer"),
    say("second answer"),
    say("third answer"),
    say("fourth answer"),
  ],
});
await Deno.writeTextFile(
  `${home}/config.toml`,
  `model_provider = "mock"
model = "gpt-5.5"
check_for_update_on_startup = false
[features]
plugins = false
[analytics]
enabled = false
[model_providers.mock]
name = "mock"
base_url = "${server.url}"
wire_api = "responses"
env_key = "MOCK_KEY"
`,
);

await runCodex("first prompt");
const theirs = await findSession(host, { codexHome: home });
const { thread } = await restoreThread(host.files, theirs);
assert.deepEqual(thread.problems, []);
const sent = server.requests.at(-1)!.text;
// The last item is the answer, which is not sent yet.
for (const json of thread.items.slice(0, -1)) assert.ok(sent.includes(json));
console.log(`ours reads theirs: ${thread.items.length} items, byte for byte`);

const { log: mixed } = await openThreadLog(host, theirs, { codexHome: home });
for (const fact of turn("said by us")) mixed.append(fact);
await mixed.close();
await runCodex("resume", thread.meta.id, "second prompt");
checkLast("theirs resumes a file of both", ["first prompt", "said by us"]);
const both = await restoreThread(host.files, theirs);
assert.deepEqual(both.thread.problems, []);

const meta: ThreadMeta = {
  id: host.newId(),
  createdAt: host.now().toISOString(),
  cwd: work,
  program: "rondo",
  version: "0",
  source: "exec",
  provider: "mock",
  instructions: "Be kind.",
};
const ours = await createThreadLog(host, { codexHome: home, meta });
for (const fact of turn("asked of us")) ours.append(fact);
await ours.close();
await runCodex("resume", meta.id, "third prompt");
checkLast("theirs resumes ours", ["asked of us", "third prompt"]);
const again = await restoreThread(host.files, ours.path);
assert.ok(again.thread.items.some((json) => json.includes("third answer")));
console.log("ours reads that back");

// A large image lies beside our log, where Codex does not look.
const image = imageDataUrl("image/png", bigPng(256 * 1024));
const pictured = await createThreadLog(host, {
  codexHome: home,
  meta: { ...meta, id: host.newId() },
});
const shown = { type: "input_image", image_url: image };
const picture = { type: "message", role: "user", content: [shown] };
for (const fact of turn("what is shown here")) pictured.append(fact);
pictured.append({ type: "item", json: JSON.stringify(picture) });
await pictured.close();
const { thread: whole } = await restoreThread(host.files, pictured.path);
assert.equal(whole.items.at(-1), JSON.stringify(picture));
await runCodex("resume", whole.meta.id, "fourth prompt");
checkLast("theirs resumes ours with a blank image for a large one", [
  "what is shown here",
  BLANK_IMAGE,
  "fourth prompt",
]);
const { thread: mixedThread } = await restoreThread(host.files, pictured.path);
assert.ok(mixedThread.items.includes(JSON.stringify(picture)));
assert.ok(mixedThread.items.some((json) => json.includes("fourth answer")));
console.log("ours has the image still");
await Deno.remove(root, { recursive: true });

async function runCodex(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(codex!, {
    args: [
      "exec",
      "--json",
      "--skip-git-repo-check",
      "-s",
      "danger-full-access",
      ...args,
    ],
    cwd: work,
    stdin: "null",
    env: { CODEX_HOME: home, MOCK_KEY: "key", TMPDIR: temp },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

function checkLast(what: string, texts: readonly string[]): void {
  const request = server.requests.at(-1)!.text;
  for (const text of texts) assert.ok(request.includes(text), text);
  console.log(what);
}

function turn(text: string): readonly LogFact[] {
  const turnId = host.newId();
  const usage: Usage = NO_USAGE;
  const settings: TurnSettings = {
    ...TEST_SETTINGS,
    model: { ...TEST_SETTINGS.model, slug: "gpt-5.5" },
    cwd: work,
  };
  const content = [{ type: "input_text", text }];
  const message = { type: "message", role: "user", content };
  return [
    { type: "turn_started", turnId, settings },
    { type: "item", json: JSON.stringify(message) },
    {
      type: "turn_ended",
      turnId,
      outcome: { type: "done", message: "" },
      usage,
    },
  ];
}
