/** Runs benchmarks, all or those named; with CODEX_BIN beside that program, in turns. */

const NAMES = [
  "start",
  "mcp",
  "iteration",
  "deltas",
  "repl",
  "memory",
  "resume",
  "sessions",
  "images",
  "growth",
  "sandbox",
] as const;

if (import.meta.main) await main(Deno.args);

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !NAMES.includes(name as never));
  if (unknown.length > 0) {
    console.error(
      `Cannot run ${unknown.join(", ")}: must be of ${NAMES.join(", ")}`,
    );
    Deno.exit(2);
  }
  for (const name of names.length === 0 ? NAMES : names) {
    console.log(`== ${name}`);
    // Figures of another process are in /proc, which the runtime opens to --allow-all alone.
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--no-check",
        "--quiet",
        decodeURIComponent(new URL(`./${name}.ts`, import.meta.url).pathname),
      ],
    }).spawn().status;
    if (code !== 0) Deno.exit(code);
  }
}
