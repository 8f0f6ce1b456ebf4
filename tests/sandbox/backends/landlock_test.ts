import assert from "node:assert/strict";
import {
  buildLandlockRules,
  buildPathRule,
  buildRulesetAttribute,
  type Confinement,
  planConfinement,
} from "../../../sandbox/backends/landlock.ts";
import { planSandbox } from "../../../sandbox/plan/plan.ts";
import { factsOf } from "../plan/support.ts";
import { workspaceWrite } from "../../support/settings.ts";

const CLOSED: Confinement = {
  writable: ["/ws"],
  top: [
    { path: "/dev", isFolder: true },
    { path: "/notes", isFolder: false },
    { path: "/usr", isFolder: true },
  ],
  isReadOnly: false,
  networkAccess: false,
  unixSockets: false,
  agentPid: 7,
  keepsOwnerRights: false,
};

function words(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer);
  return Array.from(
    { length: bytes.length / 8 },
    (_, i) => view.getBigUint64(i * 8, true),
  );
}

Deno.test("buildRulesetAttribute() asks for what the version knows, as landlock(7) says", () => {
  const bits = [1, 2, 3, 4, 5, 6, 7].map((abi) =>
    words(buildRulesetAttribute(CLOSED, abi))[0]?.toString(2).length
  );
  assert.deepEqual(bits, [13, 14, 15, 15, 16, 16, 16]);
});

Deno.test("buildRulesetAttribute() is as long as the version knows it", () => {
  const sizes = [1, 2, 3, 4, 5, 6, 7].map((abi) =>
    buildRulesetAttribute(CLOSED, abi).length
  );
  assert.deepEqual(sizes, [8, 8, 8, 16, 16, 24, 24]);
});

Deno.test("buildRulesetAttribute() scopes sockets and signals by the policy", () => {
  const last = (change: Partial<Confinement>) =>
    words(buildRulesetAttribute({ ...CLOSED, ...change }, 7)).slice(1);
  assert.deepEqual(last({}), [3n, 3n]);
  assert.deepEqual(last({ networkAccess: true }), [0n, 3n]);
  assert.deepEqual(last({ unixSockets: true }), [3n, 3n]);
  assert.deepEqual(last({ networkAccess: true, unixSockets: true }), [0n, 2n]);
});

Deno.test("buildLandlockRules() gives reading everywhere and writing where the policy says", () => {
  const rules = buildLandlockRules(CLOSED, 7);
  const rightsOf = (path: string) =>
    rules.find((rule) => rule.path === path)?.rights ?? 0n;
  assert.equal(rightsOf("/"), 0b1000n, "list");
  assert.equal(rightsOf("/usr"), 0b1101n, "execute, read, list");
  assert.equal(rightsOf("/notes"), 0b1101n);
  assert.equal(rightsOf("/dev"), 0n);
  assert.equal(rightsOf("/dev/tty"), 0n);
  // All but character and block devices, and device ioctls.
  assert.equal(rightsOf("/ws"), 0xffffn & ~(1n << 6n | 1n << 11n | 1n << 15n));
  assert.equal(rightsOf("/dev/shm"), rightsOf("/ws"));
  assert.equal(rightsOf("/dev/pts"), 0n);
  const closed = buildLandlockRules(
    {
      ...CLOSED,
      writable: [],
      isReadOnly: true,
    },
    7,
  );
  const WRITING = ~0b1101n & 0x3fffn & ~2n;
  for (const rule of closed) assert.equal(rule.rights & WRITING, 0n, rule.path);
});

Deno.test("buildPathRule() asks of a file only what files have", () => {
  const bytes = buildPathRule(
    { path: "/f", rights: 0xffffn, isFolder: false },
    9,
    7,
  );
  assert.equal(bytes.length, 12);
  const view = new DataView(bytes.buffer);
  assert.equal(view.getBigUint64(0, true), 0b1100_0000_0000_0111n);
  assert.equal(view.getInt32(8, true), 9);
  const old = buildPathRule(
    { path: "/d", rights: 0xffffn, isFolder: true },
    9,
    1,
  );
  assert.equal(new DataView(old.buffer).getBigUint64(0, true), 0x1fffn);
});

Deno.test("planConfinement() leaves out a temporary root that holds the agent's files", () => {
  const own = [{ path: "/tmp/x", kind: "file" as const, real: "/tmp/x" }];
  const plan = planSandbox(workspaceWrite(), factsOf({ own }), { uid: 1 });
  assert.deepEqual(planConfinement(plan, { pid: 5 }, []), {
    writable: ["/home/me/ws"],
    top: [],
    isReadOnly: false,
    networkAccess: false,
    unixSockets: false,
    agentPid: 5,
    keepsOwnerRights: false,
  });
});
