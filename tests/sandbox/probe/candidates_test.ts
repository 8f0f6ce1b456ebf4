import assert from "node:assert/strict";
import type { CommandResult } from "../../../core/protocol/command.ts";
import { SandboxUnavailable, UserError } from "../../../core/protocol/error.ts";
import type { Host, SpawnRequest } from "../../../core/protocol/host.ts";
import type { SandboxStatus } from "../../../core/protocol/policy.ts";
import { createSandbox, runDiagnosis } from "../../../sandbox/mod.ts";
import { tryBackends } from "../../../sandbox/probe/candidates.ts";
import type { AgentTask } from "../agent_main.ts";
import {
  eventually,
  HAS_BWRAP,
  LINUX,
  namesIn,
  openPlace,
  processesWith,
  testHost,
} from "../support.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";

const AGENT = decodeURIComponent(
  new URL("../agent_main.ts", import.meta.url).pathname,
);
const IS_ROOT = Deno.uid() === 0;
const BWRAP = { ignore: !HAS_BWRAP };
const ROOT_BWRAP = { ignore: !HAS_BWRAP || !IS_ROOT };

interface AgentAnswer {
  readonly sandboxStatus: SandboxStatus;
  readonly result: CommandResult;
  readonly error?: string;
}

function agentCommand(
  task: AgentTask,
  prefix: readonly string[] = [],
  deno: string = Deno.execPath(),
): Deno.Command {
  const argv = [
    ...prefix,
    deno,
    "run",
    "--quiet",
    "--no-check",
    "--no-config",
    "--allow-all",
    AGENT,
    JSON.stringify(task),
  ];
  return new Deno.Command(argv[0] ?? "", {
    args: argv.slice(1),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function runAgent(
  task: AgentTask,
  prefix: readonly string[] = [],
  deno?: string,
): Promise<AgentAnswer> {
  const { stdout, stderr } = await agentCommand(task, prefix, deno).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

async function canNobodyRead(path: string): Promise<boolean> {
  const { code } = await new Deno.Command("setpriv", {
    args: [
      ..."--reuid 65534 --regid 65534 --clear-groups test -r".split(" "),
      path,
    ],
  }).output();
  return code === 0;
}

/** A host on which some paths are not there. */
function hostWithout(pattern: RegExp): Host {
  const host = testHost();
  return {
    ...host,
    files: {
      ...host.files,
      stat: async (path) =>
        pattern.test(path) ? undefined : await host.files.stat(path),
    },
  };
}

Deno.test(
  "sandboxStatus() names the strongest back end and what it holds",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const { sandbox, workspace } = place;
    const { writable, ...status } = await sandbox.sandboxStatus(
      workspaceWrite(),
      workspace,
    );
    assert.ok(writable?.includes(workspace), String(writable));
    assert.deepEqual(status, {
      mode: "workspace-write",
      backend: "bwrap",
      enforces: [
        "fs_write",
        "metadata",
        "tcp",
        "udp",
        "unix_sockets",
        "signals",
        "pids",
      ],
      note: "",
      loopback: "shared",
      proof: "this_run",
    });
    const open = workspaceWrite({
      networkAccess: true,
      allowUnixSockets: true,
    });
    assert.deepEqual((await sandbox.sandboxStatus(open, workspace)).enforces, [
      "fs_write",
      "metadata",
      "signals",
      "pids",
    ]);
    const full = await sandbox.sandboxStatus(
      { mode: "danger-full-access" },
      workspace,
    );
    assert.deepEqual(full.enforces, []);
    assert.equal(full.backend, "none");
  },
);

Deno.test(
  "sandboxStatus() falls to the launcher where bubblewrap is missing, and says why",
  LINUX,
  async () => {
    await using place = await openPlace({ host: hostWithout(/bwrap$/) });
    const sandboxStatus = await place.sandbox.sandboxStatus(
      workspaceWrite(),
      place.workspace,
    );
    assert.equal(sandboxStatus.backend, "landlock");
    assert.match(
      sandboxStatus.note,
      /bubblewrap is not installed \(install bubblewrap/,
    );
    assert.equal(sandboxStatus.enforces.includes("metadata"), false);
    const readOnly = await place.sandbox.sandboxStatus(
      READ_ONLY,
      place.workspace,
    );
    assert.ok(readOnly.enforces.includes("metadata"));
  },
);

Deno.test(
  "sandboxStatus() refuses when nothing works, and run() does not run",
  LINUX,
  async () => {
    const bare = hostWithout(/bwrap$/);
    const host: Host = {
      ...bare,
      selfCommand: () => ["/bin/false"],
      // A machine that runs no made programs.
      spawn: ({ image: _image, ...request }) => bare.spawn(request),
    };
    await using place = await openPlace({ host });
    await assert.rejects(
      place.sandbox.sandboxStatus(READ_ONLY, place.workspace),
      (error) =>
        error instanceof SandboxUnavailable &&
        /bubblewrap is not installed.*landlock: /.test(error.message),
    );
    await assert.rejects(place.run("touch ran"), SandboxUnavailable);
    await assert.rejects(Deno.stat(`${place.workspace}/ran`));
    const plain = await place.run("touch ran", {
      policy: { mode: "danger-full-access" },
    });
    assert.equal(plain.exitCode, 0);
  },
);

Deno.test(
  "sandboxStatus() refuses policies that cannot be meant",
  LINUX,
  async () => {
    await using place = await openPlace();
    const { sandbox, workspace } = place;
    const refuses = async (
      change: Parameters<typeof workspaceWrite>[0],
      pattern: RegExp,
      cwd = workspace,
    ) =>
      await assert.rejects(
        sandbox.sandboxStatus(workspaceWrite(change), cwd),
        (error) => error instanceof UserError && pattern.test(error.message),
      );
    await refuses({ writableRoots: ["relative"] }, /"relative".*relative/);
    await refuses({ writableRoots: ["/"] }, /root of the file system/);
    await refuses({ writableRoots: ["/tmp/.."] }, /root of the file system/);
    await refuses(
      { writableRoots: [Deno.env.get("HOME") ?? ""] },
      /home folder/,
    );
    await refuses({ denyRead: ["/**"] }, /narrower/);
    await refuses({ denyRead: ["**"] }, /narrower/);
    await refuses({ denyRead: [workspace] }, /narrower/);
    await refuses({ denyRead: ["/"] }, /narrower/);
    await refuses({}, /workspace writable/, "/");
    await refuses({ denyRead: ["*"] }, /narrower/);
    await Deno.mkdir(`${place.base}/codex/sub`, { recursive: true });
    await refuses(
      { writableRoots: [`${place.base}/codex/sub`] },
      /agent's own files/,
    );
  },
);

Deno.test("sandboxStatus() says which roots are left out", LINUX, async () => {
  await using place = await openPlace();
  const policy = workspaceWrite({ writableRoots: [`${place.base}/none`] });
  const { note } = await place.sandbox.sandboxStatus(policy, place.workspace);
  assert.match(note, /\/none is not a folder here/);
});

Deno.test(
  "run() hides what may not be read, and keeps it in place",
  BWRAP,
  async () => {
    await using place = await openPlace();
    await Deno.mkdir(`${place.workspace}/deep/keys`, { recursive: true });
    for (const name of [".env", "deep/.env", "deep/keys/id", "open"]) {
      await Deno.writeTextFile(`${place.workspace}/${name}`, "secret\n");
    }
    const policy = workspaceWrite({
      denyRead: ["**/.env", `${place.workspace}/deep/keys`],
    });
    const result = await place.run(
      `cat open .env deep/.env deep/keys/id; ls deep/keys; mv .env x; rm -rf deep/keys; chmod 755 deep/keys; cp -r deep /tmp/rondo-hidden-test; rm -rf /tmp/rondo-hidden-test; ln deep/.env y; true`,
      { policy },
    );
    assert.equal(
      result.output.head.split("secret").length - 1,
      1,
      result.output.head,
    );
    assert.equal(
      await Deno.readTextFile(`${place.workspace}/.env`),
      "secret\n",
    );
    assert.equal(
      await Deno.readTextFile(`${place.workspace}/deep/keys/id`),
      "secret\n",
    );
    const { enforces } = await place.sandbox.sandboxStatus(
      policy,
      place.workspace,
    );
    assert.ok(enforces.includes("fs_read"));
  },
);

Deno.test("run() refuses to hide what the launcher cannot", LINUX, async () => {
  await using place = await openPlace({ backend: "landlock" });
  await Deno.writeTextFile(`${place.workspace}/.env`, "secret\n");
  const policy = workspaceWrite({ denyRead: ["**/.env"] });
  await assert.rejects(
    place.run("cat .env", { policy }),
    (error) =>
      error instanceof UserError && error.kind === "config" &&
      /deny_read/.test(error.message),
  );
});

Deno.test(
  "run() never makes the agent's own files writable",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const inside = `${place.workspace}/codex`;
    await Deno.mkdir(inside);
    await Deno.mkdir(`${place.workspace}/build`);
    await Deno.writeTextFile(`${place.workspace}/build/rondo`, "program");
    const sandbox = createSandbox({
      host: testHost(),
      codexHome: inside,
      protectedPaths: [`${place.workspace}/build/rondo`],
    });
    const script =
      "echo x > codex/config.toml; mv codex c; echo x > build/rondo; rm build/rondo; mv build b; mkdir build && echo evil > build/rondo; true";
    await sandbox.run({
      argv: ["sh", "-c", script],
      cwd: place.workspace,
      env: { PATH: "/usr/bin:/bin" },
      policy: workspaceWrite(),
      sandboxed: true,
      timeoutMs: 60_000,
      signal: new AbortController().signal,
    });
    assert.deepEqual(await namesIn(inside), []);
    assert.equal(
      await Deno.readTextFile(`${place.workspace}/build/rondo`),
      "program",
    );
  },
);

Deno.test(
  "run() commits in a worktree whose repository lies elsewhere",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const main = `${place.base}/main`;
    const git = "git -c user.name=a -c user.email=a@b.c";
    const made = await place.run(
      `mkdir ${main} && cd ${main} && git init -q -b main . && ${git} commit -q --allow-empty -m first && git worktree add -q ${place.workspace}/w`,
      { sandboxed: false, env: { PATH: "/usr/bin:/bin", HOME: place.base } },
    );
    assert.equal(made.exitCode, 0, made.output.head);
    const workspace = `${place.workspace}/w`;
    const commit =
      `cd ${workspace} && ${git} commit -q --allow-empty -m second`;
    const env = { PATH: "/usr/bin:/bin", HOME: place.base };
    const closed = await place.run(commit, { workspace, cwd: workspace, env });
    assert.notEqual(closed.exitCode, 0);
    const policy = workspaceWrite({ gitCommits: true });
    const open = await place.run(commit, {
      workspace,
      cwd: workspace,
      env,
      policy,
    });
    assert.equal(open.exitCode, 0, open.output.head);
    for (
      const name of [
        "hooks/pre-commit",
        "config",
        "worktrees/w/commondir",
        "commondir",
      ]
    ) {
      const attack = await place.run(
        `echo x >> ${main}/.git/${name}; cat ${main}/.git/${name} | grep -q x`,
        { workspace, cwd: workspace, env, policy },
      );
      assert.ok(
        attack.exitCode !== 0 || attack.notes.length > 0,
        `${name}: ${attack.output.head}`,
      );
    }
    await assert.rejects(Deno.stat(`${main}/.git/commondir`));
  },
);

Deno.test(
  "run() writes a workspace of somebody else, as root",
  ROOT_BWRAP,
  async () => {
    await using place = await openPlace();
    await Deno.chown(place.workspace, 1000, 1000);
    await Deno.chmod(place.workspace, 0o755);
    const result = await place.run(
      "echo x > f && cat f; echo y > /proc/sys/kernel/panic",
    );
    assert.match(result.output.head, /^x\n/);
    assert.match(result.output.head, /Read-only/);
    assert.equal(result.backend, "bwrap-nouserns");
    await using other = await openPlace({ backend: "landlock" });
    await Deno.chown(other.workspace, 1000, 1000);
    assert.equal((await other.run("echo x > f && cat f")).output.head, "x\n");
  },
);

Deno.test(
  "the sandbox works inside itself, and names what it used",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const outer = place.base;
    for (const backend of ["bwrap", "landlock"] as const) {
      const inner: AgentTask = {
        workspace: place.workspace,
        policy: workspaceWrite({ excludeSlashTmp: true }),
        script:
          `echo x > f && cat f; echo y > ${outer}/f; echo z > /tmp/rondo-nested`,
      };
      const command = [
        Deno.execPath(),
        "run",
        "--quiet",
        "--no-check",
        "--no-config",
        "--allow-all",
        AGENT,
      ].join(" ");
      const answer = await runAgent({
        workspace: place.workspace,
        policy: workspaceWrite(),
        backend,
        script: `${command} '${JSON.stringify(inner)}' 2>/dev/null`,
      });
      const nested: AgentAnswer = JSON.parse(answer.result.output.head);
      assert.equal(nested.error, undefined);
      assert.equal(nested.sandboxStatus.backend, "landlock");
      assert.match(nested.sandboxStatus.note, /bwrap: /);
      assert.match(nested.result.output.head, /^x\n/);
      // Writable for the outer one, not for the inner one.
      assert.match(
        nested.result.output.head,
        /rondo-nested: Permission denied/,
      );
    }
  },
);

Deno.test(
  "bwrap without /proc is found where /proc is masked",
  ROOT_BWRAP,
  async () => {
    if (!await canNobodyRead(AGENT)) {
      return console.error("SKIPPED: nobody may not read the checkout");
    }
    await using place = await openPlace();
    await Deno.chown(place.workspace, 65534, 65534);
    // Deno itself may lie in a home folder that is closed to others.
    const deno = `${place.base}/deno-copy`;
    await Deno.copyFile(Deno.execPath(), deno);
    await Deno.chmod(deno, 0o755);
    // What container engines do: something mounted over an entry of /proc.
    const masked = [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      'mount --bind /dev/null /proc/kcore 2>/dev/null || mount -t tmpfs none /proc/fs; exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent DENO_DIR="$0" "$@"',
      `${place.base}/deno`,
    ];
    await Deno.mkdir(`${place.base}/deno`);
    await Deno.chmod(`${place.base}/deno`, 0o777);
    await Deno.chmod(place.base, 0o755);
    const answer = await runAgent(
      {
        workspace: place.workspace,
        policy: workspaceWrite(),
        script: "echo x > f && cat f && test ! -w /etc/passwd && echo held",
      },
      masked,
      deno,
    );
    assert.equal(answer.error, undefined);
    assert.equal(answer.sandboxStatus.backend, "bwrap-noproc");
    assert.match(answer.sandboxStatus.note, /mount proc/);
    assert.equal(answer.result.output.head, "x\nheld\n");
  },
);

Deno.test(
  "the launcher is taken where user namespaces are off",
  ROOT_BWRAP,
  async () => {
    await using place = await openPlace();
    const limited = [
      "unshare",
      "--user",
      "--map-root-user",
      "sh",
      "-c",
      'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -all --inh-caps -all --securebits +noroot "$@"',
      "sh",
    ];
    const answer = await runAgent({
      workspace: place.workspace,
      policy: workspaceWrite(),
      script: "echo x > f && cat f",
    }, limited);
    assert.equal(answer.error, undefined);
    assert.equal(answer.sandboxStatus.backend, "landlock");
    assert.match(
      answer.sandboxStatus.note,
      /bwrap: .*(namespace|No space left).*\(.*sysctl/,
    );
    assert.equal(answer.result.output.head, "x\n");
  },
);

for (const backend of ["bwrap", "landlock"] as const) {
  Deno.test(
    `nothing of a command outlives a killed agent (${backend})`,
    BWRAP,
    async () => {
      await using place = await openPlace();
      const word = `601.${Math.floor(Math.random() * 1e9)}`;
      // Under the launcher only the command itself is promised to end.
      const far = backend === "bwrap"
        ? `(setsid sleep ${word} >/dev/null 2>&1 &) ;`
        : "";
      const child = agentCommand({
        workspace: place.workspace,
        policy: workspaceWrite(),
        backend,
        script: `${far} echo ready; exec sleep ${word}`,
      }).spawn();
      const reader = child.stderr.getReader();
      let said = "";
      while (!said.includes("ready")) {
        const { value, done } = await reader.read();
        assert.equal(done, false, said);
        said += new TextDecoder().decode(value);
      }
      assert.ok((await processesWith(word)).length > 0, "the positive control");
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await child.stdout.cancel();
      await eventually(
        async () => (await processesWith(word)).length === 0,
        word,
      );
    },
  );
}

Deno.test(
  "runLadder() proves nothing where a child could do what it must not",
  BWRAP,
  async () => {
    const host = testHost();
    // A bwrap that runs the command as it is: everything after the last "--".
    const folder = await Deno.makeTempDir();
    const fake = `${folder}/bwrap`;
    await Deno.writeTextFile(
      fake,
      '#!/bin/bash\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n',
      { mode: 0o755 },
    );
    const lying: Host = {
      ...host,
      spawn: (request) =>
        host.spawn({
          ...request,
          command: request.command === "/usr/bin/bwrap"
            ? fake
            : request.command,
        }),
    };
    const attempts = await tryBackends(lying, {
      choice: "bwrap",
      isComplete: true,
    });
    assert.ok(attempts.length >= 2);
    for (const attempt of attempts) {
      assert.equal(attempt.isProved, false, attempt.name);
      assert.match(attempt.detail, /a file outside could be written/);
      assert.match(attempt.detail, /a process outside could be signalled/);
    }
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "runLadder() lets the program itself make the attempts where there is no bash",
  BWRAP,
  async () => {
    const attempts = await tryBackends(hostWithout(/bash$/), {
      choice: "bwrap",
      isComplete: true,
    });
    for (const { name, isProved, detail } of attempts) {
      assert.equal(isProved, true, `${name}: ${detail}`);
    }
  },
);

Deno.test(
  "runLadder() does without a private network where only that fails",
  BWRAP,
  async () => {
    const host = testHost();
    const poor: Host = {
      ...host,
      spawn: (request) =>
        request.args.includes("--unshare-net") || request.before !== undefined
          ? host.spawn({
            ...without(request, "before"),
            command: "/bin/sh",
            args: [
              "-c",
              "echo 'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted' >&2; exit 1",
            ],
          })
          : host.spawn(request),
    };
    await using place = await openPlace({ host: poor, backend: "bwrap" });
    const sandboxStatus = await place.sandbox.sandboxStatus(
      workspaceWrite(),
      place.workspace,
    );
    assert.equal(sandboxStatus.backend, "bwrap");
    assert.match(sandboxStatus.note, /NET_ADMIN/);
    assert.match(
      sandboxStatus.note,
      /no private network: all sockets are closed/,
    );
    const result = await place.run(
      'bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>&1; echo x > f && cat f',
    );
    assert.match(result.output.head, /Operation not permitted/);
    assert.match(result.output.head, /x\n$/);
  },
);

for (
  const { what, spawn, why } of [
    {
      what: "no made program runs",
      spawn: (request: SpawnRequest): SpawnRequest => {
        if (request.before !== undefined) throw new Error("none runs here");
        return request;
      },
      why: /bwrap: commands cannot share a loopback: none runs here/,
    },
    {
      what: "a command does not come into the network",
      spawn: ({ args, ...request }: SpawnRequest): SpawnRequest => ({
        ...without(request, "before"),
        args: request.before === undefined ? args : ["--unshare-net", ...args],
      }),
      why: /commands cannot share a loopback: a server could not be reached/,
    },
    {
      what: "networks are not apart",
      // Both servers are in the first one: the steps that make the second are left out.
      spawn: ({ before, ...request }: SpawnRequest): SpawnRequest => {
        const at = before?.findLastIndex(({ call }) => call === "unshare") ?? 0;
        return { ...request, ...before && { before: before.toSpliced(at, 4) } };
      },
      why:
        /commands cannot share a loopback: a server in another network could be reached/,
    },
  ]
) {
  Deno.test(
    `sandboxStatus() says that each command is alone where ${what}`,
    BWRAP,
    async () => {
      const host = testHost();
      const poor = {
        ...host,
        spawn: (request: SpawnRequest) => host.spawn(spawn(request)),
      };
      await using place = await openPlace({ host: poor });
      const { loopback, note } = await place.sandbox.sandboxStatus(
        workspaceWrite(),
        place.workspace,
      );
      assert.equal(loopback, "private");
      assert.match(note, why);
      const { output } = await place.run("tail -n1 /proc/net/dev", {
        threadId: "one",
        onStart: () => {},
      });
      assert.match(output.head, /^ *lo: /);
    },
  );
}

function without<T, K extends keyof T>(whole: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = whole;
  return rest;
}

Deno.test("runDiagnosis() tries every back end", LINUX, async () => {
  const { attempts, chosen } = await runDiagnosis(testHost());
  assert.equal(attempts.at(-1)?.name, "landlock");
  assert.equal(attempts.find(({ isProved }) => isProved)?.name, chosen);
  for (const { isProved, detail, enforces } of attempts) {
    assert.equal(isProved, detail === "");
    assert.equal(isProved, enforces.includes("fs_write"));
  }
  const without = await runDiagnosis(hostWithout(/bwrap$/));
  assert.equal(without.attempts[0]?.detail, "bubblewrap is not installed");
  assert.match(without.attempts[0]?.hint ?? "", /apt-get install bubblewrap/);
});

Deno.test("the attempts leave no file behind", LINUX, async () => {
  const ids: string[] = [];
  const newId = (): string => {
    ids.push(crypto.randomUUID());
    return ids.at(-1) ?? "";
  };
  await tryBackends(testHost({ newId }), { choice: "auto" });
  assert.ok(ids.length > 0);
  // Other tests run at the same time: only files of this one count.
  for (const folder of ["/tmp", "/var/tmp", "/dev/shm"]) {
    const names = await namesIn(folder);
    assert.deepEqual(
      names.filter((name) => ids.some((id) => name.includes(id))),
      [],
    );
  }
});

Deno.test(
  "describePlan() says in words what would be mounted",
  BWRAP,
  async () => {
    await using place = await openPlace();
    const lines = await place.sandbox.describePlan(
      workspaceWrite(),
      place.workspace,
    );
    assert.ok(lines.includes("Back end: bwrap"));
    assert.ok(lines.includes(`Writable: ${place.workspace}`));
    assert.ok(
      lines.includes(
        `Disarmed or moved aside when a command creates it: ${place.workspace}/.git`,
      ),
    );
    assert.ok(lines.includes("Network: closed"));
    const full = await place.sandbox.describePlan({
      mode: "danger-full-access",
    }, "/");
    assert.deepEqual(full, [
      "Back end: none",
      "Readable and writable: everything",
    ]);
  },
);

Deno.test(
  "runInherited() gives the exit code of the command",
  LINUX,
  async () => {
    await using place = await openPlace();
    const request = {
      cwd: place.workspace,
      env: { PATH: "/usr/bin:/bin" },
      policy: workspaceWrite(),
      signal: new AbortController().signal,
    };
    const { sandbox } = place;
    const codeOf = async (script: string): Promise<number> => {
      const argv = ["sh", "-c", script];
      return (await sandbox.runInherited({ ...request, argv })).code;
    };
    assert.equal(await codeOf("exit 7"), 7);
    assert.equal(await codeOf("echo x > ok"), 0);
    assert.notEqual(await codeOf(`echo x 2>/dev/null > ${place.base}/no`), 0);
    assert.deepEqual(
      await namesIn(place.workspace),
      ["ok"],
    );
  },
);
