/** `rondo sandbox` and `rondo policy …`: try and explain what commands may do. */
import { hasNetwork } from "../../protocol/policy.ts";
import { loadConfig } from "../../config/load.ts";
import { secretNames } from "../../config/secrets.ts";
import { reapChild } from "../../host/system/libc.ts";
import { buildCommandEnv } from "../../policy/command_env.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { errorReason, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { unreachable } from "../../util/assert.ts";
import { resolvePath } from "../../util/path.ts";
import { createSandbox, type SessionSandbox } from "../../../sandbox/mod.ts";
import { testPolicy } from "./cases.ts";
import {
  type CommandOutput,
  explainCommand,
  listRules,
  type Policies,
  revokeRule,
  scriptWords,
} from "./explain.ts";
import { lintPolicy } from "./lint.ts";
import type { RuleStore } from "../../../tools/gate/rule_store.ts";
import { settingsOf } from "../agent.ts";
import { printableJson, printOutput } from "../print.ts";
import { loadRules, realFolder } from "../runtime.ts";

type PolicyCommand =
  | "sandbox"
  | Extract<CommandLine["command"], `policy ${string}`>;

/** Of a command that `rondo sandbox` runs, as those of a thread are run. */
const NO_THREAD = "none";

/** Runs one of them and resolves to the exit code. Throws UserError, SandboxUnavailable. */
export async function runPolicyCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { flags } = commandLine;
  const cwd = await realFolder(host, flags.cd ?? ".");
  const loaded = await loadConfig(host, { flags, cwd, canAsk: true });
  for (const warning of loaded.warnings) {
    terminal.stderr.write(`Warning: ${warning}\n`);
  }
  const sandbox = createSandbox({
    host,
    codexHome: loaded.codexHome,
    reapChild,
    ...(flags.backend !== undefined && { backend: flags.backend }),
  });
  const rules = await loadRules(host, loaded, flags);
  const { sandbox: policy, approval } = settingsOf({
    loaded,
    canAsk: flags.headless !== true,
  });
  if (commandLine.command === "sandbox") {
    const { code, notes } = await sandbox.runInherited({
      argv: commandLine.args,
      cwd,
      threadId: NO_THREAD,
      env: buildCommandEnv({
        parent: host.envAll(),
        policy: loaded.config.shell_environment_policy,
        secretNames: secretNames(loaded.config),
        threadId: NO_THREAD,
        networkAccess: hasNetwork(policy),
      }),
      policy,
      signal: untilSignal(terminal),
    });
    for (const note of notes) terminal.stderr.write(`Note: ${note}\n`);
    return code;
  }
  const tmpDir = host.env("TMPDIR");
  const policies: Policies = {
    approval,
    sandbox: policy,
    rules: rules.current(),
    workspace: cwd,
    ...(tmpDir !== undefined && { tmpDir }),
  };
  const output = await runPolicy(
    commandLine,
    { host, sandbox, rules, policies, cwd },
  );
  const { report } = output;
  return await printOutput(
    terminal,
    flags.json && report !== undefined
      ? {
        exitCode: output.exitCode,
        stdout: `${printableJson(report, terminal.stdout)}\n`,
        stderr: "",
      }
      : output,
  );
}

interface Court {
  readonly host: Host;
  readonly sandbox: SessionSandbox;
  readonly rules: RuleStore;
  readonly policies: Policies;
  readonly cwd: string;
}

async function runPolicy(
  { command, args, flags }: CommandLine,
  court: Court,
): Promise<CommandOutput> {
  const { host, policies, cwd, rules } = court;
  const name = command as Exclude<PolicyCommand, "sandbox">;
  switch (name) {
    case "policy explain": {
      const mounts = await court.sandbox.describePlan(policies.sandbox, cwd);
      const [only = "", ...more] = args;
      return explainCommand(more.length === 0 ? scriptWords(only) : args, {
        ...policies,
        cwd,
        mounts: mounts.join("\n"),
      });
    }
    case "policy test": {
      const file = resolvePath(host.cwd, args[0] ?? "");
      const cases = await readCases(host, file);
      return testPolicy(cases, { ...policies, file, cwd });
    }
    case "policy lint":
      return lintPolicy(policies, { headless: flags.headless ?? false });
    case "policy rules":
      return flags.revoke === undefined
        ? listRules(rules.current())
        : await revokeRule(flags.revoke.split(" "), rules);
    default:
      return unreachable(name);
  }
}

async function readCases(host: Host, path: string): Promise<string> {
  try {
    const bytesMax = LIMITS.rulesFileBytes;
    return await host.files.readText(path, { bytesMax, pipe: true });
  } catch (error) {
    throw usageError(`Cannot read ${path}: ${errorReason(error)}`);
  }
}

// The command shares the terminal; what ends us ends it first.
function untilSignal(terminal: Terminal): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    terminal.onSignal(signal, () => controller.abort());
  }
  return controller.signal;
}
