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
  ...[false, true].map((isOnOneCore): Figure => ({
    name: `start to first request, workspace-write${
      isOnOneCore ? ", one core" : ""
    }, not the first run`,
    unit: "ms",
    runs: RUNS,
    without: ["floor"],
    measure: (subject) => laterMs(subject, isOnOneCore),
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

// In a home that a run before has left what it knows in.
async function laterMs(
  subject: Subject,
  isOnOneCore: boolean,
): Promise<number> {
  const home = await Deno.makeTempDir({ prefix: "bench-" });
  const options = { sandbox: "workspace-write", isOnOneCore, home };
  try {
    await runMessage(subject, options);
    return firstMs(await runMessage(subject, options));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function runMessage(
  subject: Subject,
  options: {
    readonly sandbox?: string;
    readonly isOnOneCore?: boolean;
    readonly home?: string;
  } = {},
): Promise<Run> {
  const answer = (): string => messageAnswer();
  const { sandbox = "danger-full-access", ...rest } = options;
  return runOnce({ subject, sandbox, answer, ...rest });
}

if (import.meta.main) await measureFigures(FIGURES);
