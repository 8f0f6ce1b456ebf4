/** The hooks and the notifier of a run, and what they run with. */
import { isSecretAddress } from "../policy/command_env.ts";
import { loadHooks } from "../config/hooks.ts";
import type { Config } from "../config/file/schema.ts";
import type { LoadedConfig } from "../config/load.ts";
import { secretNames } from "../config/secrets.ts";
import type { Flags } from "../contract/command_line.ts";
import { type Hooks, NO_HOOKS } from "../protocol/hooks.ts";
import type { Host } from "../protocol/host.ts";
import type { ThreadMeta } from "../protocol/log.ts";
import { PROGRAM } from "../protocol/version.ts";
import { createHooks } from "../session/hooks/hooks.ts";
import { createNotify, type Notify } from "../session/hooks/notify.ts";

/**
 * The hooks that count, and what is not understood in their files. In a staged run they start
 * in the real folder: what was approved lies there, and the model writes in the other one.
 * Throws UserError.
 */
export async function openHooks(
  host: Host,
  loaded: LoadedConfig,
  flags: Pick<Flags, "stage"> = {},
): Promise<{ readonly hooks: Hooks; readonly warnings: readonly string[] }> {
  const { hooks, warnings } = await loadHooks(host, loaded);
  if (hooks.length === 0) return { hooks: NO_HOOKS, warnings };
  const handlers = hooks.map(({ isOwn, ...hook }) => ({
    ...hook,
    ...(!loaded.bypassesHookTrust && {
      check: () => loaded.checkPrograms({ command: hook.command }, { isOwn }),
    }),
  }));
  const env = programEnv(host, loaded.config);
  return {
    hooks: createHooks(host, {
      handlers,
      env,
      folder: startFolder(loaded, flags),
    }),
    warnings,
  };
}

/** The configured notifier; undefined when there is none. */
export function openNotify(
  host: Host,
  loaded: LoadedConfig,
  options: {
    readonly source: ThreadMeta["source"];
    readonly flags: Pick<Flags, "stage">;
    readonly warn: (message: string) => void;
  },
): Notify | undefined {
  const { notify } = loaded.config;
  if (notify === undefined) return undefined;
  return createNotify(host, {
    argv: notify,
    check: () => loaded.checkPrograms({ args: notify }, { isOwn: true }),
    env: programEnv(host, loaded.config),
    folder: startFolder(loaded, options.flags),
    client: `${PROGRAM}_${options.source}`,
    warn: options.warn,
  });
}

function startFolder(
  { cwd }: Pick<LoadedConfig, "cwd">,
  { stage }: Pick<Flags, "stage">,
): string | undefined {
  return stage ? cwd : undefined;
}

/** The person's own environment, without the keys of providers and servers. */
export function programEnv(
  host: Pick<Host, "envAll">,
  config: Config,
): Readonly<Record<string, string>> {
  const secrets = new Set(secretNames(config));
  return Object.fromEntries(
    Object.entries(host.envAll()).filter(([name, value]) =>
      !secrets.has(name) && !isSecretAddress(name, value)
    ),
  );
}
