/** All layers -> the configuration that holds, with what managed policy changes about it. */
import { configError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { buildConfig, placed } from "./check.ts";
import { type Layer, mergeLayers } from "./layers.ts";
import { demand } from "./managed/demand.ts";
import type { Managed } from "./managed/managed.ts";
import {
  openPermissions,
  type Permissions,
  sandboxPolicyOf,
} from "./permissions/permissions.ts";
import type { Config } from "./file/schema.ts";

export interface Settled {
  /** Every default filled in; frozen. */
  readonly config: Config;
  /** What commands may do, by profile and by mode. */
  readonly permissions: Permissions;
  /** Weakest first. */
  readonly layers: readonly Layer[];
  readonly warnings: readonly string[];
  /** What the machine's administrator allows; absent where nothing is said. */
  readonly managed?: Managed;
}

interface Place {
  readonly cwd: string;
  readonly addDirs: readonly string[];
  readonly managed: Managed | undefined;
}

/** Weakest layer first. Throws UserError "config". */
export function settle(
  host: Host,
  layers: readonly Layer[],
  place: Place,
): Settled {
  const asked = build(host, layers, place);
  const { managed } = place;
  if (managed === undefined) return { ...asked, layers, warnings: [] };
  const { tree, warnings } = demand(managed, asked.config, {
    sandbox: sandboxPolicyOf(asked),
    profile: asked.permissions.active,
    home: host.homeDir(),
  });
  const all: readonly Layer[] = [...layers, {
    kind: "managed",
    tree,
    file: managed.file,
    prefix: [],
    base: place.cwd,
  }];
  const held = build(host, all, place);
  const problem = managed.refusal({
    sandbox: sandboxPolicyOf(held),
    approval: held.config.approval_policy,
  });
  if (problem !== undefined) {
    throw configError(`Cannot obey managed policy: ${problem}`);
  }
  return { ...held, layers: all, warnings, managed };
}

type Built = Pick<Settled, "config" | "permissions">;

function build(
  host: Host,
  layers: readonly Layer[],
  { cwd, addDirs }: Place,
): Built {
  const config = buildConfig(mergeLayers(layers), layers, host.homeDir());
  const trees = layers.filter(({ kind }) => kind !== "default")
    .map(({ tree }) => tree);
  // A profile says itself what is wrong with it; which file chose it is known here.
  const key = config.default_permissions === undefined
    ? "permissions"
    : "default_permissions";
  const permissions = placed(
    layers,
    [key],
    () =>
      openPermissions(config, trees, {
        cwd,
        home: host.homeDir(),
        tmpDir: host.env("TMPDIR"),
        os: host.os,
        addDirs,
      }),
  );
  return { config, permissions };
}
