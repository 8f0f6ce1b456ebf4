/** Whether an executable works on this system: `deno task smoke [PATH]`. */
import { RUNS, type ServedModel, serveModel } from "./program_script.ts";
import { runScript, toPath } from "./run_script.ts";
import { localTarget } from "./targets.ts";

interface Ended {
  readonly code: number;
  readonly text: string;
}

if (import.meta.main) {
  const [path = `build/rondo${localTarget().suffix}`] = Deno.args;
  await runScript(() => smoke(toPath(path)));
}

/** Version, a turn, its resume and, where there is one, the sandbox. Throws at the first that fails. */
async function smoke(program: string): Promise<void> {
  await using model = await serveModel();
  // Of its own: the home, and what is in it, is never writable for commands.
  const cwd = await Deno.makeTempDir({ prefix: "rondo-smoke-" });
  const check = async (
    words: readonly string[],
    expected: RegExp,
  ): Promise<void> => {
    const { code, text } = await runProgram([program, ...words], cwd, model);
    if (code !== 0 || !expected.test(text)) {
      throw new Error(
        `Cannot use ${program}: "rondo ${
          words.join(" ")
        }" ended with ${code}, must be 0 and say ${expected}\n${text}`,
      );
    }
    console.log(`ok: rondo ${words.join(" ")}`);
  };
  try {
    await checkAll(check);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

async function checkAll(
  check: (words: readonly string[], expected: RegExp) => Promise<void>,
): Promise<void> {
  await check(["--version", "--verbose"], /^rondo \d[^]*\nsha256 of /);
  for (const words of RUNS) {
    await check(words, /"type":"turn\.completed"|^Done\.$/m);
  }
  if (Deno.build.os === "windows") return;
  await check(
    ["sandbox", "-s", "workspace-write", "--", "sh", "-c", "echo kept in"],
    /^kept in$/m,
  );
}

async function runProgram(
  command: readonly string[],
  cwd: string,
  { home }: ServedModel,
): Promise<Ended> {
  const [program = "", ...words] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: words,
    cwd,
    env: { CODEX_HOME: home, HOME: home },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}
