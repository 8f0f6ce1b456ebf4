/** Git for stages: calls with bytes in and out, whole or not at all. */
import { usageError } from "../protocol/error.ts";
import type { Child, Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { withTimeout } from "../util/async.ts";
import { concatBytes } from "../util/bytes.ts";
import { findProgram } from "../util/find_program.ts";
import { buildGitEnvironment, type GitSetting } from "./git_environment.ts";

export interface GitCall {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly stdin?: Uint8Array<ArrayBuffer>;
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: readonly GitSetting[];
}

interface GitAnswer {
  readonly code: number;
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly stderr: string;
}

/** Asks git. */
export class Git {
  readonly #host: Host;
  readonly #program: string;

  constructor(host: Host, program: string) {
    this.#host = host;
    this.#program = program;
  }

  /** Never throws for what git says; throws when it takes too long or says too much. */
  async ask(call: GitCall): Promise<GitAnswer> {
    const host = this.#host;
    const child = host.spawn({
      command: this.#program,
      args: ["--no-pager", ...call.args],
      cwd: call.cwd,
      env: {
        ...buildGitEnvironment(host, this.#program, call.settings),
        ...call.env,
      },
      stdin: call.stdin ?? "null",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
    const answer = await withTimeout(
      readAnswer(child),
      LIMITS.stageGitMs,
      host,
    );
    if (answer !== "timeout") return answer;
    child.kill("SIGKILL", { group: true });
    throw usageError(
      `Cannot ask git ${
        call.args[0]
      }: it has taken ${LIMITS.stageGitMs} ms, must be done by then`,
    );
  }

  /** What it prints. Throws UserError with its words when it fails. */
  async run(call: GitCall): Promise<Uint8Array<ArrayBuffer>> {
    const { code, stdout, stderr } = await this.ask(call);
    if (code === 0) return stdout;
    const why = stderr.trim().split("\n").find((line) => line !== "") ??
      `it ended with ${code}`;
    throw usageError(`Cannot run git ${call.args[0]} in ${call.cwd}: ${why}`);
  }

  async text(call: GitCall): Promise<string> {
    return new TextDecoder().decode(await this.run(call));
  }
}

/** Undefined where there is no git outside of `writable`. */
export async function findGit(
  host: Host,
  writable: readonly string[],
): Promise<Git | undefined> {
  const { files } = host;
  const path = host.env("PATH");
  const program = await findProgram("git", { files, path, writable });
  return program === undefined ? undefined : new Git(host, program);
}

async function readAnswer(child: Child): Promise<GitAnswer> {
  const [stdout, stderr, { code }] = await Promise.all([
    readAll(child, child.stdout),
    readAll(child, child.stderr),
    child.status,
  ]);
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

// A list that was cut off would stand for files that are gone.
async function readAll(
  child: Child,
  stream: Child["stdout"],
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= LIMITS.stageListBytes) continue;
    child.kill("SIGKILL", { group: true });
    throw usageError(
      `Cannot read what git says: it has more than ${LIMITS.stageListBytes} bytes, must be less`,
    );
  }
  return concatBytes(chunks);
}
