/** Peak memory of runs small and large, and the size of the file. */
import {
  callAnswer,
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
} from "./bench.ts";

const SANDBOX = "danger-full-access";
/** A turn may make a thousand requests. */
const CALLS = 990;
const DELTAS = messageAnswer(20_000);

const FIGURES: readonly Figure[] = [
  {
    name: "peak memory, one message",
    unit: "MiB",
    runs: 7,
    measure: async (subject) =>
      (await runOnce({
        subject,
        sandbox: SANDBOX,
        answer: () => messageAnswer(),
      })).peakMb,
  },
  {
    name: "proportional memory at the first request",
    unit: "MiB",
    runs: 7,
    measure: async (subject) =>
      (await runOnce({
        subject,
        sandbox: SANDBOX,
        answer: () => messageAnswer(),
      })).pssMb,
  },
  {
    name: "peak memory, 20,000 deltas",
    unit: "MiB",
    runs: 5,
    measure: async (subject) =>
      (await runOnce({ subject, sandbox: SANDBOX, answer: () => DELTAS }))
        .peakMb,
  },
  {
    name: `peak memory, ${CALLS} iterations`,
    unit: "MiB",
    runs: 3,
    measure: async (subject) =>
      (await runOnce({
        subject,
        sandbox: SANDBOX,
        answer: (index) =>
          index < CALLS
            ? callAnswer(subject, `true ${index}`, index)
            : messageAnswer(),
      })).peakMb,
  },
  {
    name: "size of the file",
    unit: "MB",
    runs: 1,
    without: ["floor"],
    measure: async ({ path }) => (await Deno.stat(path)).size / 1e6,
  },
];

if (import.meta.main) await measureFigures(FIGURES);
