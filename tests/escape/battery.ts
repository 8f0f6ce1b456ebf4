/** Plays escape cases under one back end, as one user, and says which did what. */
import type { Host, SpawnRequest } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { denoHost } from "../../core/host/deno_host.ts";
import { reapChild } from "../../core/host/descriptors.ts";
import { type BackendChoice, createSandbox } from "../../sandbox/mod.ts";
import { READ_ONLY, workspaceWrite } from "../sandbox/plan_fixture.ts";
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
  readonly landlockAbiMax?: number;
}

/** By the case's first word: whether what the script tries came to pass. */
export type BatteryResult = ReadonlyMap<string, boolean>;

const LAUNCHER =
  new URL("../sandbox/launcher_main.ts", import.meta.url).pathname;
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
  const host = hostAs(asUser, `${stage.base}/deno`);
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
    await runGroup({ ...options, cases }, { stage, host, policy, results });
  }
  return results;
}

async function runGroup(
  { cases, backend, landlockAbiMax }: BatteryOptions,
  { stage, host, policy, results }: {
    readonly stage: Stage;
    readonly host: Host;
    readonly policy: PolicyName;
    readonly results: Map<string, boolean>;
  },
): Promise<void> {
  const sandbox = createSandbox({
    host,
    codexHome: `${stage.base}/codex`,
    backend,
    reapChild,
    ...(landlockAbiMax === undefined ? {} : { landlockAbiMax }),
  });
  const before = new Map<string, string>();
  for (const one of cases) {
    const name = caseName(one);
    before.set(name, await stage.look(name, one.judge ?? "exit"));
  }
  const names = cases.map(caseName).join(" ");
  const result = await sandbox.run({
    argv: ["sh", `${stage.base}/scripts/all.sh`],
    cwd: stage.workspace,
    env: { ...stage.env, NAMES: names },
    policy: policyOf(policy, stage.roots),
    sandboxed: backend !== "none",
    timeoutMs: 300_000,
    signal: new AbortController().signal,
  });
  if (Deno.env.get("ESCAPE_VERBOSE")) console.log(result.output.head);
  for (const one of cases) {
    const name = caseName(one);
    const code = new RegExp(`^CASE ${name} (\\d+)$`, "m").exec(
      result.output.head,
    )?.[1];
    if (code === undefined) {
      throw new Error(`${name} was not run: ${result.output.head}`);
    }
    const judge = one.judge ?? "exit";
    const hasChanged = await stage.look(name, judge) !== before.get(name);
    results.set(name, hasChanged || (judge === "exit" && code === "0"));
  }
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
function hostAs(asUser: readonly string[], denoDir: string): Host {
  const base = denoHost();
  const [program, ...prefix] = asUser;
  const files = program === undefined ? base.files : {
    ...base.files,
    write: async (...args: Parameters<typeof base.files.write>) => {
      await base.files.write(...args);
      await Deno.chown(args[0], 65534, 65534);
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
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-check",
      "--no-config",
      "--allow-all",
      LAUNCHER,
      ...args,
    ],
    spawn: (request: SpawnRequest) =>
      base.spawn(
        program === undefined ? request : {
          ...request,
          command: program,
          args: [...prefix, request.command, ...request.args],
        },
      ),
  };
}
