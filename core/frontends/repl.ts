/** `rondo` alone: a conversation in a terminal, or in plain lines where there is none. */
import type { Flags } from "../protocol/command_line.ts";
import type { Terminal } from "../protocol/terminal.ts";
import { prepareFirstRun } from "./repl_first_run.ts";
import { LineInput } from "./repl_lines.ts";
import { runPlainRepl } from "./repl_plain.ts";
import { runRichRepl } from "./repl_rich.ts";
import type { ReplHost, ReplServices } from "./repl_services.ts";

export interface ReplRequest {
  readonly services: ReplServices;
  readonly host: ReplHost;
  readonly terminal: Terminal;
  readonly flags: Flags;
  /** Sent as soon as the thread is open. */
  readonly firstPrompt?: string;
}

/** Talks until the person leaves; resolves to the exit code. */
export async function runRepl(request: ReplRequest): Promise<number> {
  const { services, terminal } = request;
  const lines = new LineInput(terminal.stdin);
  const code = await prepareFirstRun(
    services,
    terminal,
    terminal.stdin.isTty ? () => lines.readLine() : undefined,
  );
  if (code !== undefined) return code;
  if (isRich(request)) return await runRichRepl(request);
  return await runPlainRepl(request, lines);
}

// Moving the cursor needs both ends of a terminal that knows how.
function isRich({ terminal, host }: ReplRequest): boolean {
  if (!terminal.stdin.isTty || !terminal.stdout.isTty) return false;
  const kind = terminal.env("TERM") ?? "";
  return kind === "" ? host.os === "windows" : kind !== "dumb";
}
