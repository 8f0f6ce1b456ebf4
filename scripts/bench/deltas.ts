/** Much at once: an answer in many small pieces, a command with much output. */
import {
  callAnswer,
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
} from "./bench.ts";

const DELTAS = 20_000;
const OUTPUT_BYTES = 500_000_000;
const SANDBOX = "danger-full-access";

const FIGURES: readonly Figure[] = [
  {
    name: `answer of ${DELTAS} deltas, wall`,
    unit: "ms",
    runs: 11,
    measure: async (subject) => {
      const text = messageAnswer(DELTAS);
      const run = await runOnce({
        subject,
        sandbox: SANDBOX,
        answer: () => text,
      });
      return run.wallMs;
    },
  },
  {
    name: `command printing ${OUTPUT_BYTES / 1e6} MB, wall`,
    unit: "ms",
    // It keeps all of it in memory.
    without: ["floor"],
    runs: 3,
    measure: async (subject) => {
      const line = `yes 0123456789 | head -c ${OUTPUT_BYTES}`;
      const run = await runOnce({
        subject,
        sandbox: SANDBOX,
        answer: (index) =>
          index === 0 ? callAnswer(subject, line, index) : messageAnswer(),
      });
      return run.wallMs;
    },
  },
];

if (import.meta.main) await measureFigures(FIGURES);
