/** One working way to confine a command, and how a command is started under it. */
import { configError, SandboxUnavailable } from "../../core/protocol/error.ts";
import type {
  Host,
  SpawnArgument,
  SpawnRequest,
} from "../../core/protocol/host.ts";
import type {
  ProfileParts,
  SandboxStatus,
} from "../../core/protocol/policy.ts";
import { isInside } from "../../core/util/path.ts";
import { fitsArguments } from "../../core/util/program/become.ts";
import { unreachable } from "../../core/util/assert.ts";
import { buildBwrapArguments, BWRAP_ENV, type BwrapFeatures } from "./bwrap.ts";
import {
  LAUNCHER,
  type LauncherRequest,
  planConfinement,
  planInnerConfinement,
} from "./landlock.ts";
import { buildLauncherImage, buildPlainImage } from "./launch_image.ts";
import { buildSeatbeltArguments, SEATBELT_PROGRAM } from "./seatbelt.ts";
import type { SandboxPlan } from "../plan/plan.ts";
import type { ShownPath } from "../plan/shown.ts";

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
    /** Version in the kernel, once it is proved. */
    readonly abi?: number;
    /** Newest version to use; for tests of older kernels. */
    readonly abiMax?: number;
  }
  | { readonly kind: "seatbelt"; readonly name: "seatbelt" };

/** Where and how a command is confined. */
export interface LaunchPlan {
  readonly backend: Backend;
  readonly plan: SandboxPlan;
  /** What lies in `/`, for a back end with Landlock. */
  readonly top?: readonly ShownPath[];
  /** How it enters a network without a way out, instead of making one. */
  readonly entry?: Pick<SpawnRequest, "before" | "inherits"> | undefined;
}

type LaunchRequest = Omit<LauncherRequest, "confine">;

/** What to spawn; streams and group are the caller's to choose. */
export type LaunchLine = Pick<
  SpawnRequest,
  | "args"
  | "before"
  | "command"
  | "cwd"
  | "env"
  | "image"
  | "inherits"
  | "leavesTerminal"
>;

type LaunchHost = Pick<Host, "arch" | "env" | "pid" | "selfCommand" | "uid">;

const SHELL = "/bin/sh";

/** Whether the back end gives rights by Landlock, alone or as a second layer. */
export function hasLandlock(backend: Backend): boolean {
  return backend.kind === "landlock" ||
    (backend.kind === "bwrap" && backend.features.hasLandlock === true);
}

/** Whom servers of commands can serve while the network is closed; undefined when it is open. */
export function loopbackOf(
  backend: Backend,
  plan: Pick<SandboxPlan, "networkAccess">,
): SandboxStatus["loopback"] {
  if (plan.networkAccess) return undefined;
  if (backend.kind !== "bwrap" || !backend.features.networkNamespace) {
    return "none";
  }
  return backend.features.sharesNetwork ? "shared" : "private";
}

/** How the request is started under the plan. */
export function buildLaunch(
  host: LaunchHost,
  { backend, plan, top = [], entry }: LaunchPlan,
  request: LaunchRequest,
): LaunchLine {
  const { cwd } = plan;
  switch (backend.kind) {
    case "bwrap": {
      const inner = backend.features.hasLandlock
        ? buildInnerLaunch(host, plan, {
          ...request,
          confine: planInnerConfinement(plan, top),
        })
        : request.attempts !== undefined
        ? buildInnerLaunch(host, plan, request)
        : { argv: wrapInside(request, host.arch), env: request.env };
      return {
        command: backend.features.program,
        args: buildBwrapArguments(plan, backend.features, {
          ...inner,
          arch: host.arch,
          hasTerminal: request.hasTerminal ?? false,
          hasNetwork: entry !== undefined,
        }),
        cwd: "/",
        env: BWRAP_ENV,
        leavesTerminal: true,
        ...entry,
      };
    }
    case "landlock": {
      const { abi, abiMax } = backend;
      const confine = {
        ...planConfinement(plan, host, top),
        ...(request.hasTerminal && { hasTerminal: true }),
        ...(abi === undefined ? {} : { abi }),
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

/**
 * Starts the launcher: a program made for the request, or where the machine runs none such
 * this program, to which the request travels as an inherited descriptor.
 */
function buildSelfLaunch(
  host: LaunchHost,
  request: LauncherRequest,
  cwd: string,
): LaunchLine {
  const [command = "", ...args] = host.selfCommand([LAUNCHER.role]);
  const json = new TextEncoder().encode(JSON.stringify(request));
  return {
    command,
    args: [...args, json],
    image: buildLauncherImage(request, host),
    cwd,
    env: launcherEnv(host, request),
  };
}

function buildInnerLaunch(
  host: LaunchHost,
  plan: SandboxPlan,
  request: LauncherRequest,
): Pick<LaunchLine, "env"> & { readonly argv: LaunchLine["args"] } {
  const launch = buildSelfLaunch(host, request, plan.cwd);
  return { argv: lineArguments(launch), env: launch.env };
}

// What passes on descriptors by their numbers.
function lineArguments(
  { command, args, image }: LaunchLine,
): readonly SpawnArgument[] {
  const instead = [command, ...args];
  return image === undefined ? instead : [{ image, instead }];
}

function wrapInside(
  request: LaunchRequest,
  arch: Host["arch"],
): readonly SpawnArgument[] {
  const instead = wrapArgv(request);
  if (!fitsArguments(request)) return instead;
  const image = buildPlainImage(request, arch, { ownSession: false });
  return [{ image, instead }];
}

/** How the request is started without any sandbox. */
export function buildPlainLaunch(
  request: LaunchRequest,
  { arch, cwd, os, ownSession }: Pick<Host, "arch" | "cwd" | "os"> & {
    readonly ownSession: boolean;
  },
): LaunchLine {
  const argv = os === "windows" ? request.argv : wrapArgv(request);
  const [command = "", ...args] = argv;
  const line = { command, args, cwd, env: request.env };
  return os === "linux" && fitsArguments(request)
    ? { ...line, image: buildPlainImage(request, arch, { ownSession }) }
    : line;
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

/** What a plan asks for that the back end cannot do throws UserError or SandboxUnavailable. */
export function refuseWhatCannotBe(
  backend: Backend,
  plan: SandboxPlan,
  { profile }: Pick<ProfileParts, "profile">,
): void {
  const by = profile === undefined
    ? " (deny_read)"
    : ` (permission profile "${profile}")`;
  if (backend.kind === "bwrap") {
    const { program } = backend.features;
    const around = plan.mounts.find(({ kind, path }) =>
      kind === "writable" && isInside(program, path)
    );
    if (around === undefined) return;
    throw new SandboxUnavailable(
      `Cannot use ${program}: it lies in the writable folder ${around.path}, must be out of reach of commands`,
    );
  }
  if (backend.kind !== "landlock") return;
  const hidden = plan.mounts.find(({ kind, path }) =>
    kind.startsWith("hidden") &&
    plan.plainRoots.some((root) => isInside(path, root))
  );
  if (hidden !== undefined) {
    throw configError(
      `Cannot hide ${hidden.path}${by}: it lies in a writable folder and the back end is landlock, must be bwrap or lie elsewhere`,
    );
  }
  const [kept] = plan.kept ?? [];
  if (kept !== undefined) {
    throw configError(
      `Cannot keep ${kept} read-only${by}: it lies in a writable folder and the back end is landlock, must be bwrap or lie elsewhere`,
    );
  }
  const [exposed] = plan.exposed;
  if (exposed !== undefined) {
    throw new SandboxUnavailable(
      `Cannot protect ${exposed}: it lies in a writable folder and the back end is landlock, must be bwrap or lie elsewhere`,
    );
  }
}
