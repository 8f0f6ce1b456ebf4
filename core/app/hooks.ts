/** The hooks and the notifier of a run: which of the configured ones may run, and with what. */
import {
  type HookSource,
  hookTrustPath,
  loadHooks,
  readHookTrust,
} from "../config/hooks.ts";
import { writeWhole } from "../config/file/files.ts";
import type { LoadedConfig } from "../config/load.ts";
import { secretNames } from "../config/secrets.ts";
import type { Flags } from "../contract/command_line.ts";
import { UserError } from "../protocol/error.ts";
import { type Hooks, NO_HOOKS } from "../protocol/hooks.ts";
import type { Host } from "../protocol/host.ts";
import type { ThreadMeta } from "../protocol/log.ts";
import { PROGRAM } from "../protocol/version.ts";
import { createHooks } from "../session/hooks/hooks.ts";
import { createNotify, type Notify } from "../session/hooks/notify.ts";

/** What a run knows of hooks. */
interface HookSetup {
  readonly hooks: Hooks;
  /** Hooks of the project that nobody has decided about. */
  readonly undecided: readonly HookSource[];
  readonly warnings: readonly string[];
}

/** Reads what is configured and leaves out what nobody trusts. Throws UserError "config". */
export async function openHooks(
  host: Host,
  loaded: LoadedConfig,
  flags: Flags,
): Promise<HookSetup> {
  const { sources, warnings } = await loadHooks(host, loaded);
  if (sources.length === 0) return { hooks: NO_HOOKS, undecided: [], warnings };
  const trust = await readHookTrust(host, loaded.codexHome);
  const isTrusted = (source: HookSource): boolean =>
    !source.isProject || flags.bypassHookTrust === true ||
    (trust[source.place]?.hash === source.hash &&
      trust[source.place]?.trusted === true);
  const left = sources.filter((source) => !isTrusted(source));
  const handlers = sources.filter(isTrusted).flatMap((source) => source.hooks);
  return {
    hooks: handlers.length === 0
      ? NO_HOOKS
      : createHooks(host, { handlers, env: programEnv(host, loaded) }),
    undecided: left.filter(({ place, hash }) => trust[place]?.hash !== hash),
    warnings: [...warnings, ...left.map(untrustedText)],
  };
}

/** Remembers the decision about these hooks until they change. */
export async function saveHookTrust(
  host: Host,
  codexHome: string | undefined,
  decided: {
    readonly sources: readonly HookSource[];
    readonly trusted: boolean;
  },
): Promise<void> {
  if (codexHome === undefined) {
    throw new UserError("config", "Cannot save trust: no home folder");
  }
  const trust = { ...await readHookTrust(host, codexHome) };
  for (const { place, hash } of decided.sources) {
    trust[place] = { hash, trusted: decided.trusted };
  }
  const text = `${JSON.stringify(trust, null, 2)}\n`;
  await writeWhole(host, hookTrustPath(codexHome), text, { mode: 0o600 });
}

/** The configured notifier; undefined when there is none. */
export function openNotify(
  host: Host,
  loaded: LoadedConfig,
  options: {
    readonly source: ThreadMeta["source"];
    readonly warn: (message: string) => void;
  },
): Notify | undefined {
  const { notify } = loaded.config;
  if (notify === undefined) return undefined;
  return createNotify(host, {
    argv: notify,
    env: programEnv(host, loaded),
    client: `${PROGRAM}_${options.source}`,
    warn: options.warn,
  });
}

// The person's own environment, without the keys of providers and servers.
function programEnv(
  host: Pick<Host, "envAll">,
  { config }: LoadedConfig,
): Readonly<Record<string, string>> {
  const secrets = new Set(secretNames(config));
  return Object.fromEntries(
    Object.entries(host.envAll()).filter(([name]) => !secrets.has(name)),
  );
}

function untrustedText({ place, hooks }: HookSource): string {
  const count = hooks.length === 1 ? "1 hook" : `${hooks.length} hooks`;
  return `Ignoring ${count} in ${place}: not trusted since they changed; ` +
    `start ${PROGRAM} in a terminal to decide, or pass --dangerously-bypass-hook-trust`;
}
