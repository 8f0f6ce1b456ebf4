/** What doctor looks at on this machine: sandbox, credentials, configuration, home. */
import { describePermissions } from "../../config/explain.ts";
import { sandboxPolicyOf } from "../../config/permissions/permissions.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { readLoginStatus } from "../../config/provider/login.ts";
import type { Provider } from "../../config/provider/providers.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { reapChild } from "../../host/system/libc.ts";
import { SandboxUnavailable, UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { SandboxStatus } from "../../protocol/policy.ts";
import {
  createSandbox,
  type Diagnosis,
  runDiagnosis,
} from "../../../sandbox/mod.ts";
import { renderSize } from "../../session/library/list.ts";
import { readCheckpointBytes } from "../../session/undo/places.ts";
import type { Check } from "./check.ts";
import { findWriteProblem, nearestThere, remedyOf } from "./doctor_disk.ts";

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
  const { codexHome } = loaded;
  const sandbox = createSandbox({ host, codexHome, reapChild });
  const sandboxStatus = await sandbox.sandboxStatus(policy, loaded.cwd).catch(
    (error) => {
      if (error instanceof SandboxUnavailable) return error.message;
      if (error instanceof UserError) return error.message;
      throw error;
    },
  );
  const name = "sandbox";
  const attemptLines = describeAttempts(attempts);
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
      ...describeNote(sandboxStatus.note, attempts),
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

// Variants of one back end fail for one reason, and are helped by one thing.
function describeAttempts(attempts: Diagnosis["attempts"]): readonly string[] {
  const hints = new Set(attempts.map(({ hint }) => hint));
  hints.delete("");
  return [
    ...attempts.map(describeAttempt),
    ...[...hints].map((hint) => `what helps: ${hint}`),
  ];
}

function describeAttempt(
  { name, isProved, detail, enforces }: Diagnosis["attempts"][number],
): string {
  if (!isProved) return `${name}: ${detail}`;
  const lacks = detail === "" ? "" : `; ${detail}`;
  return `${name}: holds ${enforces.join(", ")}${lacks}`;
}

// Why others failed stands above already.
function describeNote(
  note: string,
  attempts: Diagnosis["attempts"],
): readonly string[] {
  return note.split("; ").filter((part) =>
    part !== "" && !attempts.some(({ name }) => part.startsWith(`${name}: `))
  );
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
    lines: isReady ? [] : [keyRemedy(provider)],
    facts: { source: provider.auth.type, text },
    ...(isReady ? {} : { exit: "auth" as const }),
  };
}

function keyRemedy({ auth }: Provider): string {
  return auth.type === "env"
    ? `what helps: export ${auth.name}=YOUR-KEY`
    : `what helps: export OPENAI_API_KEY=sk-YOUR-KEY, ${PROGRAM} login --with-api-key, or another provider (${PROGRAM} help providers)`;
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
  const there = await nearestThere(host.files, codexHome);
  const problem = await findWriteProblem(host, there);
  const bytes = await readCheckpointBytes(host, codexHome);
  const facts = {
    codex_home: codexHome,
    writable: problem === undefined,
    undo_bytes: bytes,
  };
  return problem === undefined
    ? {
      name,
      status: "ok",
      summary: there === codexHome
        ? `${codexHome} is writable`
        : `${codexHome} will be created by the first session`,
      lines: bytes === 0 ? [] : [
        `kept for undo: ${renderSize(bytes)} of at most ${
          renderSize(LIMITS.checkpointBytes)
        }`,
      ],
      facts,
    }
    : {
      name,
      status: "warning",
      summary: `${codexHome}: ${problem}`,
      lines: [`sessions are not recorded; ${remedyOf(problem)}`],
      facts: { ...facts, problem },
    };
}
