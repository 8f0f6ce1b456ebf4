/** Going on with a long session: from the start of the process to its first request. */
import {
  callAnswer,
  type Figure,
  measureFigures,
  messageAnswer,
  runOnce,
  type Subject,
} from "./bench.ts";

const CALLS = 200;
const SANDBOX = "danger-full-access";
const homes = new Map<Subject, Promise<string>>();

const FIGURES: readonly Figure[] = [{
  name: `resume of a session of ${CALLS} calls, wall`,
  unit: "ms",
  without: ["floor"],
  runs: 11,
  measure: async (subject) => {
    const made = homes.get(subject) ?? makeSession(subject);
    homes.set(subject, made);
    const run = await runOnce({
      subject,
      sandbox: SANDBOX,
      answer: () => messageAnswer(),
      command: ["resume", "--last"],
      home: await made,
    });
    return run.wallMs;
  },
}];

if (import.meta.main) {
  await measureFigures(FIGURES);
  for (const home of homes.values()) {
    await Deno.remove(await home, { recursive: true });
  }
}

async function makeSession(subject: Subject): Promise<string> {
  const home = await Deno.makeTempDir({ prefix: "bench-resume-" });
  await runOnce({
    subject,
    sandbox: SANDBOX,
    answer: (index) =>
      index < CALLS
        ? callAnswer(subject, `true ${index}`, index)
        : messageAnswer(),
    home,
  });
  return home;
}
