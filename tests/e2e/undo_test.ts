/** Turns taken back with the real program: files, conversation, conflicts. */
import assert from "node:assert/strict";
import {
  type AgentHome,
  agentHome,
  type AgentRun,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";
import { customCall, mockModel, say } from "../support/mock_model.ts";
import type { Step } from "../support/mock_script.ts";

const PATCHES = [
  "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** Add File: new/b.txt\n+fresh\n*** End Patch\n",
  "*** Begin Patch\n*** Update File: a.txt\n@@\n-two\n+three\n*** Delete File: new/b.txt\n*** End Patch\n",
];

/** A session of three turns: two that change files, and a question after them. */
async function changedHome(url: string): Promise<AgentHome> {
  const home = await agentHome({
    config: mockConfig(url),
    files: { "a.txt": "one\n" },
  });
  await exec(home, ["change it"]);
  await exec(home, ["resume", "--last", "change it again"]);
  await exec(home, ["resume", "--last", "what was that?"]);
  return home;
}

async function exec(
  home: AgentHome,
  args: readonly string[],
): Promise<AgentRun> {
  const run = await runAgent({
    home,
    args: [
      "exec",
      "--skip-git-repo-check",
      "--dangerously-bypass-approvals-and-sandbox",
      ...args,
    ],
  });
  assert.equal(run.code, 0, run.stderr);
  return run;
}

function script(): Step[] {
  return [
    customCall("apply_patch", PATCHES[0] ?? ""),
    say("Changed."),
    customCall("apply_patch", PATCHES[1] ?? ""),
    say("Changed again."),
    say("A change."),
  ];
}

async function rondo(
  home: AgentHome,
  args: readonly string[],
  cwd?: string,
): Promise<AgentRun> {
  return await runAgent({ home, args, ...(cwd !== undefined && { cwd }) });
}

async function read(
  home: AgentHome,
  path: string,
): Promise<string | undefined> {
  return await Deno.readTextFile(`${home.work}/${path}`)
    .catch(() => undefined);
}

Deno.test("undo shows what it would take back, and takes it back with --yes", async () => {
  await using model = mockModel({ script: script() });
  await using home = await changedHome(model.url);
  const shown = await rondo(home, ["undo"]);
  assert.equal(shown.code, 0);
  assert.equal(
    shown.stdout,
    [
      "Undo 1 turn:",
      `  restore  ${home.work}/a.txt`,
      `  recreate ${home.work}/new/b.txt`,
      "Removes from the conversation 2 messages and what followed:",
      "  > change it again",
      "  > what was that?",
      "Nothing was changed; pass --yes to do it",
      "",
    ].join("\n"),
  );
  assert.equal(await read(home, "a.txt"), "three\n");

  const done = await rondo(home, ["undo", "--yes"]);
  assert.equal(done.code, 0, done.stderr);
  assert.equal(await read(home, "a.txt"), "two\n");
  assert.equal(await read(home, "new/b.txt"), "fresh\n");
  const session = await rondo(home, [
    "sessions",
    "export",
    "--format",
    "markdown",
    await lastId(home),
  ]);
  assert.match(session.stdout, /change it\n/);
  assert.doesNotMatch(session.stdout, /change it again/);
});

Deno.test("undo N takes back more than one turn, and undone turns are not counted again", async () => {
  await using model = mockModel({ script: script() });
  await using home = await changedHome(model.url);
  assert.equal((await rondo(home, ["undo", "2", "--yes"])).code, 0);
  assert.equal(await read(home, "a.txt"), "one\n");
  assert.equal(await read(home, "new/b.txt"), undefined);
  const again = await rondo(home, ["undo"]);
  assert.match(
    again.stdout,
    /^Nothing to undo: no recorded turn changed files/,
  );
});

Deno.test("undo --restore code leaves the conversation, --restore chat the files", async () => {
  await using model = mockModel({ script: script() });
  await using home = await changedHome(model.url);
  const chat = await rondo(home, ["undo", "--restore", "chat", "--yes"]);
  assert.equal(chat.code, 0, chat.stderr);
  assert.equal(await read(home, "a.txt"), "three\n");
  const code = await rondo(home, ["undo", "--restore", "code", "--yes"]);
  assert.doesNotMatch(code.stdout, /conversation/);
  assert.equal(await read(home, "a.txt"), "two\n");
  const messages = await rondo(home, ["rollback", "9"]);
  assert.match(messages.stdout, /Removes .* 1 message .*\n {2}> change it\n/);
});

Deno.test("undo stops at later edits of the person unless it is forced", async () => {
  await using model = mockModel({ script: script() });
  await using home = await changedHome(model.url);
  await Deno.writeTextFile(`${home.work}/a.txt`, "mine\n");
  const refused = await rondo(home, ["undo", "--yes"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /leave .*a\.txt \(was changed after the turn\)/);
  assert.equal(await read(home, "a.txt"), "mine\n");
  assert.equal(await read(home, "new/b.txt"), undefined);
  const forced = await rondo(home, ["undo", "--yes", "--force"]);
  assert.equal(forced.code, 0, forced.stderr);
  assert.equal(await read(home, "a.txt"), "two\n");
});

Deno.test("rollback shows the messages it would take out, and takes them out with --yes", async () => {
  await using model = mockModel({ script: script() });
  await using home = await changedHome(model.url);
  const shown = await rondo(home, ["rollback", "1"]);
  assert.match(shown.stdout, /> what was that\?\nNothing was changed/);
  assert.equal((await rondo(home, ["rollback", "1", "--yes"])).code, 0);
  const next = await rondo(home, ["rollback", "1"]);
  assert.match(next.stdout, /> change it again\n/);
  assert.equal(await read(home, "a.txt"), "three\n");
});

Deno.test("rollback --restore both takes back the files of those messages, too", async () => {
  await using model = mockModel({ script: script() });
  await using home = await changedHome(model.url);
  const shown = await rondo(home, ["rollback", "2", "--restore", "both"]);
  assert.match(shown.stdout, /^Undo 1 turn:\n {2}restore .*a\.txt/);
  assert.match(shown.stdout, /2 messages .*\n {2}> change it again\n/);
  const args = ["rollback", "2", "--restore", "both", "--yes"];
  const done = await rondo(home, args);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /\nDone\n$/);
  assert.equal(await read(home, "a.txt"), "two\n");
  const next = await rondo(home, ["rollback", "1"]);
  assert.match(next.stdout, /> change it\n/);
  assert.equal(await read(home, "a.txt"), "two\n");
});

Deno.test("rollback of a question leaves the files of the turns before it", async () => {
  await using model = mockModel({ script: script() });
  await using home = await changedHome(model.url);
  const args = ["rollback", "1", "--restore", "both", "--yes"];
  const done = await rondo(home, args);
  assert.equal(done.code, 0, done.stderr);
  assert.equal(await read(home, "a.txt"), "three\n");
});

Deno.test("undo and rollback refuse numbers that are none, and folders without sessions", async () => {
  await using home = await agentHome();
  const none = await rondo(home, ["undo", "zero"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /Cannot undo zero turns/);
  const empty = await rondo(home, ["rollback", "1"]);
  assert.equal(empty.code, 9);
  assert.match(empty.stderr, /Cannot find a session/);
});

async function lastId(home: AgentHome): Promise<string> {
  const run = await rondo(home, ["sessions", "list", "--json"]);
  const { sessions } = JSON.parse(run.stdout) as {
    readonly sessions: readonly { readonly id: string }[];
  };
  return sessions[0]?.id ?? "";
}
