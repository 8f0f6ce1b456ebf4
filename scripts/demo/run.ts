/** One run of the program in a fresh copy of the demo's repository. */
import { TextLineStream } from "@std/streams";
import { FILES, TASK } from "./project.ts";

const BINARY = decodeURIComponent(
  new URL("../../build/rondo", import.meta.url).pathname,
);

export interface DemoRun extends AsyncDisposable {
  /** The program, under a path that says nothing of this machine. */
  readonly program: string;
  readonly repository: string;
  readonly home: string;
}

/** Makes the repository and an empty home beside it. */
export async function prepareRun(): Promise<DemoRun> {
  // Not in /tmp, which commands may write: the program and its home are not theirs.
  const root = await Deno.makeTempDir({
    dir: "/var/tmp",
    prefix: "rondo-demo-",
  });
  const repository = `${root}/duration`;
  const home = `${root}/home`;
  await Deno.mkdir(repository);
  await Deno.mkdir(home);
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.writeTextFile(`${repository}/${path}`, text);
  }
  await commitAll(repository);
  const program = `${root}/rondo`;
  await Deno.copyFile(BINARY, program);
  return {
    program,
    repository,
    home,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Runs the task with these flags and shows what it prints. Resolves to the exit code. */
export async function runRondo(
  run: DemoRun,
  flags: readonly string[],
): Promise<number> {
  const child = new Deno.Command(run.program, {
    args: [
      "exec",
      "--sandbox",
      "workspace-write",
      "--skip-git-repo-check",
      "--model",
      "gpt-5.5",
      // It writes into a pipe, and what comes out of that is shown here.
      ...["--color", hasColor() ? "always" : "never"],
      ...flags,
      TASK,
    ],
    cwd: run.repository,
    env: { HOME: run.home, OPENAI_API_KEY: "not-a-key" },
    stdin: "null",
    stderr: "piped",
  }).spawn();
  const lines = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    // Commands take another time at every run; the recording says so each time.
    if (!line.startsWith("Replay: ")) console.error(line);
  }
  return (await child.status).code;
}

// https://no-color.org
function hasColor(): boolean {
  return Deno.stderr.isTerminal() && !Deno.env.get("NO_COLOR");
}

/** Runs the repository's own tests, outside of the program. */
export async function runTests(run: DemoRun): Promise<number> {
  const { code } = await new Deno.Command("node", {
    args: ["--test"],
    cwd: run.repository,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return code;
}

// A real repository where git is there; the program works without one as well.
async function commitAll(repository: string): Promise<void> {
  const commands = [
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "--all"],
    [
      "-c",
      "user.name=demo",
      "-c",
      "user.email=demo@localhost",
      "commit",
      "--quiet",
      "--message=start",
    ],
  ];
  for (const args of commands) {
    try {
      await new Deno.Command("git", { args, cwd: repository, stderr: "null" })
        .output();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
  }
}
