import assert from "node:assert/strict";
import type { CommandRequest } from "../../../core/protocol/command.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";
import { HAS_BWRAP, openPlace, type Place } from "../support.ts";

const BWRAP = { ignore: !HAS_BWRAP };
const LIVE: Partial<CommandRequest> = { threadId: "one", onStart: () => {} };
const NETWORK = "readlink /proc/self/ns/net";

/** Which network a command is in. */
async function networkOf(
  place: Place,
  change: Partial<CommandRequest>,
): Promise<string> {
  const { output, exitCode } = await place.run(NETWORK, change);
  assert.equal(exitCode, 0, output.head);
  return output.head.trim();
}

/** How many networks this process holds. */
async function countHeld(): Promise<number> {
  const names = await Array.fromAsync(Deno.readDir("/proc/self/fd"));
  const targets = await Promise.all(
    names.map(({ name }) =>
      Deno.readLink(`/proc/self/fd/${name}`).catch(() => "")
    ),
  );
  return targets.filter((target) => target.startsWith("net:")).length;
}

Deno.test(
  "commands of a thread are in one network, each of its rights",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const first = await networkOf(place, LIVE);
    assert.equal(await networkOf(place, LIVE), first);
    // One that does not live on comes to those that do.
    assert.equal(await networkOf(place, { threadId: "one" }), first);
    const others = [
      { ...LIVE, threadId: "two" },
      { ...LIVE, workspace: place.base },
      { ...LIVE, policy: READ_ONLY },
      { ...LIVE, policy: workspaceWrite({ gitCommits: true }) },
      { ...LIVE, policy: workspaceWrite({ denyRead: [`${place.base}/no`] }) },
      {},
    ];
    const seen = [first];
    for (const other of others) {
      const network = await networkOf(place, other);
      assert.ok(!seen.includes(network), JSON.stringify(other));
      seen.push(network);
    }
    const mixed = { ...workspaceWrite() };
    const reversed = Object.fromEntries(Object.entries(mixed).reverse());
    const policy = reversed as typeof mixed;
    assert.equal(await networkOf(place, { ...LIVE, policy }), first);
    const open = workspaceWrite({ networkAccess: true });
    assert.equal(
      await networkOf(place, { ...LIVE, policy: open }),
      await Deno.readLink("/proc/self/ns/net"),
    );
  },
);

Deno.test(
  "a thread whose commands do not live on makes no network",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const before = await countHeld();
    for (let n = 0; n < 3; n++) await networkOf(place, { threadId: "one" });
    assert.equal(await countHeld(), before);
  },
);

Deno.test(
  "of networks that nobody is in only some are held",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const before = await countHeld();
    const over = new AbortController();
    const started = Promise.withResolvers<string>();
    const server = place.run(`${NETWORK}; exec sleep 1000`, {
      ...LIVE,
      signal: over.signal,
      onOutput: started.resolve,
    });
    const lived = (await started.promise).trim();
    for (let n = 0; n < LIMITS.sharedNetworks + 2; n++) {
      await networkOf(place, { ...LIVE, threadId: `other ${n}` });
    }
    assert.equal(await countHeld() - before, LIMITS.sharedNetworks);
    assert.equal(await networkOf(place, LIVE), lived);
    over.abort();
    await server;
  },
);
