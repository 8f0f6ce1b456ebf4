/** From nothing to the first request, and a run that only says one thing. */
import {
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
} from "./bench.ts";

type Run = Awaited<ReturnType<typeof runOnce>>;
type Subject = Parameters<Figure["measure"]>[0];

const RUNS = 25;

const FIGURES: readonly Figure[] = [
  {
    name: "--version, wall",
    unit: "ms",
    runs: RUNS,
    measure: async ({ path }) => {
      const startMs = performance.now();
      await new Deno.Command(path, { args: ["--version"] }).output();
      return performance.now() - startMs;
    },
  },
  {
    name: "start to first request, full access",
    unit: "ms",
    runs: RUNS,
    measure: async (subject) => firstMs(await runMessage(subject)),
  },
  {
    name: "start to first request, workspace-write",
    unit: "ms",
    runs: RUNS,
    without: ["floor"],
    measure: async (subject) =>
      firstMs(await runMessage(subject, { sandbox: "workspace-write" })),
  },
  ...(["danger-full-access", "workspace-write"] as const).map((
    sandbox,
  ): Figure => ({
    name: `start to first request, ${sandbox}, one core`,
    unit: "ms",
    runs: RUNS,
    ...(sandbox === "workspace-write" && { without: ["floor"] }),
    measure: async (subject) =>
      firstMs(await runMessage(subject, { sandbox, isOnOneCore: true })),
  })),
  {
    name: "one message, wall",
    unit: "ms",
    runs: RUNS,
    measure: async (subject) => (await runMessage(subject)).wallMs,
  },
  {
    name: "one message, CPU",
    unit: "ms",
    runs: RUNS,
    measure: async (subject) => (await runMessage(subject)).cpuMs,
  },
];

function firstMs({ requestsMs }: Run): number {
  return requestsMs[0] ?? NaN;
}

function runMessage(
  subject: Subject,
  { sandbox = "danger-full-access", isOnOneCore = false } = {},
): Promise<Run> {
  const answer = (): string => messageAnswer();
  return runOnce({ subject, sandbox, isOnOneCore, answer });
}

if (import.meta.main) await measureFigures(FIGURES);
