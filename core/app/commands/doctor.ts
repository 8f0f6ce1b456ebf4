/** `rondo doctor`: whether a turn could run here, and what is missing. */
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import { providerOf } from "../../config/provider/providers.ts";
import { heldPermissions, ROLE_PERMISSIONS } from "../../host/process.ts";
import { readRuntimeIdentity } from "../../host/runtime_identity.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { UserError } from "../../protocol/error.ts";
import { exitCode, type ExitName } from "../../contract/exit_code.ts";
import type { Host } from "../../protocol/host.ts";
import { hasColor, type Terminal } from "../../protocol/terminal.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import { shownText } from "../../util/text/visible_text.ts";
import {
  type Check,
  checkCredentials,
  checkHome,
  checkSandbox,
} from "./doctor_checks.ts";
import { checkNetwork, checkProvider } from "./doctor_network.ts";
import { printLines } from "../print.ts";
import { realFolder } from "../runtime.ts";

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
  const [sandbox, credentials, reached, home] = await Promise.all([
    checkSandbox(host, loaded),
    checkCredentials(host, loaded, provider),
    checkProvider(host, provider),
    checkHome(host, loaded),
  ]);
  return [
    ...home,
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
