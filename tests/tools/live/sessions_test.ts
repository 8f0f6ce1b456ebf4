import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import type {
  CommandResult,
  RunningCommand,
} from "../../../core/protocol/command.ts";
import type { LiveSession } from "../../../tools/live/session.ts";
import { LiveSessions } from "../../../tools/live/sessions.ts";

const host = denoHost();
const START = { command: "serve", cwd: "/" };

const RUNNING: RunningCommand = {
  write: () => Promise.resolve(),
  resize: () => {},
  interrupt: () => Promise.resolve(),
  wake: () => Promise.resolve(),
  unread: () => undefined,
  keepOutput: () => Promise.resolve("/spool/1.txt"),
};

function result(exitCode: number): CommandResult {
  return {
    exitCode,
    timedOut: false,
    aborted: false,
    durationMs: 1,
    output: { head: "", tail: "", totalBytes: 0, totalLines: 0 },
    backend: "none",
    denied: false,
    reaped: 0,
    notes: [],
  };
}

/** A session that outlived its call; the function ends it. */
async function kept(
  session: LiveSession,
): Promise<{ say(text: string): void; end(code: number): Promise<void> }> {
  const ended = Promise.withResolvers<CommandResult>();
  const held = session.held(async () => {
    await session.keep();
    return undefined;
  });
  await held.hold({
    running: Promise.resolve(RUNNING),
    result: ended.promise,
    policy: undefined,
    workspace: "/w",
  });
  return {
    say: (text) => held.onBytes(new TextEncoder().encode(text)),
    end: async (code) => {
      ended.resolve(result(code));
      await session.ended;
    },
  };
}

Deno.test("open() takes 64 commands and names all of them when there are too many", () => {
  const sessions = new LiveSessions(host);
  for (let count = 1; count <= 64; count++) {
    sessions.open(START);
    assert.equal(
      sessions.warning(),
      count < 60
        ? undefined
        : `${count} of at most 64 commands are running; end those that are not needed`,
    );
  }
  assert.throws(
    () => sessions.open(START),
    /Cannot start a command: 64 are running \((\d+, ){63}\d+\), must be fewer than 64/,
  );
});

Deno.test("open() makes room by forgetting what has ended, and says so when that is asked for", async () => {
  const sessions = new LiveSessions(host);
  const first = sessions.open(START);
  const command = await kept(first);
  for (let count = 2; count <= 64; count++) sessions.open(START);
  await command.end(3);
  sessions.open(START);
  const { session } = first.start;
  assert.throws(
    () => sessions.find(session),
    new RegExp(`Cannot reach session ${session}: it ended with exit code 3`),
  );
});

Deno.test("takeEnded() tells each end once, with what nobody has read", async () => {
  const sessions = new LiveSessions(host);
  const session = sessions.open(START);
  const command = await kept(session);
  command.say("one\n");
  assert.equal(session.take().head, "one\n");
  assert.deepEqual(sessions.takeEnded(100), []);
  command.say("two\n");
  await command.end(7);
  assert.deepEqual(sessions.takeEnded(100), [
    `Session ${session.start.session} (serve) has ended with exit code 7.\nOutput since it was last read:\ntwo\n`,
  ]);
  assert.deepEqual(sessions.takeEnded(100), []);
  assert.deepEqual(sessions.list(), []);
});

Deno.test("take() gives every byte once, whatever was too much is counted", async () => {
  const sessions = new LiveSessions(host);
  const session = sessions.open(START);
  const command = await kept(session);
  const bytes = new TextEncoder().encode("€");
  command.say("a");
  session.held(() => Promise.resolve(undefined)).onBytes(bytes.slice(0, 2));
  assert.equal(session.take().head, "a");
  session.held(() => Promise.resolve(undefined)).onBytes(bytes.slice(2));
  assert.equal(session.take().head, "€");
  const piece = "x".repeat(1024 * 1024);
  for (let count = 0; count < 50; count++) command.say(piece);
  const taken = session.take();
  assert.equal(taken.totalBytes, 50 * 1024 * 1024);
  assert.equal(taken.head.length + taken.tail.length, 1024 * 1024);
  assert.equal(taken.spoolPath, "/spool/1.txt");
});

Deno.test("attach() shows the newest output at once, then all that comes", async () => {
  const sessions = new LiveSessions(host);
  const session = sessions.open(START);
  const command = await kept(session);
  command.say("before ");
  let seen = "";
  const attached = sessions.attach(session.start.session, (bytes) => {
    seen += new TextDecoder().decode(bytes);
  });
  command.say("after ");
  attached?.detach();
  command.say("later");
  assert.equal(seen, "before after ");
  assert.equal(sessions.attach(1, () => {}), undefined);
});
