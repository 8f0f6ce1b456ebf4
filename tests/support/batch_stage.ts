/** A scripted server, a repository and a tasks file: what `rondo batch` is tried with. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  customCall,
  errorBody,
  fail,
  type MockModel,
  mockModel,
  type MockRequest,
  type Part,
  say,
  type Step,
  usage,
} from "./mock_model.ts";
import {
  type AgentHome,
  agentHome,
  type AgentRun,
  mockConfig,
  runAgent,
  type RunningAgent,
  startAgent,
} from "./run_agent.ts";

/** What a batch is run in; disposing takes it down. */
export interface BatchStage extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  /** A git repository with one commit. */
  readonly repo: string;
  /** The program, in the folder above the repository. */
  run(words: readonly string[]): Promise<AgentRun>;
  start(words: readonly string[]): RunningAgent;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
}

export type Answer = (task: number, request: MockRequest) => Step;

/** Opens it; the answers are given by the number that a prompt says after `task `. */
export async function batchStage(
  answer: Answer = answerAll(),
): Promise<BatchStage> {
  const model = batchModel(answer);
  const stage = await stageFor(model);
  return {
    ...stage,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await model[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** The server alone. */
export function batchModel(answer: Answer): MockModel {
  return mockModel({
    laws: false,
    script: (request) => answer(taskOf(request), request),
  });
}

/** All around a server, which stays. */
export async function stageFor(model: MockModel): Promise<BatchStage> {
  const home = await agentHome({
    config: mockConfig(model.url, { provider: "request_max_retries = 3" }),
    files: { "repo/a.txt": "first\n", "repo/sub/b.txt": "one\ntwo\n" },
  });
  const repo = `${home.work}/repo`;
  await git(repo, "init", "-q");
  await git(repo, "add", ".");
  await git(repo, "commit", "-q", "-m", "start");
  return {
    model,
    home,
    repo,
    run: (args) => runAgent({ home, args }),
    start: (args) => startAgent({ home, args }),
    write: (path, text) => Deno.writeTextFile(`${home.work}/${path}`, text),
    read: (path) => Deno.readTextFile(`${home.work}/${path}`),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** Tasks of the repository, a line each. */
export function taskLines(
  count: number,
  more: JsonObject = {},
): string {
  return Array.from(
    { length: count },
    (_, at) =>
      `${
        JSON.stringify({ prompt: `task ${at} of many`, repo: "repo", ...more })
      }\n`,
  ).join("");
}

/** The number of the task that a request is of. */
function taskOf({ text }: MockRequest): number {
  return Number(/task (\d+) /.exec(text)?.[1] ?? -1);
}

const ALWAYS_SAME = usage({
  input_tokens: 100,
  output_tokens: 10,
  total_tokens: 110,
});

/**
 * By the last digit: messages, edits by patch and by shell, a failure, an attempt that fails,
 * and now and then a server that is busy. The same task is always answered in the same way.
 */
export function answerAll(): Answer {
  const busy = new Set<number>();
  const firstOf = new Map<number, string>();
  return (task, request) => {
    const thread = request.headers.get("thread-id") ?? "";
    if (!firstOf.has(task)) firstOf.set(task, thread);
    if (task % 7 === 3 && !busy.has(task)) {
      busy.add(task);
      return fail(429, errorBody("busy"), { "retry-after-ms": "20" });
    }
    const digit = task % 10;
    if (digit === 1) return fail(400, errorBody("no such thing"));
    // The same attempt fails however often it is run.
    if (digit === 4 && firstOf.get(task) === thread) {
      return fail(400, errorBody("quota"), {});
    }
    const isAnswered = request.input.some((item) =>
      String(item["type"]).endsWith("call_output")
    );
    const parts: readonly Part[] = isAnswered
      ? [say(`did ${task}`)]
      : [actOf(task)];
    return [...parts, ALWAYS_SAME];
  };
}

function actOf(task: number): Part {
  switch (task % 10) {
    case 2:
    case 8:
      return customCall(
        "apply_patch",
        `*** Begin Patch\n*** Update File: a.txt\n@@\n first\n+patched by ${task}\n*** End Patch`,
      );
    case 3:
    case 7:
      return call("shell", {
        command: [
          "sh",
          "-c",
          `echo ${task} >> a.txt; mkdir -p out; seq ${task} >out/n; rm sub/b.txt`,
        ],
      });
    default:
      return say(`said ${task}`);
  }
}

/** Runs git in the folder. */
export async function git(
  cwd: string,
  ...args: readonly string[]
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["-c", "user.name=t", "-c", "user.email=t@t", ...args],
    cwd,
    env: { GIT_CONFIG_GLOBAL: "/dev/null" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Every file of a batch's results with its content. */
export async function resultFiles(
  out: string,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await walk(path);
      else found[path.slice(out.length + 1)] = await Deno.readTextFile(path);
    }
  };
  await walk(out);
  for (const own of ["journal.jsonl", "lock"]) delete found[own];
  return found;
}

/** The lines of a JSON lines text. */
export function jsonLines(text: string): JsonObject[] {
  return text.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonObject);
}
