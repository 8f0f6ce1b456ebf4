/** The demo: the built program mends a failing test; only the model's words are recorded. */
import { prepareRun, runRondo, runTests } from "./demo/run.ts";
import { TASK } from "./demo/project.ts";

const CASSETTE = decodeURIComponent(
  new URL("./demo/fix_test.cassette", import.meta.url).pathname,
);

const NEXT = `
That was build/rondo with a recorded model; its sandbox, commands and patch were real.
With a model of your own:

  export OPENAI_API_KEY=sk-YOUR-KEY            # OpenAI
  build/rondo exec "explain this repository"

  build/rondo exec --oss -m gpt-oss:20b "…"    # Ollama on this machine

  build/rondo exec -c model_provider=mine \\
    -c 'model_providers.mine={name="mine", base_url="https://models.example.com/v1", env_key="MY_KEY"}' "…"
`;

if (import.meta.main) Deno.exit(await demo());

/** Runs it and resolves to 0 when the test passes at the end and failed before. */
export async function demo(): Promise<number> {
  await using run = await prepareRun();
  say(`A small repository with a failing test: ${run.repository}`);
  if (await runTests(run) === 0) {
    return fail("its test does not fail at the start");
  }
  say(`$ rondo exec "${TASK}"\n`);
  const code = await runRondo(run, [
    "--replay",
    CASSETTE,
    "--replay-mode",
    "model",
  ]);
  if (code !== 0) return fail(`rondo ended with exit code ${code}`);
  if (await runTests(run) !== 0) return fail("the test still fails");
  say("\nChecked from outside: all tests of the repository pass now.");
  say(NEXT);
  return 0;
}

function say(text: string): void {
  console.log(text);
}

function fail(why: string): number {
  console.error(`The demo failed: ${why}`);
  return 1;
}
