/** `rondo debug prompt`: the request that would be sent, and what it is made of. */
import { viewItem } from "../protocol/item.ts";
import type { CommandLine } from "../protocol/command_line.ts";
import type { Host } from "../protocol/host.ts";
import type { Terminal } from "../protocol/terminal.ts";
import { buildBody } from "../model/request.ts";
import { frameOf } from "../session/frame.ts";
import { memoryLog } from "../session/memory_log.ts";
import { ThreadState } from "../session/state.ts";
import { type Entry, Transcript } from "../session/transcript.ts";
import { byteLength, estimateTokens } from "../util/text.ts";
import { buildAgent } from "./agent.ts";
import { readParts } from "./exec_parts.ts";
import { openWorld } from "./world.ts";

interface Row {
  readonly what: string;
  readonly bytes: number;
  readonly tokens: number;
}

/** Prints the body on stdout and the table on stderr; sends nothing. */
export async function runDebugPrompt(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { flags } = commandLine;
  const parts = await readParts(commandLine, host, terminal);
  const world = await openWorld(host, flags, { canAsk: false, source: "exec" });
  const state = new ThreadState(new Transcript(memoryLog()));
  const warn = (message: string): void =>
    void terminal.stderr.write(`Warning: ${message}\n`);
  const threadId = host.newId();
  const { deps, settings } = await buildAgent(world, {
    threadId,
    state,
    restored: undefined,
    warn,
  });
  const news = await deps.context.news(undefined, settings);
  const said = await deps.context.userItems(parts, settings);
  said.warnings.forEach(warn);
  state.transcript.append([...news.items, ...said.items]);
  const frame = await frameOf({ threadId, deps, state, settings });
  const body = buildBody(frame.parts, [state.transcript.inputText()]);
  terminal.stdout.write(`${JSON.stringify(JSON.parse(body), null, 2)}\n`);
  const rows = [
    measure("instructions", frame.instructions),
    ...frame.tools.map((tool, at) =>
      measure(`tools[${at}] ${tool.name}`, frame.toolTexts[at] ?? "")
    ),
    ...state.transcript.entries.map(rowOf),
  ];
  terminal.stderr.write(renderTable(rows));
  await terminal.stdout.flush();
  await terminal.stderr.flush();
  return 0;
}

/** The rows as a table with a sum at its end. */
export function renderTable(rows: readonly Row[]): string {
  const sum = rows.reduce((all, row) => ({
    what: "all",
    bytes: all.bytes + row.bytes,
    tokens: all.tokens + row.tokens,
  }), { what: "all", bytes: 0, tokens: 0 });
  return [["part", "bytes", "tokens"], ...[...rows, sum].map(cellsOf)]
    .map(([what = "", bytes = "", tokens = ""]) =>
      `${what.padEnd(36)} ${bytes.padStart(9)} ${tokens.padStart(8)}\n`
    ).join("");
}

function cellsOf({ what, bytes, tokens }: Row): string[] {
  return [what.slice(0, 36), String(bytes), `~${tokens}`];
}

function rowOf({ item, json, tokens }: Entry, at: number): Row {
  const view = viewItem(item);
  const kind = view.type === "message" ? view.role : view.type;
  return { what: `input[${at}] ${kind}`, bytes: byteLength(json), tokens };
}

function measure(what: string, text: string): Row {
  return { what, bytes: byteLength(text), tokens: estimateTokens(text) };
}
