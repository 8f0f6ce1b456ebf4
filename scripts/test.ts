/** Runs every test: two files at a time, and alone what depends on moments. */
import { TextLineStream } from "@std/streams";

const TEST = ["test", "--parallel", "--no-check", "--allow-all"];

/** In a process of their own, because they change what it is. */
const ESCAPES = "tests/escape";

/** Slow, and only of interest to who changes what is handed out: `deno task ship`. */
const SHIP = "tests/ship";

/**
 * Terminals, moments, slow readers and floods: one file at a time, since what is judged is
 * the program, not how the cores are shared. And what runs commands in this process: each
 * file would take the orphans of another one for its own, and end them.
 */
const ALONE = [
  "tests/hostile",
  "tests/sandbox",
  "tests/tools",
  ...[
    "moments",
    "readers",
    "repl",
    "repl_mcp",
    "stop",
    "terminal",
    "user_command",
  ]
    .map((name) => `tests/e2e/${name}_test.ts`),
  "tests/core/host/terminal/terminal_test.ts",
];

/** The runner's own closing line: "ok | 12 passed (3 steps) | 0 failed (1s)". */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed.*\| (\d+) failed/;

interface Count {
  readonly passed: number;
  readonly failed: number;
}

if (import.meta.main) {
  const all = [`--ignore=${[SHIP, ESCAPES, ...ALONE].join(",")}`, "tests/"];
  const counts = [
    await runTests(2, all),
    await runTests(1, [ESCAPES]),
    await runTests(1, ALONE),
  ];
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  Deno.exit(failed === 0 ? 0 : 1);
}

async function runTests(jobs: number, args: string[]): Promise<Count> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...TEST, ...args],
    env: { DENO_JOBS: String(jobs), NO_COLOR: "1" },
    stdout: "piped",
    // Where a test process is too broken to count, this says why.
    stderr: "inherit",
  }).spawn();
  let count: Count | undefined;
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    console.log(line);
    const found = SUMMARY.exec(line);
    if (found !== null) {
      count = { passed: Number(found[1]), failed: Number(found[2]) };
    }
  }
  const { success } = await child.status;
  // A run that broke off fails, whatever it had counted.
  const { passed, failed } = count ?? { passed: 0, failed: 0 };
  return { passed, failed: success ? failed : Math.max(1, failed) };
}
