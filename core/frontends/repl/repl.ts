/** `rondo` alone: a conversation in a terminal, or in plain lines where there is none. */
import { prepareFirstRun } from "./first_run.ts";
import { LineInput } from "./line_input.ts";
import { PlainRepl } from "./plain_repl.ts";
import { RichRepl } from "./rich_repl.ts";
import type { ReplRequest } from "../conversation/services.ts";

/** Runs until the user leaves; resolves to the exit code. */
export async function runRepl(request: ReplRequest): Promise<number> {
  const { services, terminal } = request;
  const lines = new LineInput(terminal.stdin);
  const code = await prepareFirstRun(
    services,
    terminal,
    terminal.stdin.isTty ? lines : undefined,
  );
  if (code !== undefined) return code;
  if (isRich(request)) return await new RichRepl(request).run();
  return await new PlainRepl(request, lines).run();
}

// Moving the cursor needs both ends of a terminal that knows how.
function isRich({ terminal, host }: ReplRequest): boolean {
  if (!terminal.stdin.isTty || !terminal.stdout.isTty) return false;
  const kind = terminal.env("TERM") ?? "";
  return kind === "" ? host.os === "windows" : kind !== "dumb";
}
