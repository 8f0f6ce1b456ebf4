/** One turn of the loop: from the request before a command to the request after it. */
import {
  callAnswer,
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
  type Subject,
} from "./bench.ts";
import { medianOf } from "./rows.ts";

const CALLS = 40;
/** Of one run; the rest is the difference between a short and a long one. */
const SHORT_CALLS = 10;

const FIGURES: readonly Figure[] = [
  {
    name: "iteration, full access, request to request",
    unit: "ms",
    runs: 7,
    measure: (subject) => gapOf(subject, "danger-full-access"),
  },
  {
    name: "iteration, bwrap, request to request",
    unit: "ms",
    runs: 7,
    without: ["floor"],
    measure: (subject) => gapOf(subject, "workspace-write"),
  },
  {
    name: "iteration, full access, CPU of the program",
    unit: "ms",
    runs: 5,
    measure: async (subject) => {
      const short = await runCalls(subject, SHORT_CALLS, "danger-full-access");
      const long = await runCalls(subject, 110, "danger-full-access");
      return (long.cpuMs - short.cpuMs) / (110 - SHORT_CALLS);
    },
  },
];

if (import.meta.main) await measureFigures(FIGURES);

async function gapOf(subject: Subject, sandbox: string): Promise<number> {
  const { requestsMs } = await runCalls(subject, CALLS, sandbox);
  const gaps = requestsMs.slice(1).map((ms, at) => ms - (requestsMs[at] ?? 0));
  return medianOf(gaps);
}

function runCalls(
  subject: Subject,
  calls: number,
  sandbox: string,
): ReturnType<typeof runOnce> {
  return runOnce({
    subject,
    sandbox,
    answer: (index) =>
      index < calls
        ? callAnswer(subject, `true ${index}`, index)
        : messageAnswer(),
  });
}
