/** Plays escape cases under one back end, as one user, and says which did what. */
import type { Host, SpawnRequest } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { denoHost } from "../../core/host/host.ts";
import { reapChild } from "../../core/host/system/libc.ts";
import { type BackendChoice, createSandbox } from "../../sandbox/mod.ts";
import { READ_ONLY, workspaceWrite } from "../support/settings.ts";
import type { EscapeCase, PolicyName } from "./cases.ts";
import { buildStage, caseName, type Stage } from "./stage.ts";

export type User = "root" | "nobody";

export interface BatteryOptions {
  readonly cases: readonly EscapeCase[];
  /** `none` is the positive control. */
  readonly backend: Exclude<BackendChoice, "auto">;
  readonly user: User;
  readonly tricks: string;
  readonly strayName: string;
  /** A copy of this Deno where commands cannot write and anybody can run it. */
  readonly deno: string;
  readonly landlockAbiMax?: number;
  /** The built program, which then runs the cases through its command line. */
  readonly program?: string;
}

/** By the case's first word: whether what the script tries came to pass. */
export type BatteryResult = ReadonlyMap<string, boolean>;

const LAUNCHER = decodeURIComponent(
  new URL("../sandbox/launcher_main.ts", import.meta.url).pathname,
);
const SETPRIV = [
  "setpriv",
  "--reuid",
  "65534",
  "--regid",
  "65534",
  "--clear-groups",
];

/** Runs every case once; each policy's cases share one launch. */
export async function runBattery(
  options: BatteryOptions,
): Promise<BatteryResult> {
  const asUser = options.user === "nobody" && Deno.uid() === 0 ? SETPRIV : [];
  await using stage = await buildStage({ ...options, asUser });
  const host = hostAs(asUser, {
    denoDir: `${stage.base}/deno`,
    deno: options.deno,
  });
  await Deno.mkdir(`${stage.base}/deno`);
  await Deno.chmod(`${stage.base}/deno`, 0o777);
  const results = new Map<string, boolean>();
  for (
    const policy of ["write", "commits", "network", "sockets", "read"] as const
  ) {
    const cases = options.cases.filter((one) =>
      (one.policy ?? "write") === policy
    );
    if (cases.length === 0) continue;
    await runGroup({ ...options, cases }, {
      stage,
      host,
      asUser,
      policy,
      results,
    });
  }
  return results;
}

interface Group {
  readonly stage: Stage;
  readonly host: Host;
  readonly asUser: readonly string[];
  readonly policy: PolicyName;
  readonly results: Map<string, boolean>;
}

async function runGroup(options: BatteryOptions, group: Group): Promise<void> {
  const { cases } = options;
  const { stage, results } = group;
  const before = new Map<string, string>();
  for (const one of cases) {
    const name = caseName(one);
    before.set(name, await stage.look(name, one.judge ?? "exit"));
  }
  const env = { ...stage.env, NAMES: cases.map(caseName).join(" ") };
  const output = options.program === undefined
    ? await runInProcess(options, group, env)
    : await runProgram(options.program, options, { ...group, env });
  if (Deno.env.get("ESCAPE_VERBOSE")) console.log(output);
  for (const one of cases) {
    const name = caseName(one);
    const code = new RegExp(`^CASE ${name} (\\d+)$`, "m").exec(output)?.[1];
    if (code === undefined) throw new Error(`${name} was not run: ${output}`);
    const judge = one.judge ?? "exit";
    const hasChanged = await stage.look(name, judge) !== before.get(name);
    results.set(name, hasChanged || (judge === "exit" && code === "0"));
  }
}

async function runInProcess(
  { backend, landlockAbiMax }: BatteryOptions,
  { stage, host, policy }: Group,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const sandbox = createSandbox({
    host,
    codexHome: `${stage.base}/codex`,
    backend,
    reapChild,
    ...(landlockAbiMax === undefined ? {} : { landlockAbiMax }),
  });
  const result = await sandbox.run({
    argv: ["sh", `${stage.base}/scripts/all.sh`],
    cwd: stage.workspace,
    // As a command that lives, which is in a network together with others.
    threadId: "one",
    onStart: () => {},
    env,
    policy: policyOf(policy, stage.roots),
    sandboxed: backend !== "none",
    timeoutMs: 300_000,
    signal: new AbortController().signal,
  });
  return result.output.head;
}

const SETTINGS: Readonly<Record<PolicyName, readonly string[]>> = {
  write: [],
  read: [],
  commits: ["-c", "sandbox_workspace_write.git_commits=true"],
  network: ["-c", "sandbox_workspace_write.network_access=true"],
  sockets: ["-c", "sandbox_workspace_write.allow_unix_sockets=true"],
};

async function runProgram(
  program: string,
  { backend }: BatteryOptions,
  { stage, asUser, policy, env }: Group & {
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const mode = policy === "read" ? "read-only" : "workspace-write";
  const roots = policy === "read" ? [] : stage.roots;
  const [command = "", ...args] = [
    ...asUser,
    program,
    "sandbox",
    ...["--backend", backend, "-s", mode, "-C", stage.workspace],
    ...roots.flatMap((root) => ["--add-dir", root]),
    ...SETTINGS[policy],
    ...["--", "sh", `${stage.base}/scripts/all.sh`],
  ];
  const { stdout, stderr } = await new Deno.Command(command, {
    args,
    clearEnv: true,
    env: { ...env, CODEX_HOME: `${stage.base}/codex` },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return `${decoder.decode(stdout)}${decoder.decode(stderr)}`;
}

function policyOf(name: PolicyName, roots: readonly string[]): SandboxPolicy {
  switch (name) {
    case "read":
      return READ_ONLY;
    case "write":
      return workspaceWrite({ writableRoots: roots });
    case "commits":
      return workspaceWrite({ writableRoots: roots, gitCommits: true });
    case "network":
      return workspaceWrite({ writableRoots: roots, networkAccess: true });
    case "sockets":
      return workspaceWrite({ writableRoots: roots, allowUnixSockets: true });
  }
}

/** This machine, whose programs are started by somebody else. */
function hostAs(
  asUser: readonly string[],
  { denoDir, deno }: { readonly denoDir: string; readonly deno: string },
): Host {
  const base = denoHost();
  const [program, ...prefix] = asUser;
  const files = program === undefined ? base.files : {
    ...base.files,
    write: async (...args: Parameters<typeof base.files.write>) => {
      await base.files.write(...args);
      await Deno.chown(args[0], 65534, 65534);
    },
    writeTemporary: async (path: string, text: string) => {
      await base.files.writeTemporary(path, text);
      await Deno.chown(path, 65534, 65534);
    },
  };
  return {
    ...base,
    files,
    uid: program === undefined ? base.uid : 65534,
    env: (name) =>
      name === "DENO_DIR"
        ? denoDir
        : name === "TMPDIR"
        ? undefined
        : base.env(name),
    selfCommand: (args) => [
      deno,
      "run",
      "--quiet",
      "--no-check",
      "--no-config",
      "--allow-all",
      LAUNCHER,
      ...args,
    ],
    spawn: (request: SpawnRequest) =>
      base.spawn(program === undefined ? request : startedBy(program)(request)),
  };

  function startedBy(command: string): (request: SpawnRequest) => SpawnRequest {
    return ({ image, ...request }) => {
      const instead = [request.command, ...request.args];
      const line = image === undefined ? instead : [{ image, instead }];
      return { ...request, command, args: [...prefix, ...line] };
    };
  }
}
