/** What doctor looks at on this machine: sandbox, credentials, configuration, home. */
import { describePermissions } from "../../config/explain.ts";
import { sandboxPolicyOf } from "../../config/permissions/permissions.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { readLoginStatus } from "../../config/provider/login.ts";
import type { Provider } from "../../config/provider/providers.ts";
import { reapChild } from "../../host/system/libc.ts";
import {
  errorText,
  SandboxUnavailable,
  UserError,
} from "../../protocol/error.ts";
import type { ExitName } from "../../contract/exit_code.ts";
import type { Host } from "../../protocol/host.ts";
import type { SandboxStatus } from "../../protocol/policy.ts";
import { dirname } from "../../util/path.ts";
import {
  createSandbox,
  type Diagnosis,
  runDiagnosis,
} from "../../../sandbox/mod.ts";
import { NO_HOME } from "../agent.ts";

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `failed`: no turn can run like this. */
  readonly status: "ok" | "warning" | "failed";
  /** One line for people. */
  readonly summary: string;
  /** More lines for people. */
  readonly lines: readonly string[];
  /** The same for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The exit code a turn would end with. */
  readonly exit?: ExitName;
}

const CAPABILITIES = [
  "fs_write",
  "fs_read",
  "metadata",
  "tcp",
  "udp",
  "unix_sockets",
  "signals",
  "pids",
] as const;

const LOOPBACK_WORDS = {
  shared: "reached by commands of the same conversation with the same rights",
  private: "reached by the command that runs them alone",
  none: "impossible, there is no loopback",
} as const;

/** Every back end tried, and what the configured policy gets. */
export async function checkSandbox(
  host: Host,
  loaded: LoadedConfig,
): Promise<Check> {
  const policy = sandboxPolicyOf(loaded);
  const { attempts, chosen } = await runDiagnosis(host);
  const codexHome = loaded.codexHome ?? NO_HOME;
  const sandbox = createSandbox({ host, codexHome, reapChild });
  const sandboxStatus = await sandbox.sandboxStatus(policy, loaded.cwd).catch(
    (error) => {
      if (error instanceof SandboxUnavailable) return error.message;
      if (error instanceof UserError) return error.message;
      throw error;
    },
  );
  const name = "sandbox";
  const attemptLines = attempts.map(describeAttempt);
  const held = describePermissions(loaded);
  const facts = {
    mode: policy.mode,
    held,
    chosen,
    rungs: attempts.map(({ isProved, ...attempt }) => ({
      ...attempt,
      holds: isProved,
    })),
  };
  if (typeof sandboxStatus === "string") {
    return {
      name,
      status: "failed",
      summary: sandboxStatus,
      lines: attemptLines,
      facts: { ...facts, problem: sandboxStatus },
      exit: "sandbox",
    };
  }
  const enforces = Object.fromEntries(
    CAPABILITIES.map((one) => [one, sandboxStatus.enforces.includes(one)]),
  );
  const isOpen = sandboxStatus.enforces.length === 0;
  const capabilities = CAPABILITIES.map((one) =>
    `${one} ${enforces[one] ? "yes" : "no"}`
  );
  return {
    name,
    status: isOpen ? "warning" : "ok",
    summary: `${sandboxStatus.backend} for ${sandboxStatus.mode}`,
    lines: [
      ...held,
      ...attemptLines,
      `enforced here: ${capabilities.join(", ")}`,
      ...describeServers(sandboxStatus),
      ...(sandboxStatus.note === "" ? [] : [sandboxStatus.note]),
    ],
    facts: {
      ...facts,
      backend: sandboxStatus.backend,
      enforces,
      note: sandboxStatus.note,
      loopback: sandboxStatus.loopback ?? null,
    },
  };
}

function describeAttempt(
  { name, isProved, detail, hint, enforces }: Diagnosis["attempts"][number],
): string {
  const more = hint === "" ? "" : `; ${hint}`;
  if (!isProved) return `${name}: ${detail}${more}`;
  const lacks = detail === "" ? "" : `; ${detail}`;
  return `${name}: holds ${enforces.join(", ")}${lacks}`;
}

function describeServers({ loopback }: SandboxStatus): readonly string[] {
  return loopback === undefined
    ? []
    : [`servers of commands: ${LOOPBACK_WORDS[loopback]}`];
}

/** Where the key comes from; the key itself is not read out. */
export async function checkCredentials(
  host: Host,
  loaded: LoadedConfig,
  provider: Provider,
): Promise<Check> {
  const { text, isReady } = await readLoginStatus(
    host,
    provider,
    loaded.codexHome,
  );
  return {
    name: "credentials",
    status: isReady ? "ok" : "failed",
    summary: text,
    lines: [],
    facts: { source: provider.auth.type, text },
    ...(isReady ? {} : { exit: "auth" as const }),
  };
}

/** The layers of the configuration, and whether its home takes what is written. */
export async function checkHome(
  host: Host,
  loaded: LoadedConfig,
): Promise<readonly Check[]> {
  const layers = loaded.layers.map(({ kind, file }) => ({
    kind,
    file: file ?? null,
  }));
  const files = layers.filter(({ file }) => file !== null);
  const { trust, warnings, codexHome } = loaded;
  return [{
    name: "configuration",
    status: warnings.length === 0 ? "ok" : "warning",
    summary: files.length === 0
      ? "defaults only"
      : `read from ${files.map(({ file }) => file).join(", ")}`,
    lines: [
      `project ${trust.folder}: ${trust.level ?? "not decided"}`,
      ...warnings,
    ],
    facts: {
      layers,
      project: trust.folder,
      trust: trust.level ?? null,
      warnings,
    },
  }, await checkCodexHome(host, codexHome)];
}

// Without it everything works, and nothing is remembered.
async function checkCodexHome(
  host: Host,
  codexHome: string | undefined,
): Promise<Check> {
  const name = "home";
  if (codexHome === undefined) {
    return {
      name,
      status: "warning",
      summary: "no home folder: nothing is recorded",
      lines: [],
      facts: { codex_home: null, writable: false },
    };
  }
  const there = await nearestThere(host, codexHome);
  const problem = await findWriteProblem(host, there);
  const facts = { codex_home: codexHome, writable: problem === undefined };
  return problem === undefined
    ? {
      name,
      status: "ok",
      summary: there === codexHome
        ? `${codexHome} is writable`
        : `${codexHome} will be created by the first session`,
      lines: [],
      facts,
    }
    : {
      name,
      status: "warning",
      summary: `${codexHome}: ${problem}`,
      lines: ["sessions are not recorded"],
      facts: { ...facts, problem },
    };
}

/** The folder itself, or the first above it that exists: there it would be made. */
async function nearestThere(host: Host, folder: string): Promise<string> {
  let at = folder;
  while (at !== "/" && await host.files.stat(at) === undefined) {
    at = dirname(at);
  }
  return at;
}

async function findWriteProblem(
  host: Host,
  folder: string,
): Promise<string | undefined> {
  const path = `${folder}/.doctor-${host.newId()}`;
  try {
    await host.files.write(path, "", { exclusive: true, mode: 0o600 });
    await host.files.remove(path);
    return undefined;
  } catch (error) {
    return `not writable: ${errorText(error)}`;
  }
}
