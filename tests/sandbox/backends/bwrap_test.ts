import assert from "node:assert/strict";
import { REPORT } from "../../../core/protocol/host.ts";
import {
  buildBwrapArguments,
  type BwrapFeatures,
  socketFamilies,
} from "../../../sandbox/backends/bwrap.ts";
import { planSandbox, type SandboxPlan } from "../../../sandbox/plan/plan.ts";
import { factsOf, rootOf } from "../plan/support.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";

const WS = "/home/me/ws";
const FULL: BwrapFeatures = {
  program: "/usr/bin/bwrap",
  userNamespace: true,
  ownProc: true,
  networkNamespace: true,
};

/** The arguments as one text, the filter as its length. */
function lineOf(
  plan: SandboxPlan,
  change: Partial<BwrapFeatures> = {},
): string {
  const args = buildBwrapArguments(plan, { ...FULL, ...change }, {
    argv: ["ls", "-l"],
    env: { A: "b c" },
    arch: "x86_64",
  });
  return args.map((argument) =>
    typeof argument === "string"
      ? argument
      : argument === REPORT
      ? "REPORT"
      : argument === args[1]
      ? "OPTIONS"
      : "FILTER"
  ).join(" ");
}

const HEAD =
  "--args OPTIONS --json-status-fd REPORT --new-session --die-with-parent --ro-bind / / --dev /dev";
const PROC = "--proc /proc --remount-ro /proc";
const TAIL = `--cap-drop ALL --chdir ${WS} --seccomp FILTER -- ls -l`;

Deno.test("buildBwrapArguments() hands the command's variables over where nobody else can read them", () => {
  const plan = planSandbox(READ_ONLY, factsOf({ roots: [] }), { uid: 0 });
  const run = {
    argv: [],
    env: { A: "b c", B: "" },
    arch: "x86_64",
  } as const;
  const [, options] = buildBwrapArguments(plan, FULL, run);
  assert.ok(options instanceof Uint8Array);
  assert.equal(
    new TextDecoder().decode(options),
    "--setenv\0A\0b c\0--setenv\0B\0\0",
  );
});

Deno.test("buildBwrapArguments() mounts nothing writable in read-only", () => {
  const plan = planSandbox(READ_ONLY, factsOf({ roots: [] }), { uid: 0 });
  assert.equal(
    lineOf(plan),
    `${HEAD} --unshare-user --unshare-pid --unshare-ipc --unshare-net ${PROC} ${TAIL}`,
  );
});

Deno.test("buildBwrapArguments() binds roots, then what is protected in them, deeper later", () => {
  const plan = planSandbox(
    workspaceWrite(),
    factsOf({
      entries: [
        { path: `${WS}/.git`, kind: "file", real: `${WS}/.git` },
        { path: `${WS}/.codex`, kind: "absent" },
      ],
      hidden: [
        { path: `${WS}/.env`, kind: "file" },
        { path: "/home/me/.ssh", kind: "folder" },
      ],
    }),
    { uid: 1000 },
  );
  assert.equal(
    lineOf(plan),
    [
      HEAD,
      "--bind /tmp /tmp",
      "--perms 000 --tmpfs /home/me/.ssh --remount-ro /home/me/.ssh",
      `--bind ${WS} ${WS}`,
      `--ro-bind /dev/null ${WS}/.env`,
      `--ro-bind ${WS}/.git ${WS}/.git`,
      "--unshare-user --unshare-pid --unshare-ipc --unshare-net",
      PROC,
      TAIL,
    ].join(" "),
  );
});

Deno.test("buildBwrapArguments() leaves the network alone when it is open", () => {
  const plan = planSandbox(
    workspaceWrite({ networkAccess: true }),
    factsOf({ roots: [rootOf(WS)] }),
    { uid: 0 },
  );
  assert.equal(
    lineOf(plan),
    `${HEAD} --bind ${WS} ${WS} --unshare-user --unshare-pid --unshare-ipc ${PROC} ${TAIL}`,
  );
});

Deno.test("buildBwrapArguments() does without what the machine does not have", () => {
  const plan = planSandbox(workspaceWrite(), factsOf({ roots: [] }), {
    uid: 0,
  });
  assert.equal(
    lineOf(plan, {
      userNamespace: false,
      ownProc: false,
      networkNamespace: false,
    }),
    `${HEAD} --unshare-pid --unshare-ipc ${TAIL}`,
  );
});

Deno.test("buildBwrapArguments() keeps root's rights over files only without a user namespace", () => {
  const plan = planSandbox(
    workspaceWrite(),
    factsOf({ roots: [rootOf(WS, "workspace", 1000)] }),
    { uid: 0 },
  );
  assert.match(
    lineOf(plan, { userNamespace: false }),
    /--cap-drop ALL --cap-add CAP_DAC_OVERRIDE --cap-add CAP_FOWNER --cap-add CAP_CHOWN --chdir/,
  );
  assert.match(lineOf(plan), /--cap-drop ALL --chdir/);
});

Deno.test("socketFamilies() opens the internet inside a private network alone", () => {
  const families = (
    networkAccess: boolean,
    unixSockets: boolean,
    own: boolean,
  ) => socketFamilies({ networkAccess, unixSockets }, own);
  assert.deepEqual(families(false, false, true), [2, 10, 16]);
  assert.deepEqual(families(false, true, true), [2, 10, 16, 1]);
  assert.deepEqual(families(false, false, false), []);
  assert.deepEqual(families(false, true, false), [1]);
  assert.deepEqual(families(true, false, false), [2, 10, 16]);
  assert.deepEqual(families(true, true, false), [2, 10, 16, 1]);
});
