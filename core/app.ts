/** The application: which part of it a command line asks for. */
import { denoHost } from "./host/host.ts";
import { prepareProcess } from "./host/process.ts";
import { denoTerminal } from "./host/terminal.ts";
import type { CommandLine } from "./contract/command_line.ts";
import type { Host } from "./protocol/host.ts";
import { LIMITS } from "./protocol/limits.ts";
import type { Terminal } from "./protocol/terminal.ts";
import { unreachable } from "./util/assert.ts";

/** Runs a command and resolves to its exit code. Throws what its frontend did not phrase. */
export async function runApp(
  commandLine: CommandLine,
  options: { readonly mainUrl: string },
): Promise<number> {
  prepareProcess();
  const real = denoHost(options);
  const terminal = denoTerminal();
  const { flags } = commandLine;
  try {
    if (flags.record === undefined && flags.replay === undefined) {
      return await runCommand(commandLine, real, terminal);
    }
    const { runRecorded } = await import("./app/cassette.ts");
    return await runRecorded(
      commandLine,
      { host: real, terminal },
      (host) => runCommand(commandLine, host, terminal),
    );
  } finally {
    await flushOutput(terminal);
  }
}

// Exiting drops what is still queued: a last line must not depend on which part wrote it.
async function flushOutput({ stdout, stderr }: Terminal): Promise<void> {
  const timeoutMs = LIMITS.outputFlushStoppedMs;
  await Promise.all([stdout.flush({ timeoutMs }), stderr.flush({ timeoutMs })]);
}

// Each part is loaded when it is asked for: most of them are never needed together.
async function runCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { command } = commandLine;
  switch (command) {
    case "exec":
    case "exec resume":
    case "exec fork":
    case "exec review": {
      const { runExecCommand } = await import("./app/commands/exec.ts");
      return await runExecCommand(commandLine, host, terminal);
    }
    case "repl":
    case "resume":
    case "fork": {
      const { runReplCommand } = await import("./app/repl/command.ts");
      return await runReplCommand(commandLine, host, terminal);
    }
    case "sessions list":
    case "sessions show":
    case "sessions search":
    case "sessions rename":
    case "sessions archive":
    case "sessions delete":
    case "sessions export":
    case "sessions verify":
    case "sessions repair":
    case "sessions prune":
    case "sessions cache": {
      const { runSessionCommand } = await import("./app/commands/sessions.ts");
      return await runSessionCommand(commandLine, host, terminal);
    }
    case "rollback":
    case "undo": {
      const { runUndoCommand } = await import("./app/commands/undo.ts");
      return await runUndoCommand(commandLine, host, terminal);
    }
    case "sandbox":
    case "policy explain":
    case "policy test":
    case "policy lint":
    case "policy rules": {
      const { runPolicyCommand } = await import("./app/policy/command.ts");
      return await runPolicyCommand(commandLine, host, terminal);
    }
    case "config explain":
    case "login":
    case "login status":
    case "logout":
    case "features list":
    case "schema": {
      const { runSetupCommand } = await import("./app/commands/setup.ts");
      return await runSetupCommand({ ...commandLine, command }, host, terminal);
    }
    default:
      return await runMoreCommands(
        { ...commandLine, command },
        host,
        terminal,
      );
  }
}

type MoreCommand = Extract<
  CommandLine["command"],
  | "doctor"
  | "trust"
  | "debug prompt"
  | "apply-patch"
  | `mcp${string}`
  | "completion"
  | "man"
>;

async function runMoreCommands(
  commandLine: CommandLine & { readonly command: MoreCommand },
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { command } = commandLine;
  switch (command) {
    case "doctor": {
      const { runDoctor } = await import("./app/commands/doctor.ts");
      return await runDoctor(commandLine, host, terminal);
    }
    case "trust": {
      const { runTrustCommand } = await import("./app/trust/command.ts");
      return await runTrustCommand(commandLine, host, terminal);
    }
    case "debug prompt": {
      const { runDebugPrompt } = await import("./app/commands/debug_prompt.ts");
      return await runDebugPrompt(commandLine, host, terminal);
    }
    case "apply-patch": {
      const { runApplyPatchRole } = await import(
        "./app/commands/apply_patch.ts"
      );
      return await runApplyPatchRole();
    }
    case "mcp list":
    case "mcp get":
    case "mcp add":
    case "mcp remove":
    case "mcp login":
    case "mcp logout":
    case "mcp test": {
      const { runMcpCommand } = await import("./app/mcp/command.ts");
      return await runMcpCommand({ ...commandLine, command }, host, terminal);
    }
    case "mcp-server": {
      const { runMcpServerCommand } = await import(
        "./app/commands/mcp_server.ts"
      );
      return await runMcpServerCommand(commandLine, host, terminal);
    }
    case "completion":
    case "man":
      throw new Error(`Broken invariant: ${command} is answered before`);
    default:
      return unreachable(command);
  }
}
