import assert from "node:assert/strict";
import { isDenial, isNetworkFailure } from "../../sandbox/run/denial.ts";
import { hintFor } from "../../sandbox/probe/hints.ts";
import { describePlanLines } from "../../sandbox/describe.ts";
import { parseFilterCount } from "../../sandbox/probe/proc_status.ts";
import { planSandbox } from "../../sandbox/plan/plan.ts";
import { factsOf, rootOf } from "./plan/support.ts";
import { workspaceWrite } from "../support/settings.ts";

Deno.test("isDenial() knows the words of a missing right, then the exit code", () => {
  assert.equal(isDenial(0, "permission denied"), false);
  assert.equal(isDenial(1, "bash: x: Read-only file system"), true);
  assert.equal(isDenial(1, "mv: Operation not permitted"), true);
  assert.equal(isDenial(127, "sh: x: Permission denied"), true);
  assert.equal(isDenial(127, "not found"), false);
  assert.equal(isDenial(126, ""), false);
  assert.equal(isDenial(2, "usage"), false);
  assert.equal(isDenial(159, ""), true);
  assert.equal(isDenial(1, "assertion failed"), false);
});

Deno.test("isNetworkFailure() knows names that cannot be found", () => {
  assert.equal(
    isNetworkFailure(6, "curl: (6) Could not resolve host: x"),
    true,
  );
  assert.equal(isNetworkFailure(1, "npm error code EAI_AGAIN"), true);
  assert.equal(isNetworkFailure(0, "Could not resolve host"), false);
  assert.equal(isNetworkFailure(1, "tests failed"), false);
});

Deno.test("hintFor() names the smallest change for what bubblewrap and Landlock say", () => {
  const words: [Parameters<typeof hintFor>[0], string, RegExp][] = [
    ["bwrap", "bubblewrap is not installed", /apt-get install bubblewrap/],
    [
      "bwrap",
      "bwrap: Can't mount proc on /newroot/proc: Operation not permitted",
      /systempaths=unconfined/,
    ],
    [
      "bwrap",
      "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
      /NET_ADMIN/,
    ],
    [
      "bwrap",
      "bwrap: Failed to make / slave: Permission denied",
      /apparmor=unconfined/,
    ],
    ["bwrap", "bwrap: setting up uid map: Permission denied", /outer sandbox/],
    [
      "bwrap",
      "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
      /max_user_namespaces/,
    ],
    [
      "bwrap",
      "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.",
      /seccomp=unconfined/,
    ],
    ["landlock", "landlock_create_ruleset failed with errno 38", /5\.13/],
    ["landlock", "landlock_create_ruleset failed with errno 95", /lsm=/],
    [
      "landlock",
      "landlock_create_ruleset failed with errno 1",
      /seccomp profile/,
    ],
  ];
  for (const [kind, detail, help] of words) {
    assert.match(hintFor(kind, detail), help);
  }
  assert.equal(hintFor("bwrap", "something else"), "");
  assert.equal(hintFor("seatbelt", "namespace"), "");
});

Deno.test("parseFilterCount() reads both forms of the kernel", () => {
  assert.equal(parseFilterCount("Seccomp:\t2\nSeccomp_filters:\t3\n"), 3);
  assert.equal(parseFilterCount("Seccomp:\t2\n"), 1);
  assert.equal(parseFilterCount("Seccomp:\t0\nSeccomp_filters:\t0\n"), 0);
  assert.equal(parseFilterCount("Name:\tx\n"), 0);
});

Deno.test("describePlanLines() tells mounts, and what the launcher restores instead", () => {
  const facts = factsOf({
    roots: [rootOf("/ws")],
    skipped: ["/none is not a folder here"],
    entries: [{ path: "/ws/.codex", kind: "absent" }],
    hidden: [{ path: "/etc/secret", kind: "file" }],
  });
  const plan = planSandbox(workspaceWrite({ networkAccess: true }), facts, {
    uid: 1,
  });
  assert.deepEqual(
    describePlanLines({ kind: "seatbelt", name: "seatbelt" }, plan),
    [
      "Back end: seatbelt",
      "Readable: everything that is not hidden below",
      "Writable: /ws",
      "Hidden file: /etc/secret",
      "Cannot be created: /ws/.codex",
      "Network: open",
      "Unix sockets: open",
      "Note: /none is not a folder here",
    ],
  );
  const landlock = describePlanLines({
    kind: "landlock",
    name: "landlock",
    abi: 7,
  }, plan);
  assert.ok(
    landlock.includes(
      "Disarmed or moved aside when a command creates it: /ws/.codex",
    ),
  );
});
