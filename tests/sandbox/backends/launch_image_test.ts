import assert from "node:assert/strict";
import {
  renderProgram,
  type Step,
} from "../../../core/util/program/call_program.ts";
import {
  encodeProgram,
  give,
  loadsArgument,
  OP,
  refuse,
  VERDICT,
} from "../../../sandbox/backends/bpf.ts";
import {
  buildLauncherImage,
  buildPlainImage,
} from "../../../sandbox/backends/launch_image.ts";
import type { LauncherRequest } from "../../../sandbox/backends/landlock.ts";
import {
  ARCHES,
  type MadeRun,
  runMade,
  starterOf,
} from "../../support/made.ts";

const ARCH = Deno.build.arch;
const LINUX = { ignore: Deno.build.os !== "linux" };
const CONFINE = {
  writable: [],
  top: [],
  isReadOnly: true,
  networkAccess: false,
  unixSockets: false,
  agentPid: Deno.pid,
  keepsOwnerRights: false,
};
const REQUEST: LauncherRequest = {
  argv: ["/bin/sh", "-c", "echo ran; exit 4"],
  env: { PATH: "/bin" },
  mergesOutput: false,
  confine: CONFINE,
};
const NUMBER = {
  prctl: ARCH === "x86_64" ? 157 : 167,
  capset: ARCH === "x86_64" ? 126 : 91,
  seccomp: ARCH === "x86_64" ? 317 : 277,
  landlock_create_ruleset: 444,
  landlock_add_rule: 445,
  landlock_restrict_self: 446,
};

/** What is refused, with which errno, and for which first argument when not for all. */
interface Refusal {
  readonly call: keyof typeof NUMBER;
  readonly errno: number;
  readonly first?: number;
}

async function runRefused(
  image: Uint8Array,
  { call, errno, first }: Refusal,
): Promise<MadeRun> {
  const filter = encodeProgram([
    [OP.load, 0, 0, 0],
    [OP.jumpEqual, 1, 0, NUMBER[call]],
    give(VERDICT.allow),
    loadsArgument(0),
    ...(first === undefined
      ? []
      : [[OP.jumpEqual, 1, 0, first] as const, give(VERDICT.allow)]),
    refuse(errno),
  ]);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/image`, image, { mode: 0o755 });
    const steps: Step[] = [
      { call: "prctl", args: [38, 1, 0, 0, 0] },
      { call: "seccomp", args: [1, 0, [filter.length / 8, filter]] },
      { call: "execve", args: [`${folder}/image`, [0], [0]] },
      { call: "exit_group", args: [99] },
    ];
    return await runMade(renderProgram(steps, ARCH));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "a launcher image confines itself and becomes the command",
  LINUX,
  async () => {
    const script =
      "echo ran; echo x >/var/tmp/no; grep -c . /proc/self/status; exit 4";
    const image = buildLauncherImage({
      ...REQUEST,
      argv: ["sh", "-c", script],
      confine: { ...CONFINE, top: [{ path: "/usr", isFolder: true }] },
    }, { arch: ARCH, uid: Deno.uid() ?? -1 });
    const { code, stdout, stderr } = await runMade(image);
    assert.equal(code, 4, stderr);
    assert.equal(stdout, "ran\n");
    assert.match(stderr, /no: Permission denied/);
    assert.match(stderr, /status: Permission denied/);
  },
);

const REFUSED: readonly (readonly [Refusal, string, number?])[] = [
  [{ call: "prctl", errno: 1, first: 38 }, "PR_SET_NO_NEW_PRIVS failed"],
  ...[1, 38, 95].map((errno) =>
    [
      { call: "landlock_create_ruleset", errno },
      `landlock_create_ruleset failed with errno ${errno}`,
    ] as const
  ),
  [
    { call: "landlock_create_ruleset", errno: 22 },
    "landlock_create_ruleset failed",
  ],
  [
    { call: "landlock_create_ruleset", errno: 22 },
    "landlock_create_ruleset failed",
    3,
  ],
  [{ call: "landlock_add_rule", errno: 22 }, "landlock_add_rule of / failed"],
  [
    { call: "landlock_restrict_self", errno: 7 },
    "landlock_restrict_self failed",
  ],
  [{ call: "capset", errno: 1 }, "capset failed"],
  [{ call: "seccomp", errno: 22 }, "seccomp failed"],
];

for (const [refusal, says, abi] of REFUSED) {
  Deno.test(
    `a launcher image ends with 125 and "${says}"${
      abi === undefined ? "" : ` of a known version`
    }`,
    LINUX,
    async () => {
      const confine = { ...CONFINE, ...(abi !== undefined && { abi }) };
      const image = buildLauncherImage({ ...REQUEST, confine }, {
        arch: ARCH,
        uid: 0,
      });
      assert.deepEqual(await runRefused(image, refusal), {
        code: 125,
        stdout: "",
        stderr: `rondo sandbox: cannot confine the command: ${says}\n`,
      });
    },
  );
}

Deno.test(
  "a launcher image does not outlive the agent it was made for",
  LINUX,
  async () => {
    const confine = { ...CONFINE, agentPid: 1 };
    const image = buildLauncherImage({ ...REQUEST, confine }, {
      arch: ARCH,
      uid: -1,
    });
    assert.deepEqual(await runMade(image), {
      code: 125,
      stdout: "",
      stderr:
        "rondo sandbox: cannot confine the command: the agent has ended\n",
    });
  },
);

Deno.test(
  "the attempts succeed in the open, and but for reading none does confined",
  LINUX,
  async () => {
    const path = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(path, "nonce");
      const attempts = {
        read: path,
        write: path,
        address: "192.0.2.1",
        pid: Deno.pid,
      };
      const run = async (confine?: LauncherRequest["confine"]) => {
        const { confine: _, ...open } = REQUEST;
        const image = buildLauncherImage(
          { ...open, attempts, ...(confine !== undefined && { confine }) },
          { arch: ARCH, uid: Deno.uid() ?? -1 },
        );
        // Where there is no network at all, nothing can be connected.
        return (await runMade(image)).stdout.split("\n")
          .filter((line) => line !== "" && line !== "connected");
      };
      const read = "read nonce";
      assert.deepEqual(await run(), [read, "wrote", "unix", "signalled"]);
      const top = [{ path: "/tmp", isFolder: true }];
      const [version, ...rest] = await run({ ...CONFINE, top });
      assert.match(version ?? "", /^abi [1-7]$/);
      assert.deepEqual(rest, [read]);
      const [older] = await run({ ...CONFINE, top, abiMax: 1 });
      assert.equal(older, "abi 1");
    } finally {
      await Deno.remove(path);
    }
  },
);

for (const arch of ARCHES) {
  const starter = Deno.build.os === "linux" ? starterOf(arch) : undefined;
  Deno.test({
    name: `a plain image joins the outputs and begins a session (${arch})`,
    ignore: starter === undefined,
    fn: async () => {
      const script =
        "echo out; echo err >&2; read -r pid _ _ _ _ session _ </proc/$$/stat; test $pid = $session; echo $?; exit 6";
      const run = async (mergesOutput: boolean, ownSession: boolean) =>
        await runMade(
          buildPlainImage(
            {
              argv: ["/bin/sh", "-c", script],
              env: { PATH: "/bin" },
              mergesOutput,
            },
            arch,
            { ownSession },
          ),
          starter,
        );
      assert.deepEqual(await run(true, true), {
        code: 6,
        stdout: "out\nerr\n0\n",
        stderr: "",
      });
      assert.deepEqual(await run(false, false), {
        code: 6,
        stdout: "out\n1\n",
        stderr: "err\n",
      });
    },
  });
}
