/** `rondo debug prompt`: the request that would be sent, and the size of its parts. */
import type { CommandLine } from "../../contract/command_line.ts";
import { exitCode } from "../../contract/exit_code.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { buildChatBody } from "../../model/chat/body.ts";
import { buildBody } from "../../model/request.ts";
import { openPrefix } from "../../session/state/request_prefix.ts";
import { memoryLog } from "../../session/state/memory_log.ts";
import { ThreadState } from "../../session/state/state.ts";
import { Transcript } from "../../session/state/transcript.ts";
import { createAgent } from "../agent.ts";
import { loadSchema, readParts } from "./exec_input.ts";
import { printableJson } from "../print.ts";
import { promptRows, renderPromptTable } from "../prompt_table.ts";
import { openRuntime } from "../runtime.ts";

/** Prints the body on stdout and the table on stderr; sends nothing. */
export async function runDebugPrompt(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { flags } = commandLine;
  const outputSchema = await loadSchema(host, flags);
  const parts = await readParts(commandLine, host, terminal);
  const runtime = await openRuntime(host, flags, {
    canAsk: false,
    source: "exec",
    ...(outputSchema !== undefined && { outputSchema }),
  });
  const state = new ThreadState(new Transcript(memoryLog()));
  const warn = (message: string): void =>
    void terminal.stderr.write(`Warning: ${message}\n`);
  const threadId = host.newId();
  const { deps, settings } = await createAgent(runtime, {
    threadId,
    state,
    restored: undefined,
    warn,
  });
  if (deps.endpoint.singleSystemMessage || settings.model.singleSystemMessage) {
    state.transcript.useOneSystemText();
  }
  const contextUpdate = await deps.context.contextUpdate(undefined, settings);
  const user = await deps.context.userItems(parts, settings);
  user.warnings.forEach(warn);
  state.transcript.append([...contextUpdate.items, ...user.items]);
  const prefix = await openPrefix({
    threadId,
    deps,
    state,
    settings,
    emit: (event) => event.type === "warning" && warn(event.message),
  });
  const body = buildBody(prefix.parts, [state.transcript.inputText()]);
  const sent = deps.endpoint.wireApi === "chat"
    ? buildChatBody(body).text
    : body;
  const json = printableJson(JSON.parse(sent), terminal.stdout, 2);
  terminal.stdout.write(`${json}\n`);
  const rows = promptRows(prefix, state.transcript.entries);
  const lines = renderPromptTable(rows).map((line) => `${line}\n`);
  terminal.stderr.write(lines.join(""));
  const isWhole = await terminal.stdout.flush();
  await terminal.stderr.flush();
  await runtime.mcp?.close();
  return isWhole ? 0 : exitCode("failed");
}
