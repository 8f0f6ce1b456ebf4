/** Sessions too long to be lived: written by the program's own writer. */
import { denoHost } from "../../core/host/host.ts";
import type { LogFact, ThreadMeta } from "../../core/protocol/log.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import { createThreadLog } from "../../core/session/log/log_writer.ts";
import { TEST_SETTINGS } from "../../tests/support/settings.ts";

interface Made {
  /** A home for runOnce(), with the session in it. */
  readonly home: string;
  readonly path: string;
}

/** A session of calls and outputs. */
export async function makeSession({ items, output, compactEvery }: {
  readonly items: number;
  /** Text of each output. */
  readonly output: string;
  /** A compaction after so many items; none when absent. */
  readonly compactEvery?: number;
}): Promise<Made> {
  const host = denoHost();
  const home = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "bench-" });
  const meta: ThreadMeta = {
    id: host.newId(),
    createdAt: host.now().toISOString(),
    cwd: `${home}/work`,
    program: "rondo",
    version: "0",
    source: "exec",
    provider: "mock",
    instructions: "Be a benchmark.",
  };
  const codexHome = `${home}/.codex`;
  const log = await createThreadLog(host, { codexHome, meta });
  const settings: TurnSettings = { ...TEST_SETTINGS, cwd: meta.cwd };
  log.append({ type: "turn_started", turnId: "t", settings });
  log.append({ type: "item", json: messageItem("mend the build") });
  for (let at = 0; at < items; at += 2) {
    if (at > 0 && compactEvery !== undefined && at % compactEvery === 0) {
      const replacement = [messageItem(`the story up to item ${at}`)];
      log.append({
        type: "compacted",
        summary: "",
        replacement,
        handover: null,
      });
    }
    const call_id = `call_${at}`;
    const call = { type: "function_call", call_id, name: "shell" };
    log.append(item({ ...call, arguments: '{"command":["cat","file"]}' }));
    log.append({ type: "call_started", callId: call_id, name: "shell" });
    log.append(item({ type: "function_call_output", call_id, output }));
  }
  await log.close();
  return { home, path: log.path };
}

function item(wire: Readonly<Record<string, string>>): LogFact {
  return { type: "item", json: JSON.stringify(wire) };
}

/** A message of the user's, as JSON. */
export function messageItem(text: string): string {
  const content = [{ type: "input_text", text }];
  return JSON.stringify({ type: "message", role: "user", content });
}
