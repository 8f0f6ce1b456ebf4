/** What the program is started as: itself, or one of the roles that must start fast and alone. */
import {
  holdSignals,
  ignoreMeaninglessSignals,
  releaseSignals,
} from "./host/terminal/signals.ts";
import { writeShort } from "./host/terminal/short_text.ts";
import type { Program } from "./host/program_script.ts";
import {
  buildCommit,
  EVENT_SCHEMA,
  PROGRAM,
  VERSION,
} from "./protocol/version.ts";

/**
 * Runs a role, or the program for all else; resolves to the exit code. The build compiles
 * this alone: its modules are few, and the application is the script beside them.
 */
export async function runRole(
  argv: readonly string[],
  program: Program,
): Promise<number> {
  // Where one of these words is, the build holds signals back (scripts/first_stage/).
  const mayBeRun = argv.includes("exec") || argv.includes("e");
  switch (argv[0]) {
    case "--version":
    case "-V":
      return await print(await versionText(argv.slice(1)));
    case "sandbox-exec-linux": {
      if (mayBeRun) releaseSignals();
      const { runLauncher } = await import("../sandbox/backends/launcher.ts");
      return await runLauncher(argv.slice(1));
    }
    case "apply-patch": {
      const isPlanned = argv.length === 2 && argv[1] === "--planned";
      if (argv.length > 1 && !isPlanned) return await program(argv);
      ignoreMeaninglessSignals();
      const { runApplyPatchRole } = await import(
        "./app/commands/apply_patch.ts"
      );
      return await runApplyPatchRole({ isPlanned });
    }
    default: {
      // What owes its reader a last line hears a signal from here on, all else just ends.
      const earlySignals = mayBeRun ? holdSignals() : undefined;
      if (!mayBeRun) ignoreMeaninglessSignals();
      return await program(argv, earlySignals);
    }
  }
}

/** The line of `--version`, or the lines where the words ask for more. */
export async function versionText(words: readonly string[]): Promise<string> {
  const text = `${PROGRAM} ${VERSION}\n`;
  if (!words.includes("--verbose")) return text;
  const { loadRuntimeText } = await import("./host/runtime_identity.ts");
  return `${text}commit ${buildCommit()}\nevents schema ${EVENT_SCHEMA}\n` +
    await loadRuntimeText();
}

/** Resolves to the exit code. A reader that has left is no error: `rondo --help | head -1`. */
export async function print(text: string): Promise<number> {
  const rest = writeShort(text);
  if (rest === "") return 0;
  const { denoTerminal } = await import("./host/terminal/terminal.ts");
  const { stdout } = denoTerminal();
  stdout.write(rest);
  return await stdout.flush() ? 0 : 1;
}
