/** What a session of 100,000 items in 1 GB costs beside a short one: listed, opened, appended to. */
import { denoHost } from "../../core/host/host.ts";
import type { LogFact, ThreadMeta } from "../../core/protocol/log.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import {
  createThreadLog,
  openThreadLog,
} from "../../core/session/log/log_writer.ts";
import { TEST_SETTINGS } from "../../tests/support/settings.ts";
import { medianOf, messageAnswer, runOnce, subjects } from "./bench.ts";

interface Size {
  readonly name: string;
  readonly items: number;
}

interface Made {
  readonly home: string;
  readonly path: string;
}

const SIZES: readonly Size[] = [
  { name: "short", items: 100 },
  { name: "long", items: 100_000 },
];
const OUTPUT = "0123456789abcdef".repeat(1_240);
const COMPACT_EVERY = 1_000;
const LISTS = 11;
const OPENS = 5;
const APPENDS = 2_000;

const host = denoHost();

if (import.meta.main) await main();

async function main(): Promise<void> {
  for (const size of SIZES) {
    const made = await makeSession(size);
    try {
      const { size: bytes } = await Deno.stat(made.path);
      const megabytes = (bytes / 1e6).toFixed(1);
      console.log(`${size.name}: ${size.items} items, ${megabytes} MB`);
      await measureList(made);
      await measureAppend(made);
      await measureOpen(made);
    } finally {
      await Deno.remove(made.home, { recursive: true });
    }
  }
}

async function measureList({ home }: Made): Promise<void> {
  const program = subjects()[0]?.path ?? "";
  const times: number[] = [];
  for (let run = 0; run < LISTS; run++) {
    const start = performance.now();
    const { success } = await new Deno.Command(program, {
      args: ["sessions", "list", "--all"],
      env: { HOME: home, CODEX_HOME: `${home}/.codex` },
      stdout: "null",
    }).output();
    if (!success) throw new Error("sessions list failed");
    times.push(performance.now() - start);
  }
  show("sessions list, process and all", medianOf(times), "ms");
}

async function measureAppend({ home, path }: Made): Promise<void> {
  const codexHome = `${home}/.codex`;
  const { log } = await openThreadLog(host, path, { codexHome });
  const json = messageItem("appended");
  const times: number[] = [];
  for (let run = 0; run < APPENDS; run++) {
    const start = performance.now();
    log.append({ type: "item", json });
    times.push((performance.now() - start) * 1000);
  }
  await log.close();
  show("append of an item", medianOf(times), "µs");
}

async function measureOpen({ home }: Made): Promise<void> {
  const subject = subjects()[0];
  if (subject === undefined) return;
  const firstMs: number[] = [];
  const peaks: number[] = [];
  for (let run = 0; run < OPENS; run++) {
    const { requestsMs, peakMb } = await runOnce({
      subject,
      sandbox: "danger-full-access",
      answer: () => messageAnswer(),
      command: ["resume", "--last", "--all"],
      home,
    });
    firstMs.push(requestsMs[0] ?? NaN);
    peaks.push(peakMb);
  }
  show("exec resume, start to first request", medianOf(firstMs), "ms");
  show("exec resume, peak memory", medianOf(peaks), "MB");
}

function show(what: string, value: number, unit: string): void {
  console.log(`  ${what.padEnd(38)} ${value.toFixed(1).padStart(8)} ${unit}`);
}

async function makeSession({ items }: Size): Promise<Made> {
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
  for (const fact of facts(items)) log.append(fact);
  await log.close();
  return { home, path: log.path };
}

function* facts(items: number): Generator<LogFact> {
  for (let at = 0; at < items; at += 2) {
    if (at > 0 && at % COMPACT_EVERY === 0) {
      const replacement = [messageItem(`the story up to item ${at}`)];
      yield { type: "compacted", summary: "", replacement, handover: null };
    }
    const callId = `call_${at}`;
    const call = { type: "function_call", call_id: callId, name: "shell" };
    yield item({ ...call, arguments: '{"command":["cat","file"]}' });
    yield { type: "call_started", callId, name: "shell" };
    const output = { type: "function_call_output", call_id: callId };
    yield item({ ...output, output: OUTPUT });
  }
}

function item(wire: Readonly<Record<string, string>>): LogFact {
  return { type: "item", json: JSON.stringify(wire) };
}

function messageItem(text: string): string {
  const content = [{ type: "input_text", text }];
  return JSON.stringify({ type: "message", role: "user", content });
}
