/** The lines of a log written anew: what is whole, in order, with a fresh chain. */
import type { Files } from "../protocol/host.ts";
import { LogChecker, readRawLines } from "./log_reader.ts";
import { plainPayload } from "./restore_payload.ts";
import { CHAIN_START, type LineBody, renderLine } from "./rollout_lines.ts";

export interface CopyOptions {
  /** Changes the JSON text of a payload. */
  readonly change?: (payload: string) => string;
}

/** One line after the other, each with its LF. Throws SessionError. */
export async function* copyLog(
  files: Files,
  path: string,
  options: CopyOptions = {},
): AsyncGenerator<string> {
  const checker = new LogChecker();
  let chain = CHAIN_START;
  for await (const raw of readRawLines(files, path)) {
    const entry = checker.accept(raw);
    if (entry === undefined) continue;
    const plain = entry.isProtected
      ? entry.payload
      : plainPayload(entry.type, entry.payload);
    const payload = options.change?.(plain) ?? plain;
    // Types of other programs are kept as they are named.
    const type = entry.type as LineBody["type"];
    const line = renderLine({ type, payload }, entry.timestamp, chain);
    chain = line.chain;
    yield line.text;
  }
}
