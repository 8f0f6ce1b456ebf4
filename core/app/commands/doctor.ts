/** `rondo doctor`: whether a turn could run here, and what is missing. */
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import { type Provider, providerOf } from "../../config/provider/providers.ts";
import { withoutUrlSecrets } from "../../config/secrets.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { exitCode, type ExitName } from "../../contract/exit_code.ts";
import { openHttpClient } from "../../host/http_client.ts";
import { heldPermissions, ROLE_PERMISSIONS } from "../../host/process.ts";
import { readRuntimeIdentity } from "../../host/runtime_identity.ts";
import { buildConnectError } from "../../model/connect_error.ts";
import { UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { hasColor, type Terminal } from "../../protocol/terminal.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import { shownText } from "../../util/text/visible_text.ts";
import { printLines } from "../print.ts";
import { realFolder } from "../runtime.ts";
import type { Check } from "./check.ts";
import { checkCredentials, checkHome, checkSandbox } from "./doctor_checks.ts";
import { checkMachine } from "./doctor_disk.ts";

/** What a program that asks gets first: which of several things is missing. */
const URGENCY: readonly ExitName[] = ["config", "auth", "sandbox", "provider"];

const COLORS: Readonly<Record<Check["status"], number>> = {
  ok: 32,
  warning: 33,
  failed: 31,
};

/** Looks at everything, prints it, and resolves to the exit code a turn would have. */
export async function runDoctor(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  if (commandLine.command === "doctor provider") {
    const { runDoctorProvider } = await import("./doctor_provider.ts");
    return await runDoctorProvider(commandLine, host, terminal);
  }
  const { flags } = commandLine;
  const [checks, runtime] = await Promise.all([
    runChecks(commandLine, host),
    readRuntimeIdentity(),
  ]);
  const missing = checks.flatMap(({ exit }) => exit ?? []);
  const worst = URGENCY.find((name) => missing.includes(name));
  const code = worst === undefined ? 0 : exitCode(worst);
  const report = {
    program: PROGRAM,
    version: VERSION,
    runtime,
    os: host.os,
    arch: host.arch,
    uid: host.uid,
    ok: code === 0,
    exit_code: code,
    checks: checks.map(({ name, status, summary, facts }) => ({
      ...facts,
      name,
      status,
      summary,
    })),
  };
  const print = printLines(terminal, flags.json ?? false);
  await print(
    report,
    () =>
      renderReport(
        { checks, host, runtime },
        hasColor(terminal, terminal.stdout),
      ),
  );
  return code;
}

async function runChecks(
  { flags }: CommandLine,
  host: Host,
): Promise<readonly Check[]> {
  let loaded: LoadedConfig;
  try {
    const cwd = await realFolder(host, flags.cd ?? ".");
    loaded = await loadConfig(host, { flags, cwd, canAsk: true });
    return await runLoadedChecks(host, loaded);
  } catch (error) {
    if (!(error instanceof UserError) || error.kind === "usage") throw error;
    return [checkPermissions(), {
      name: "configuration",
      status: "failed",
      summary: error.message,
      lines: [],
      facts: { problem: error.message },
      exit: "config",
    }];
  }
}

async function runLoadedChecks(
  host: Host,
  loaded: LoadedConfig,
): Promise<readonly Check[]> {
  const provider = providerOf(loaded.config, host);
  const [sandbox, credentials, reached, home, machine] = await Promise.all([
    checkSandbox(host, loaded),
    checkCredentials(host, loaded, provider),
    checkProvider(host, provider),
    checkHome(host, loaded),
    checkMachine(host),
  ]);
  return [
    ...home,
    ...machine,
    credentials,
    checkNetwork(host, provider),
    reached,
    sandbox,
    checkPermissions(),
  ];
}

// The agent's are asked for; those of the other roles are what they give up at their start.
function checkPermissions(): Check {
  const held = heldPermissions();
  const roles = { agent: held, "apply-patch": ROLE_PERMISSIONS["apply-patch"] };
  return {
    name: "permissions",
    status: "ok",
    summary: `the agent keeps ${held.join(", ")}`,
    lines: [
      `apply-patch keeps ${roles["apply-patch"].join(", ")}`,
      "the sandbox launcher becomes the command",
    ],
    facts: { roles },
  };
}

function renderReport(
  { checks, host, runtime }: {
    readonly checks: readonly Check[];
    readonly host: Pick<Host, "os" | "arch" | "uid">;
    readonly runtime: Awaited<ReturnType<typeof readRuntimeIdentity>>;
  },
  isColored: boolean,
): readonly string[] {
  const { deno, part, sha256 } = runtime;
  const paint = (status: Check["status"]): string => {
    const word = status.padEnd(8);
    return isColored ? `\x1b[${COLORS[status]}m${word}\x1b[0m` : word;
  };
  return [
    `${PROGRAM} ${VERSION}, deno ${deno}, ${host.os} ${host.arch}, uid ${host.uid}`,
    `sha256 of the ${part} ${sha256}`,
    "",
    ...checks.flatMap(({ name, status, summary, lines }) => [
      `${name.padEnd(14)} ${paint(status)} ${shownText(summary)}`,
      ...lines.map((line) => `${" ".repeat(24)}${shownText(line)}`),
    ]),
  ];
}

/**
 * One HEAD of the base URL, for chat completions of their own: not every gateway has
 * something at both. Without the key; every answer will do.
 */
async function checkProvider(
  host: Host,
  provider: Provider,
): Promise<Check> {
  const isChat = provider.wireApi === "chat";
  const url = `${provider.baseUrl}${isChat ? "/chat/completions" : ""}`;
  const tried = `HEAD ${withoutUrlSecrets(url)}`;
  const startedMs = host.monotonicMs();
  const end = (
    problem: string | undefined,
    answer: { readonly status?: number; readonly warnings: readonly string[] },
  ): Check => {
    const tookMs = Math.round(host.monotonicMs() - startedMs);
    return {
      name: "provider",
      status: problem === undefined ? "ok" : "failed",
      summary: problem ?? `answers (HTTP ${answer.status}, ${tookMs} ms)`,
      lines: [
        `tried: ${tried}, for at most ${LIMITS.reachMs} ms`,
        ...(/dns error|no answer/.test(problem ?? "") ? [NO_NETWORK] : []),
        ...answer.warnings,
      ],
      facts: {
        id: provider.id,
        base_url: withoutUrlSecrets(provider.baseUrl),
        wire_api: provider.wireApi,
        tried,
        http_status: answer.status ?? null,
        duration_ms: tookMs,
        problem: problem ?? null,
        warnings: answer.warnings,
      },
      ...(problem === undefined ? {} : { exit: "provider" as const }),
    };
  };
  const { client, warnings } = await openHttpClient(host, provider);
  const answer = await reach(host, url, client);
  return typeof answer === "string"
    ? end(answer, { warnings })
    : end(undefined, { status: answer, warnings });
}

const NO_NETWORK =
  `what helps: a network or HTTPS_PROXY, or a model on this machine (${PROGRAM} help providers)`;

async function reach(
  host: Host,
  url: string,
  client: unknown,
): Promise<number | string> {
  const tooLate = new AbortController();
  const enough = new AbortController();
  host.sleep(LIMITS.reachMs, enough.signal).then(
    () => tooLate.abort(),
    () => {},
  );
  try {
    const response = await host.fetch(url, {
      method: "HEAD",
      signal: tooLate.signal,
      redirect: "manual",
      ...(client === undefined ? {} : { client }),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    if (tooLate.signal.aborted) {
      return `Cannot reach ${
        withoutUrlSecrets(url)
      }: no answer in ${LIMITS.reachMs} ms`;
    }
    return buildConnectError(error, url).message;
  } finally {
    enough.abort();
  }
}

const PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
const CA_NAMES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];

/** Proxies and certificate authorities as the environment and the provider name them. */
function checkNetwork(host: Host, provider: Provider): Check {
  const valueOf = (name: string): string | undefined =>
    host.env(name) || host.env(name.toLowerCase());
  const found = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.flatMap((name) => {
      const value = valueOf(name);
      return value ? [[name, withoutUrlSecrets(value)]] : [];
    }));
  const proxy = {
    ...found(PROXY_NAMES),
    ...(provider.proxyUrl === undefined
      ? {}
      : { provider: withoutUrlSecrets(provider.proxyUrl) }),
  };
  const authorities = {
    ...found(CA_NAMES),
    ...(provider.caBundle === undefined ? {} : { provider: provider.caBundle }),
  };
  const lines = (title: string, values: Record<string, string>): string[] =>
    Object.entries(values).map(([key, value]) => `${title} ${key}: ${value}`);
  const hasProxy = Object.keys(proxy).length > 0;
  const hasOwn = Object.keys(authorities).length > 0;
  return {
    name: "network",
    status: "ok",
    summary: `${hasProxy ? "through a proxy" : "no proxy"}, ${
      hasOwn ? "further authorities" : "built-in authorities"
    }`,
    lines: [...lines("proxy", proxy), ...lines("authorities", authorities)],
    facts: { proxy, authorities },
  };
}
