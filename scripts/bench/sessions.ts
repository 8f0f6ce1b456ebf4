/** What a session of 100,000 items in 1 GB costs beside a short one: listed, opened, appended to. */
import { denoHost } from "../../core/host/host.ts";
import { openThreadLog } from "../../core/session/log/log_writer.ts";
import {
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
  type Subject,
} from "./bench.ts";
import { makeSession, messageItem } from "./made_session.ts";
import { recordValues } from "./rows.ts";

const SIZES = [
  { name: "a short session", items: 100 },
  { name: "a session of 1 GB", items: 100_000 },
] as const;
const OUTPUT = "0123456789abcdef".repeat(1_240);
const COMPACT_EVERY = 1_000;
const APPENDS = 2_000;

type Made = Awaited<ReturnType<typeof makeSession>>;

if (import.meta.main) await main();

async function main(): Promise<void> {
  for (const { name, items } of SIZES) {
    const made = await makeSession({
      items,
      output: OUTPUT,
      compactEvery: COMPACT_EVERY,
    });
    try {
      const { size } = await Deno.stat(made.path);
      console.log(`${name}: ${items} items, ${(size / 1e6).toFixed(1)} MB`);
      await measureFigures(figuresOf(name, made));
      await measureAppend(name, made);
    } finally {
      await Deno.remove(made.home, { recursive: true });
    }
  }
}

// Not Codex: the settings inside are ours.
function figuresOf(name: string, { home }: Made): Figure[] {
  const ours = { runs: 5, without: ["floor", "codex"] } as const;
  return [
    {
      ...ours,
      name: `sessions list beside ${name}, wall`,
      unit: "ms",
      measure: (subject) => listOnce(subject, home),
    },
    {
      ...ours,
      name: `resume of ${name}, first request`,
      unit: "ms",
      measure: async (subject) =>
        (await resumeOnce(subject, home)).requestsMs[0] ?? NaN,
    },
    {
      ...ours,
      name: `resume of ${name}, peak memory`,
      unit: "MiB",
      measure: async (subject) => (await resumeOnce(subject, home)).peakMb,
    },
  ];
}

async function listOnce({ path }: Subject, home: string): Promise<number> {
  const start = performance.now();
  const { success } = await new Deno.Command(path, {
    args: ["sessions", "list", "--all"],
    env: { HOME: home, CODEX_HOME: `${home}/.codex` },
    stdout: "null",
  }).output();
  if (!success) throw new Error("sessions list failed");
  return performance.now() - start;
}

function resumeOnce(
  subject: Subject,
  home: string,
): ReturnType<typeof runOnce> {
  return runOnce({
    subject,
    sandbox: "danger-full-access",
    answer: () => messageAnswer(),
    command: ["resume", "--last", "--all"],
    home,
  });
}

async function measureAppend(
  name: string,
  { home, path }: Made,
): Promise<void> {
  const codexHome = `${home}/.codex`;
  const { log } = await openThreadLog(denoHost(), path, { codexHome });
  const json = messageItem("appended");
  const times: number[] = [];
  for (let run = 0; run < APPENDS; run++) {
    const start = performance.now();
    log.append({ type: "item", json });
    times.push((performance.now() - start) * 1000);
  }
  await log.close();
  recordValues(`append of an item to ${name}`, "µs", times);
}
