/** A command that may only read tells none that may do more what to do. */
import assert from "node:assert/strict";
import type { CommandRequest } from "../../../core/protocol/command.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";
import {
  backendsHere,
  HAS_BWRAP,
  LINUX,
  openPlace,
  type Place,
  testHost,
} from "../support.ts";

const BWRAP = { ignore: !HAS_BWRAP };
const LIVE: Partial<CommandRequest> = { threadId: "one", onStart: () => {} };
const WRITE = workspaceWrite({ excludeSlashTmp: true });

/** A command that carries out what comes by a named pipe, until it is told to leave. */
async function servant(
  place: Place,
  change: Partial<CommandRequest> = {},
): Promise<{ readonly ended: Promise<unknown> }> {
  const ready = Promise.withResolvers<void>();
  const ended = place.run(
    'mkfifo pipe; exec 3<>pipe; echo ready; while read -r line <&3; do eval "$line"; done',
    { ...LIVE, policy: WRITE, onOutput: () => ready.resolve(), ...change },
  );
  await ready.promise;
  return { ended };
}

async function tell(
  place: Place,
  line: string,
  change: Partial<CommandRequest>,
): Promise<number> {
  const script = `echo '${line}' > pipe`;
  return (await place.run(script, { ...LIVE, ...change })).exitCode;
}

async function isThere(place: Place, name: string): Promise<boolean> {
  return await Deno.stat(`${place.workspace}/${name}`).then(
    () => true,
    () => false,
  );
}

const FORMS = backendsHere().filter((name) => name !== "none")
  .flatMap((backend) =>
    [true, false].map((sandboxed) => ({ backend, sandboxed }))
  );

for (const { backend, sandboxed } of FORMS) {
  Deno.test(
    `a command that may only read gives no orders to a ${
      sandboxed ? "sandboxed" : "free"
    } one that lives on (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { ended } = await servant(place, { sandboxed });
      const reader = { policy: READ_ONLY };
      assert.notEqual(await tell(place, "touch owned", reader), 0);
      // One that does not live on may not, either.
      assert.notEqual(
        (await place.run("echo 'touch owned' > pipe", {
          threadId: "one",
          ...reader,
        })).exitCode,
        0,
      );
      // Whoever may write may also do this.
      assert.equal(await tell(place, "touch done", { policy: WRITE }), 0);
      assert.equal(await tell(place, "exit", { policy: WRITE }), 0);
      await ended;
      assert.equal(await isThere(place, "done"), true);
      assert.equal(await isThere(place, "owned"), false);
    },
  );
}

Deno.test(
  "a command that may only read gives no orders to one of another thread of the program",
  BWRAP,
  async () => {
    const host = testHost();
    await using place = await openPlace({ host });
    await using other = await openPlace({ host });
    const { ended } = await servant(place);
    const { exitCode } = await other.run("echo 'touch owned' > pipe", {
      threadId: "two",
      policy: READ_ONLY,
      ...{ cwd: place.workspace, workspace: place.workspace },
    });
    assert.notEqual(exitCode, 0);
    assert.equal(await tell(place, "exit", { policy: WRITE }), 0);
    await ended;
    assert.equal(await isThere(place, "owned"), false);
  },
);

Deno.test(
  "a command that may only read, and was there before, gives no orders to one that comes later",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const ready = Promise.withResolvers<void>();
    const stop = new AbortController();
    const reader = place.run(
      "echo ready; while :; do [ ! -p pipe ] || echo 'touch owned' > pipe; sleep 0.01; done",
      {
        ...LIVE,
        policy: READ_ONLY,
        signal: stop.signal,
        onOutput: () => ready.resolve(),
      },
    );
    await ready.promise;
    const { ended } = await servant(place);
    for (let times = 0; times < 5; times++) {
      assert.equal(await tell(place, "touch done", { policy: WRITE }), 0);
    }
    assert.equal(await tell(place, "exit", { policy: WRITE }), 0);
    await ended;
    stop.abort();
    await reader;
    assert.equal(await isThere(place, "done"), true);
    assert.equal(await isThere(place, "owned"), false);
  },
);

Deno.test(
  "commands that may only read share one loopback, live or not",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const network = async (change: Partial<CommandRequest>): Promise<string> =>
      (await place.run("readlink /proc/self/ns/net", {
        threadId: "one",
        policy: READ_ONLY,
        ...change,
      })).output.head;
    const stop = new AbortController();
    const ready = Promise.withResolvers<string>();
    const live = place.run("readlink /proc/self/ns/net; sleep 60", {
      ...LIVE,
      policy: READ_ONLY,
      signal: stop.signal,
      onOutput: ready.resolve,
    });
    assert.equal(await network({}), await ready.promise);
    stop.abort();
    await live;
  },
);
