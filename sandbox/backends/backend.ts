/** One working way to confine a command, and how a command is started under it. */
import type { Host, SpawnRequest } from "../../core/protocol/host.ts";
import { unreachable } from "../../core/util/assert.ts";
import { buildBwrapArguments, BWRAP_ENV, type BwrapFeatures } from "./bwrap.ts";
import {
  LAUNCHER,
  type LauncherRequest,
  planConfinement,
  planInnerConfinement,
} from "./landlock.ts";
import { buildSeatbeltArguments, SEATBELT_PROGRAM } from "./seatbelt.ts";
import type { SandboxPlan } from "../plan/plan.ts";

export type Backend =
  | {
    readonly kind: "bwrap";
    readonly name:
      | "bwrap"
      | "bwrap-landlock"
      | "bwrap-noproc"
      | "bwrap-nouserns";
    readonly features: BwrapFeatures;
  }
  | {
    readonly kind: "landlock";
    readonly name: "landlock";
    readonly abi: number;
    /** Newest version to use; for tests of older kernels. */
    readonly abiMax?: number;
  }
  | { readonly kind: "seatbelt"; readonly name: "seatbelt" };

interface LaunchRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Sends stderr where stdout goes. */
  readonly mergesOutput: boolean;
}

/** What to spawn; streams and group are the caller's to choose. */
export type LaunchLine = Pick<SpawnRequest, "command" | "args" | "cwd" | "env">;

type LaunchHost = Pick<Host, "arch" | "env" | "pid" | "selfCommand">;

const SHELL = "/bin/sh";

/** How the request is started under the plan. */
export function buildLaunch(
  host: LaunchHost,
  { backend, plan }: { readonly backend: Backend; readonly plan: SandboxPlan },
  request: LaunchRequest,
): LaunchLine {
  const { cwd } = plan;
  switch (backend.kind) {
    case "bwrap": {
      const inner = backend.features.hasLandlock
        ? buildInnerLaunch(host, plan, request)
        : { argv: wrapArgv(request), env: request.env };
      return {
        command: backend.features.program,
        args: buildBwrapArguments(plan, backend.features, {
          ...inner,
          arch: host.arch,
        }),
        cwd: "/",
        env: BWRAP_ENV,
      };
    }
    case "landlock": {
      const { abiMax } = backend;
      const confine = {
        ...planConfinement(plan, host),
        ...(abiMax === undefined ? {} : { abiMax }),
      };
      return buildSelfLaunch(host, { ...request, confine }, cwd);
    }
    case "seatbelt":
      return {
        command: SEATBELT_PROGRAM,
        args: buildSeatbeltArguments(plan, wrapArgv(request)),
        cwd,
        env: { ...request.env, CODEX_SANDBOX: "seatbelt" },
      };
    default:
      return unreachable(backend);
  }
}

/** Starts this program as the launcher; the request travels as an inherited descriptor. */
export function buildSelfLaunch(
  host: LaunchHost,
  request: LauncherRequest,
  cwd: string,
): LaunchLine {
  const [command = "", ...args] = host.selfCommand([LAUNCHER.role]);
  const json = new TextEncoder().encode(JSON.stringify(request));
  return {
    command,
    args: [...args, json],
    cwd,
    env: launcherEnv(host, request),
  };
}

// bwrap passes on descriptors by their numbers.
function buildInnerLaunch(
  host: LaunchHost,
  plan: SandboxPlan,
  request: LaunchRequest,
): Pick<LaunchLine, "env"> & { readonly argv: LaunchLine["args"] } {
  const confine = planInnerConfinement(plan);
  const { command, args, env } = buildSelfLaunch(
    host,
    { ...request, confine },
    plan.cwd,
  );
  return { argv: [command, ...args], env };
}

/** How the request is started without any sandbox. */
export function buildPlainLaunch(
  request: LaunchRequest,
  place: { readonly cwd: string; readonly os: Host["os"] },
): LaunchLine {
  const argv = place.os === "windows" ? request.argv : wrapArgv(request);
  const [command = "", ...args] = argv;
  return { command, args, cwd: place.cwd, env: request.env };
}

// The shell gives 127 and 126 where bwrap would give 1, and joins the two outputs in
// their true order.
function wrapArgv({ argv, mergesOutput }: LaunchRequest): readonly string[] {
  const script = mergesOutput ? 'exec "$@" 2>&1' : 'exec "$@"';
  return [SHELL, "-c", script, "sh", ...argv];
}

// Variables of the command must not steer the launcher's own runtime (LD_PRELOAD, DENO_*,
// NODE_OPTIONS): it gets PATH, by which it finds the command, and what `deno run` needs.
function launcherEnv(
  host: LaunchHost,
  { env }: LauncherRequest,
): Record<string, string> {
  const own: Record<string, string> = {};
  for (const name of ["HOME", "DENO_DIR", "XDG_CACHE_HOME"]) {
    const value = host.env(name);
    if (value !== undefined) own[name] = value;
  }
  return env.PATH === undefined ? own : { ...own, PATH: env.PATH };
}
