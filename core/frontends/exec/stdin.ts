/** The prompt, and when stdin is part of it. Never hangs. */
import { concatBytes } from "../../util/bytes.ts";
import { encodingOf } from "../../util/text/text.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { withTimeout } from "../../util/async.ts";

export interface PromptRequest {
  readonly terminal: Terminal;
  readonly host: Pick<Host, "monotonicMs" | "sleep">;
  /** The argument as given; `-` asks for stdin. */
  readonly prompt?: string | undefined;
  /** `--stdin`: read it to its end, however long that takes. */
  readonly waitForStdin?: boolean | undefined;
  /** Stdin carries something else (`--input jsonl`) and is left alone. */
  readonly isStdinTaken?: boolean | undefined;
}

/** The prompt, stdin included where the rule says so. Throws UserError. */
export async function readPrompt(request: PromptRequest): Promise<string> {
  const { terminal, prompt: argument } = request;
  if (request.isStdinTaken) return argument === "-" ? "" : argument ?? "";
  if (argument === undefined || argument === "-") {
    return await readWhole(request);
  }
  // At a terminal the argument is the whole prompt.
  if (terminal.stdin.isTty && !request.waitForStdin) {
    return checkPrompt(argument);
  }
  const data = decode(await readAvailable(request), "what is on stdin");
  if (data === "") return checkPrompt(argument);
  const end = data.endsWith("\n") ? "" : "\n";
  return `${argument}\n\n<stdin>\n${data}${end}</stdin>`;
}

async function readWhole(request: PromptRequest): Promise<string> {
  const { stdin } = request.terminal;
  if (stdin.isTty && request.prompt === undefined) {
    throw usageError(
      "Cannot start: no prompt given, must be an argument or come from stdin",
    );
  }
  const chunks = new Chunks();
  for (;;) {
    const chunk = await stdin.read();
    if (chunk === null) break;
    chunks.add(chunk);
  }
  return checkPrompt(decode(chunks.join(), "the prompt on stdin"));
}

// An idle pipe that was left open gets a moment, then the run starts without it.
async function readAvailable(request: PromptRequest): Promise<Uint8Array> {
  const { terminal, host } = request;
  const chunks = new Chunks();
  const endMs = host.monotonicMs() + LIMITS.stdinWholeMs;
  let idleMs: number = LIMITS.stdinIdleMs;
  for (;;) {
    const read = terminal.stdin.read();
    const chunk = request.waitForStdin
      ? await read
      : await withTimeout(read, idleMs, host);
    if (chunk === "timeout") {
      terminal.stderr.write(lateNote(chunks.bytes));
      return chunks.join();
    }
    if (chunk === null) return chunks.join();
    chunks.add(chunk);
    idleMs = Math.min(LIMITS.stdinGapMs, endMs - host.monotonicMs());
    if (idleMs <= 0 && !request.waitForStdin) {
      terminal.stderr.write(lateNote(chunks.bytes));
      return chunks.join();
    }
  }
}

function lateNote(bytes: number): string {
  return bytes === 0
    ? "Note: ignoring stdin (no data yet); --stdin waits for it, </dev/null avoids this note\n"
    : `Note: stdin did not end; using the ${bytes} bytes so far, --stdin waits for the rest\n`;
}

class Chunks {
  readonly #parts: Uint8Array[] = [];
  bytes = 0;

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.bytes > LIMITS.stdinBytes) {
      throw usageError(
        `Cannot read stdin: it is larger than ${LIMITS.stdinBytes} bytes, ` +
          "must be smaller; a file can be named in the prompt instead",
      );
    }
    this.#parts.push(chunk);
  }

  join(): Uint8Array {
    return concatBytes(this.#parts);
  }
}

// UTF-8, or UTF-16 that says so by its byte order mark, as PowerShell pipes write it.
function decode(bytes: Uint8Array, what: string): string {
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw usageError(
      `Cannot read ${what}: it is not valid ${encoding.toUpperCase()}, must be text`,
    );
  }
}

function checkPrompt(text: string): string {
  if (text.trim() !== "") return text;
  throw usageError(
    "Cannot start: the prompt is empty, must be an argument or come from stdin",
  );
}
