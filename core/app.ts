/** The application: which part of it a command line asks for. */
import { denoHost } from "./host/host.ts";
import { prepareProcess } from "./host/process.ts";
import { denoTerminal } from "./host/terminal/terminal.ts";
import type { CommandLine, CommandName } from "./contract/command_line.ts";
import type { Host } from "./protocol/host.ts";
import { LIMITS } from "./protocol/limits.ts";
import { checkOutputs } from "./app/output_file.ts";
import { visibleTerminal } from "./app/print.ts";
import type { EarlySignals, Terminal } from "./protocol/terminal.ts";

type Run = (
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
) => Promise<number>;

/** Runs a command and resolves to its exit code. Throws what its frontend did not phrase. */
export async function runApp(
  commandLine: CommandLine,
  options: {
    readonly mainUrl: string;
    readonly earlySignals?: EarlySignals | undefined;
  },
): Promise<number> {
  prepareProcess();
  const real = denoHost({ mainUrl: options.mainUrl, adoptsOrphans: true });
  const terminal = denoTerminal(options);
  const { flags, command } = commandLine;
  const word = command.split(" ")[0] as keyof Loaders;
  try {
    await checkOutputs(real, flags);
    // The word chooses a part that takes its commands: the types of the table say so.
    const run = await LOADERS[word]() as Run;
    // These make their parts visible before they colour them, or speak a protocol.
    const screen = OWN_SCREEN.has(word) ? terminal : visibleTerminal(terminal);
    if (flags.record === undefined && flags.replay === undefined) {
      return await run(commandLine, real, screen);
    }
    const { runRecorded } = await import("./app/cassette.ts");
    return await runRecorded(
      commandLine,
      { host: real, terminal: visibleTerminal(terminal) },
      (host) => run(commandLine, host, screen),
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

type Word<C extends string> = C extends `${infer W} ${string}` ? W : C;

/** Commands whose text `main.ts` prints without the application. */
type Printed = "completion" | "man";

type Loaders = {
  readonly [W in Word<Exclude<CommandName, Printed>>]: () => Promise<
    (
      commandLine: CommandLine & {
        readonly command: Extract<CommandName, W | `${W} ${string}`>;
      },
      host: Host,
      terminal: Terminal,
    ) => Promise<number>
  >;
};

const OWN_SCREEN: ReadonlySet<string> = new Set<keyof Loaders>([
  "repl",
  "resume",
  "fork",
  "exec",
  "batch",
  "doctor",
  "apply-patch",
  "mcp-server",
  "app-server",
  "acp",
]);

// By the first word of a command. Each part is loaded when it is asked for: most of them
// are never needed together.
const LOADERS: Loaders = {
  "repl": loadRepl,
  "resume": loadRepl,
  "fork": loadRepl,
  "exec": loadExec,
  "review": loadExec,
  "batch": async () => (await import("./app/batch/command.ts")).runBatchCommand,
  "sessions": async () =>
    (await import("./app/commands/sessions.ts")).runSessionCommand,
  "rollback": loadUndo,
  "undo": loadUndo,
  "apply": async () =>
    (await import("./app/stage/apply_command.ts")).runApplyCommand,
  "sandbox": loadPolicy,
  "policy": loadPolicy,
  "config": loadSetup,
  "login": loadSetup,
  "logout": loadSetup,
  "features": loadSetup,
  "schema": loadSetup,
  "completion": async () =>
    (await import("./app/commands/words.ts")).runWordsCommand,
  "doctor": async () => (await import("./app/commands/doctor.ts")).runDoctor,
  "trust": async () => (await import("./app/trust/command.ts")).runTrustCommand,
  "debug": async () =>
    (await import("./app/commands/debug_prompt.ts")).runDebugPrompt,
  "apply-patch": async () => {
    const role = await import("./app/commands/apply_patch.ts");
    return () => role.runApplyPatchRole();
  },
  "mcp": async () => (await import("./app/mcp/command.ts")).runMcpCommand,
  "mcp-server": async () =>
    (await import("./app/serve/mcp_server.ts")).runMcpServerCommand,
  "app-server": async () =>
    (await import("./app/serve/app_server.ts")).runAppServerCommand,
  "acp": async () => (await import("./app/serve/acp.ts")).runAcpCommand,
};

async function loadExec(): Promise<Run> {
  return (await import("./app/commands/exec.ts")).runExecCommand;
}

async function loadRepl(): Promise<Run> {
  return (await import("./app/repl/command.ts")).runReplCommand;
}

async function loadUndo(): Promise<Run> {
  return (await import("./app/commands/undo.ts")).runUndoCommand;
}

async function loadPolicy(): Promise<Run> {
  return (await import("./app/policy/command.ts")).runPolicyCommand;
}

async function loadSetup(): Promise<
  typeof import("./app/commands/setup.ts").runSetupCommand
> {
  return (await import("./app/commands/setup.ts")).runSetupCommand;
}
