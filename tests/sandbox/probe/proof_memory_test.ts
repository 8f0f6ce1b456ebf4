import assert from "node:assert/strict";
import { reapChild } from "../../../core/host/system/libc.ts";
import { SandboxUnavailable } from "../../../core/protocol/error.ts";
import type { Host, SpawnRequest } from "../../../core/protocol/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { createSandbox, type SessionSandbox } from "../../../sandbox/mod.ts";
import { workspaceWrite } from "../../support/settings.ts";
import {
  eventually,
  HAS_BWRAP,
  openPlace,
  type Place,
  request,
  testHost,
} from "../support.ts";

const BWRAP = { ignore: !HAS_BWRAP };

interface Run {
  readonly sandbox: SessionSandbox;
  /** How many processes it has started. */
  readonly spawned: () => number;
  /** Lets the time pass after which it proves what it remembers. */
  readonly passTime: () => void;
}

/** One run of the program on this machine, or on one that was changed. */
function openRun(home: string, change: Partial<Host> = {}): Run {
  const host = testHost(change);
  const waiting: (() => void)[] = [];
  let spawned = 0;
  const sandbox = createSandbox({
    host: {
      ...host,
      spawn: (asked) => {
        spawned++;
        return host.spawn(asked);
      },
      sleep: (ms, signal) =>
        ms === LIMITS.proofDelayMs
          ? new Promise((done) => waiting.push(() => done()))
          : host.sleep(ms, signal),
    },
    codexHome: home,
    proofHome: home,
    reapChild,
  });
  const passTime = (): void => waiting.forEach((end) => end());
  return { sandbox, spawned: () => spawned, passTime };
}

/** A home with a proof in it. */
async function provedHome({ base, workspace }: Place): Promise<string> {
  const home = `${base}/home`;
  await Deno.mkdir(home);
  const { sandbox } = openRun(home);
  const status = await sandbox.sandboxStatus(workspaceWrite(), workspace);
  assert.equal(status.proof, "this_run");
  return home;
}

function proofFile(home: string): string {
  return `${home}/proofs/sandbox.json`;
}

async function proofOf(
  home: string,
  workspace: string,
  change: Partial<Host> = {},
): Promise<string | undefined> {
  const { sandbox } = openRun(home, change);
  return (await sandbox.sandboxStatus(workspaceWrite(), workspace)).proof;
}

Deno.test(
  "a second run says what the first one proved before it starts any process, and proves it before a command",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const { workspace } = place;
    const home = await provedHome(place);
    const { sandbox, spawned } = openRun(home);
    const early = await sandbox.sandboxStatus(workspaceWrite(), workspace);
    assert.equal(early.proof, "earlier_run");
    assert.equal(spawned(), 0);
    const result = await sandbox.run(request(workspace, ["true"]));
    assert.equal(result.exitCode, 0);
    assert.ok(spawned() > 1, "more than the command was started");
    const late = await sandbox.sandboxStatus(workspaceWrite(), workspace);
    assert.deepEqual(late, { ...early, proof: "this_run" });
  },
);

Deno.test(
  "what is remembered is proved in the background without any command",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const { workspace } = place;
    const home = await provedHome(place);
    const { sandbox, spawned, passTime } = openRun(home);
    const proof = async (): Promise<string | undefined> =>
      (await sandbox.sandboxStatus(workspaceWrite(), workspace)).proof;
    assert.equal(await proof(), "earlier_run");
    assert.equal(spawned(), 0);
    passTime();
    await eventually(
      async () => await proof() === "this_run",
      "the proof of this run",
    );
  },
);

Deno.test(
  "a proof of another boot, kernel, user, namespace, bubblewrap or program is not believed",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const { workspace } = place;
    const home = await provedHome(place);
    const { machine } = JSON.parse(await Deno.readTextFile(proofFile(home)));
    const whole = await Deno.readTextFile(proofFile(home));
    for (const name of Object.keys(machine)) {
      const changed = { ...machine, [name]: `${machine[name]}1` };
      await Deno.writeTextFile(
        proofFile(home),
        JSON.stringify({ ...JSON.parse(whole), machine: changed }),
      );
      assert.equal(await proofOf(home, workspace), "this_run", name);
    }
    assert.equal(await proofOf(home, workspace), "earlier_run");
    const other = { env: () => "/var/tmp" };
    assert.equal(await proofOf(home, workspace, other), "this_run");
    for (
      const name of [
        "/proc/sys/kernel/random/boot_id",
        "/proc/self/ns/user",
        "/proc/self/ns/mnt",
        "bwrap",
        "executable",
      ]
    ) assert.match(machine[name], /\d/, name);
    assert.match(machine.status, /CapEff.*CapBnd.*NoNewPrivs.*Seccomp/s);
  },
);

const IS_ROOT = Deno.uid() === 0;

const UNFIT: readonly {
  readonly what: string;
  readonly make: (path: string) => Promise<void>;
  readonly ignore?: boolean;
}[] = [
  { what: "open to others", make: (path) => Deno.chmod(path, 0o644) },
  {
    what: "somebody else's",
    make: (path) => Deno.chown(path, 65534, 65534),
    ignore: !IS_ROOT,
  },
  {
    what: "a link",
    make: async (path) => {
      await Deno.rename(path, `${path}.real`);
      await Deno.symlink(`${path}.real`, path);
    },
  },
  { what: "cut off", make: (path) => Deno.truncate(path, 300) },
  {
    what: "something else",
    make: (path) => Deno.writeTextFile(path, '{"machine":{},"attempts":[1]}'),
  },
];

for (const { what, make, ignore = false } of UNFIT) {
  Deno.test(
    `a proof that is ${what} is not believed, and replaced by a private file`,
    { ignore: !HAS_BWRAP || ignore },
    async () => {
      await using place = await openPlace();
      const { workspace } = place;
      const home = await provedHome(place);
      const path = proofFile(home);
      await make(path);
      assert.equal(await proofOf(home, workspace), "this_run");
      const { isFile, mode, uid } = await Deno.lstat(path);
      assert.ok(isFile);
      assert.equal((mode ?? 0) & 0o777, 0o600);
      assert.equal(uid, Deno.uid());
      assert.equal(await proofOf(home, workspace), "earlier_run");
    },
  );
}

/** A machine that fails to run some programs from now on. */
function failing(fails: (asked: SpawnRequest) => boolean): Partial<Host> {
  const { spawn } = testHost();
  return {
    spawn: (asked) => {
      if (!fails(asked)) return spawn(asked);
      const { image: _image, before: _before, ...rest } = asked;
      return spawn({ ...rest, command: "/bin/false", args: [] });
    },
  };
}

Deno.test(
  "where nothing holds any more the first command fails, and the proof is forgotten",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const { workspace } = place;
    const home = await provedHome(place);
    const { sandbox } = openRun(home, failing(() => true));
    const status = await sandbox.sandboxStatus(workspaceWrite(), workspace);
    assert.equal(status.proof, "earlier_run");
    await assert.rejects(
      sandbox.run(request(workspace, ["touch", "ran"])),
      SandboxUnavailable,
    );
    await assert.rejects(Deno.stat(`${workspace}/ran`));
    await assert.rejects(Deno.stat(proofFile(home)));
    await assert.rejects(
      sandbox.sandboxStatus(workspaceWrite(), workspace),
      SandboxUnavailable,
    );
  },
);

Deno.test(
  "where a weaker one holds no command runs until that one was said",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const { workspace } = place;
    const home = await provedHome(place);
    const { sandbox } = openRun(
      home,
      failing(({ command }) => command.endsWith("/bwrap")),
    );
    const early = await sandbox.sandboxStatus(workspaceWrite(), workspace);
    assert.equal(early.backend, "bwrap");
    for (const file of ["first", "second"]) {
      await assert.rejects(
        sandbox.run(request(workspace, ["touch", file])),
        (error) =>
          error instanceof SandboxUnavailable &&
          /sandbox is landlock, must be bwrap with one loopback/
            .test(error.message),
      );
      await assert.rejects(Deno.stat(`${workspace}/${file}`));
    }
    const late = await sandbox.sandboxStatus(workspaceWrite(), workspace);
    assert.equal(late.backend, "landlock");
    assert.equal(late.proof, "this_run");
    const result = await sandbox.run(request(workspace, ["touch", "third"]));
    assert.equal(result.exitCode, 0);
    assert.match(await Deno.readTextFile(proofFile(home)), /"abi"/);
  },
);

for (
  const [backend, folder] of [
    // In the workspace nobody but rondo keeps a command from it.
    ["bwrap", "ws/home"],
    ["landlock", "home"],
  ] as const
) {
  Deno.test(
    `no command under ${backend} reads or changes the proof`,
    BWRAP,
    async () => {
      await using place = await openPlace();
      const { base, workspace } = place;
      const home = `${base}/${folder}`;
      await Deno.rename(await provedHome(place), home);
      const before = await Deno.readTextFile(proofFile(home));
      const sandbox = createSandbox({
        host: testHost(),
        codexHome: home,
        backend,
        reapChild,
      });
      const script = `f=$1/proofs/sandbox.json; cat $f; echo x > $f; rm -f $f
      chmod 777 $f; mv $1/proofs $1/other; mv $1 elsewhere`;
      const { output } = await sandbox.run(
        request(workspace, ["sh", "-c", script, "sh", home]),
      );
      assert.doesNotMatch(`${output.head}${output.tail}`, /boot_id/);
      assert.equal(await Deno.readTextFile(proofFile(home)), before);
      // Landlock keeps nobody from chmod(2): then the next run believes nothing.
      const proof = await proofOf(home, workspace);
      assert.equal(proof, backend === "bwrap" ? "earlier_run" : "this_run");
    },
  );
}

Deno.test(
  "a home that takes no file is no error: each run proves for itself",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const { workspace } = place;
    // The kernel makes the files of this one.
    for (let run = 0; run < 2; run++) {
      assert.equal(await proofOf("/sys/kernel", workspace), "this_run");
    }
  },
);

Deno.test("full access proves nothing and keeps nothing", BWRAP, async () => {
  await using place = await openPlace();
  const { workspace, base } = place;
  const { sandbox, spawned } = openRun(base);
  const policy = { mode: "danger-full-access" } as const;
  const status = await sandbox.sandboxStatus(policy, workspace);
  assert.equal(status.proof, undefined);
  const result = await sandbox.run(request(workspace, ["true"], { policy }));
  assert.equal(result.exitCode, 0);
  assert.equal(spawned(), 1);
  await assert.rejects(Deno.stat(proofFile(base)));
});
