/** From nothing to the first request, and a run that only says one thing. */
import {
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
} from "./bench.ts";

type Run = Awaited<ReturnType<typeof runOnce>>;
type Subject = Parameters<Figure["measure"]>[0];

const FIGURES: readonly Figure[] = [
  {
    name: "process start to first request",
    unit: "ms",
    shareMax: 0.4,
    runs: 25,
    measure: async (subject) => {
      const run = await runMessage(subject);
      return run.requestsMs[0] ?? NaN;
    },
  },
  {
    name: "one message, wall",
    unit: "ms",
    shareMax: 0.4,
    runs: 25,
    measure: async (subject) => {
      const run = await runMessage(subject);
      return run.wallMs;
    },
  },
  {
    name: "start to first request, workspace-write",
    unit: "ms",
    shareMax: 0.4,
    runs: 25,
    measure: async (subject) => {
      const run = await runMessage(subject, "workspace-write");
      return run.requestsMs[0] ?? NaN;
    },
  },
  {
    name: "--version, wall",
    unit: "ms",
    shareMax: 10,
    runs: 25,
    measure: async ({ path }) => {
      const startMs = performance.now();
      await new Deno.Command(path, { args: ["--version"] }).output();
      return performance.now() - startMs;
    },
  },
];

function runMessage(
  subject: Subject,
  sandbox = "danger-full-access",
): Promise<Run> {
  return runOnce({ subject, sandbox, answer: () => messageAnswer() });
}

if (import.meta.main) await measureFigures(FIGURES);
