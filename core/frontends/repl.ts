/** `rondo` alone: a conversation in a terminal, or in plain lines where there is none. */
import { prepareFirstRun } from "./repl_first_run.ts";
import { LineInput } from "./repl_lines.ts";
import { runPlainRepl } from "./repl_plain.ts";
import { runRichRepl } from "./repl_rich.ts";
import type { ReplRequest } from "./repl_request.ts";

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
