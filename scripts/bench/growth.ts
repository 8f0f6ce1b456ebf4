/** Does an iteration cost more when the conversation is long? CPU of the program alone. */
import {
  callAnswer,
  type Figure,
  measureFigures,
  messageAnswer,
  readCpuNs,
  runOnce,
  type Subject,
} from "./bench.ts";
import { makeSession } from "./made_session.ts";

/** Items that were there before; the iterations are run on top of each. */
const SIZES = [20, 2_000, 20_000] as const;
const WARM = 60;
const MEASURED = 200;
// The commonest iteration: a command that prints a few lines.
const LINE = "printf 'line %s of the output\\n' 1 2 3 4 5";
const OUTPUT = "line 1 of the output\n".repeat(7);

if (import.meta.main) await measureFigures(SIZES.map(figureOf));

function figureOf(items: number): Figure {
  return {
    name: `CPU of an iteration on top of ${items} items`,
    unit: "ms",
    runs: 3,
    without: ["floor", "codex"],
    measure: (subject) => measure(subject, items),
  };
}

async function measure(subject: Subject, items: number): Promise<number> {
  const { home } = await makeSession({ items, output: OUTPUT });
  let from = 0;
  let to = 0;
  try {
    await runOnce({
      subject: {
        ...subject,
        // Nothing is to be compacted.
        extraArgs: ["-c", "model_context_window=100000000"],
      },
      sandbox: "danger-full-access",
      command: ["resume", "--last", "--all"],
      home,
      answer: (index, pid) => {
        if (index === WARM) from = readCpuNs(pid);
        if (index === WARM + MEASURED) to = readCpuNs(pid);
        return index < WARM + MEASURED
          ? callAnswer(subject, `${LINE} # round ${index}`, index)
          : messageAnswer();
      },
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
  return (to - from) / MEASURED / 1e6;
}
