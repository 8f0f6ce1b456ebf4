/** Peak memory of runs small and large, and the size of the file. */
import {
  callAnswer,
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
} from "./bench.ts";

const SANDBOX = "danger-full-access";
const DELTAS = messageAnswer(20_000);

const FIGURES: readonly Figure[] = [
  {
    name: "peak memory, one message",
    unit: "MiB",
    shareMax: 0.5,
    runs: 7,
    measure: async (subject) =>
      (await runOnce({
        subject,
        sandbox: SANDBOX,
        answer: () => messageAnswer(),
      })).peakMb,
  },
  {
    name: "peak memory, 20,000 deltas",
    unit: "MiB",
    shareMax: 1,
    runs: 5,
    measure: async (subject) =>
      (await runOnce({ subject, sandbox: SANDBOX, answer: () => DELTAS }))
        .peakMb,
  },
  {
    name: "peak memory, 200 commands",
    unit: "MiB",
    shareMax: 1,
    runs: 3,
    measure: async (subject) =>
      (await runOnce({
        subject,
        sandbox: SANDBOX,
        answer: (index) =>
          index < 200 ? callAnswer(subject, "true", index) : messageAnswer(),
      })).peakMb,
  },
  {
    name: "size of the file",
    unit: "MB",
    shareMax: 0.33,
    runs: 1,
    measure: async ({ path }) => (await Deno.stat(path)).size / 1e6,
  },
];

if (import.meta.main) await measureFigures(FIGURES);
