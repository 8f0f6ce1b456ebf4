/** What the model reads of a command that lives, in the form of Codex. */
import type { CommandResult } from "../../core/protocol/command.ts";
import type { Host } from "../../core/protocol/host.ts";
import { tokensOfBytes } from "../../core/util/text/text.ts";
import { cutNotice, cutOutput } from "../shell/output.ts";
import type { LiveSession } from "./session.ts";

interface ReadOptions {
  readonly tokensMax: number;
  readonly wallMs: number;
  readonly hints: readonly string[];
}

/** The output of a call: what came since the last one, and whether it runs on. */
export function renderRead(
  session: LiveSession,
  host: Pick<Host, "random">,
  options: ReadOptions,
): string {
  const output = session.take();
  const cut = cutOutput(output, options.tokensMax * 4);
  const chunk = Math.floor(host.random() * 0x1000000).toString(16);
  return [
    ...(cut.omittedBytes > 0 ? [cutNotice(cut, output)] : []),
    `Chunk ID: ${chunk.padStart(6, "0")}`,
    `Wall time: ${(options.wallMs / 1000).toFixed(4)} seconds`,
    stateLine(session),
    `Original token count: ${tokensOfBytes(output.totalBytes)}`,
    ...(cut.omittedBytes > 0
      ? [`Total output lines: ${output.totalLines}`]
      : []),
    ...[...notesOf(session.result), ...options.hints]
      .map((note) => `Note: ${note}`),
    "Output:",
    cut.text,
  ].join("\n");
}

/** The end of one that nobody was waiting for. */
export function renderEnded(session: LiveSession, tokensMax: number): string {
  const { start, result, failure } = session;
  const output = session.take();
  const cut = cutOutput(output, tokensMax * 4);
  const how = failure === ""
    ? `has ended with exit code ${result?.exitCode ?? "unknown"}`
    : `could not go on: ${failure}`;
  return [
    `Session ${start.session} (${start.command}) ${how}.`,
    ...notesOf(result).map((note) => `Note: ${note}`),
    ...(cut.omittedBytes > 0 ? [cutNotice(cut, output)] : []),
    ...(cut.text === "" ? [] : ["Output since it was last read:", cut.text]),
  ].join("\n");
}

function stateLine({ isOver, start, result, failure }: LiveSession): string {
  if (!isOver) return `Process running with session ID ${start.session}`;
  return failure === ""
    ? `Process exited with code ${result?.exitCode ?? -1}`
    : `Process failed: ${failure}`;
}

function notesOf(result: CommandResult | undefined): readonly string[] {
  if (result === undefined) return [];
  return [
    ...result.timedOut ? ["Ended: it ran for as long as a command may"] : [],
    ...result.notes,
  ];
}
