/** Which variables a command sees: the person's policy, the keys it never gets, ours. */
import type { TraceCarrier } from "../protocol/settings.ts";
import { matchesName } from "../util/glob.ts";

/** `[shell_environment_policy]`, as the configuration spells it. */
export interface EnvironmentPolicy {
  readonly inherit: "all" | "core" | "none";
  /** False drops names with KEY, SECRET or TOKEN in them. */
  readonly ignore_default_excludes: boolean;
  readonly exclude: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  /** Last: when not empty, nothing else of the above stays. */
  readonly include_only: readonly string[];
}

export interface CommandEnvInput {
  /** Our own environment. */
  readonly parent: Readonly<Record<string, string>>;
  readonly policy: EnvironmentPolicy;
  /** Variables that hold keys of configured providers and servers. */
  readonly secretNames: readonly string[];
  readonly threadId: string;
  /** The span it works under; what we inherited ourselves when absent. */
  readonly trace?: TraceCarrier | undefined;
  /** Whether the command will have a network; false is told to it. */
  readonly networkAccess: boolean;
}

const CORE = new Set(
  "HOME LOGNAME PATH SHELL USER USERNAME TMPDIR TEMP TMP".split(" "),
);
const DEFAULT_EXCLUDES = ["*KEY*", "*SECRET*", "*TOKEN*"];

/** Nobody looks at a command's terminal, and nobody answers its questions. */
const FORCED: Readonly<Record<string, string>> = {
  NO_COLOR: "1",
  TERM: "dumb",
  COLORTERM: "",
  LANG: "C.UTF-8",
  LC_CTYPE: "C.UTF-8",
  LC_ALL: "C.UTF-8",
  PAGER: "cat",
  GIT_PAGER: "cat",
  GH_PAGER: "cat",
  GIT_TERMINAL_PROMPT: "0",
  // Its file may name a program for rg to start (--pre), and lie where commands write.
  RIPGREP_CONFIG_PATH: "",
  CODEX_CI: "1",
};

/** The whole environment of a command. */
export function buildCommandEnv(
  input: CommandEnvInput,
): Readonly<Record<string, string>> {
  const { policy } = input;
  const secrets = new Set(input.secretNames.map((name) => name.toUpperCase()));
  const named = new Set(policy.include_only.map((name) => name.toUpperCase()));
  const inherited = Object.entries(input.parent).filter(([name, value]) =>
    isInherited(name, policy) &&
    (named.has(name.toUpperCase()) ||
      !secrets.has(name.toUpperCase()) && !isSecretAddress(name, value))
  );
  const all = [...inherited, ...Object.entries(policy.set)];
  const kept = policy.include_only.length === 0
    ? all
    : all.filter(([name]) => matchesAny(policy.include_only, name));
  return {
    ...Object.fromEntries(kept.filter(([name]) => !isOurs(name, input.trace))),
    ...traceVariables(input),
    ...FORCED,
    CODEX_THREAD_ID: input.threadId,
    ...(input.networkAccess ? {} : { CODEX_SANDBOX_NETWORK_DISABLED: "1" }),
  };
}

/** Whether it names a collector of telemetry with what lets somebody in there. */
export function isSecretAddress(name: string, value: string): boolean {
  return /^OTEL_EXPORTER_OTLP_(\w+_)?ENDPOINT$/i.test(name) &&
    /:\/\/[^/?#]*@|\?/.test(value);
}

// Where the call has a span, the one that we were started under is not its parent.
function isOurs(name: string, trace: TraceCarrier | undefined): boolean {
  return trace !== undefined && /^TRACE(PARENT|STATE)$/i.test(name);
}

function traceVariables(
  { trace = {}, policy }: CommandEnvInput,
): Readonly<Record<string, string>> {
  const { traceparent, tracestate } = trace;
  const variables = { TRACEPARENT: traceparent, TRACESTATE: tracestate };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined || matchesAny(policy.exclude, name)
        ? []
        : [[name, value]]
    ),
  );
}

function isInherited(name: string, policy: EnvironmentPolicy): boolean {
  if (policy.inherit === "none") return false;
  if (policy.inherit === "core" && !CORE.has(name.toUpperCase())) return false;
  if (
    !policy.ignore_default_excludes && matchesAny(DEFAULT_EXCLUDES, name)
  ) return false;
  return !matchesAny(policy.exclude, name);
}

function matchesAny(wildcards: readonly string[], name: string): boolean {
  return wildcards.some((wildcard) => matchesName(wildcard, name));
}
