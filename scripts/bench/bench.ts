/** Runs of the built program, and of a peer, against a server in this process; times taken here. */
import { serveHttp } from "../../tests/support/http_server.ts";
import { type Cell, medianOf, OWN, recordRow } from "./rows.ts";

/** A program under measurement. */
export interface Subject {
  readonly kind: "rondo" | "codex" | "floor";
  /** Kind and version, told apart where two are alike. */
  readonly name: string;
  readonly path: string;
  /** Flags it needs beside those that both know. */
  readonly extraArgs: readonly string[];
  /** The call by which its model runs a shell line. */
  shellCall(line: string): { readonly name: string; readonly args: unknown };
}

export interface RunRequest {
  readonly subject: Subject;
  /** Of `-s`. */
  readonly sandbox: string;
  /** Body of the nth answer, from 0; `pid` is that of the program. */
  readonly answer: (index: number, pid: number) => string;
  /** Words after `exec`; a home that is used again. */
  readonly command?: readonly string[];
  readonly home?: string;
  /** It may run on the first processor alone. */
  readonly isOnOneCore?: boolean;
}

/** One run; all times are milliseconds from the start of the process. */
export interface Measured {
  /** When each request had come in. */
  readonly requestsMs: readonly number[];
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Most memory it ever had in use (VmHWM of proc(5)). */
  readonly peakMb: number;
  /** Its share of the memory in use at its first request (Pss of smaps_rollup, proc(5)). */
  readonly pssMb: number;
}

/** What is measured of a run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly runs: number;
  /** Programs that cannot do it. */
  readonly without?: readonly Subject["kind"][];
  measure(subject: Subject): Promise<number>;
}

/** Paths of the programs under measurement, the own one first, a line each; set by mod.ts. */
export const SUBJECTS_VARIABLE = "BENCH_SUBJECTS";

/** Most runs of a figure; set by mod.ts. */
export const RUNS_VARIABLE = "BENCH_RUNS";

/** The programs that take turns, the own one first; the one in build/ when none is named. */
export function subjects(): Subject[] {
  const own = decodeURIComponent(
    new URL("../../build/rondo", import.meta.url).pathname,
  );
  const paths = (Deno.env.get(SUBJECTS_VARIABLE) ?? own).split("\n");
  const names: string[] = [];
  return paths.map((path, at): Subject => {
    const version = at === 0 ? OWN : readVersion(path);
    const alike = names.filter((name) => name === version).length;
    names.push(version);
    const name = alike === 0 ? version : `${version} (${alike + 1})`;
    const kind = /codex/.test(version)
      ? "codex"
      : version.startsWith("floor")
      ? "floor"
      : "rondo";
    return { kind, name, path, ...WAYS[kind] };
  });
}

const WAYS: Readonly<
  Record<Subject["kind"], Pick<Subject, "extraArgs" | "shellCall">>
> = {
  rondo: { extraArgs: [], shellCall: shellOf },
  floor: { extraArgs: [], shellCall: shellOf },
  codex: {
    extraArgs: [
      ...["-c", "features.plugins=false"],
      ...["-c", "analytics.enabled=false"],
      ...["-c", "check_for_update_on_startup=false"],
    ],
    shellCall: (line) => ({ name: "exec_command", args: { cmd: line } }),
  },
};

function shellOf(line: string): ReturnType<Subject["shellCall"]> {
  return { name: "shell", args: { command: ["bash", "-c", line] } };
}

/** The first line of `--version`. */
export function readVersion(path: string): string {
  const { stdout } = new Deno.Command(path, { args: ["--version"] })
    .outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n")[0] ?? "";
}

/** Measures each figure, subjects taking turns so that both see the same machine. */
export async function measureFigures(
  figures: readonly Figure[],
): Promise<void> {
  const runsMax = Number(Deno.env.get(RUNS_VARIABLE) ?? Infinity);
  for (const figure of figures) {
    const runs = Math.min(figure.runs, runsMax);
    const all = subjects()
      .filter(({ kind }) => !figure.without?.includes(kind));
    const values = all.map((): number[] => []);
    // The first round warms the disk cache and does not count.
    for (let round = 0; round <= runs; round++) {
      for (const [at, subject] of all.entries()) {
        const value = await figure.measure(subject);
        if (round > 0) values[at]?.push(value);
      }
    }
    const [own = []] = values;
    const { name, unit } = figure;
    const cells = all.map((subject, at): Cell => {
      const its = values[at] ?? [];
      const shares = its.map((value, round) => (own[round] ?? NaN) / value);
      return {
        subject: subject.name,
        median: medianOf(its),
        least: Math.min(...its),
        ...(at > 0 && { share: medianOf(shares) }),
      };
    });
    recordRow({ name, unit, runs, cells });
  }
}

/** Runs the program once to its end. Throws when it fails. */
export async function runOnce(request: RunRequest): Promise<Measured> {
  const home = request.home ?? await Deno.makeTempDir({ prefix: "bench-" });
  const requestsMs: number[] = [];
  let startMs = 0;
  let pid = 0;
  let pssMb = NaN;
  const server = serveHttp((incoming) => {
    // A peer may look for models first.
    if (incoming.method !== "POST") return new Response(null, { status: 404 });
    requestsMs.push(performance.now() - startMs);
    if (requestsMs.length === 1) pssMb = readPss(pid);
    return new Response(request.answer(requestsMs.length - 1, pid), {
      headers: { "content-type": "text/event-stream" },
    });
  });
  try {
    await Deno.mkdir(`${home}/work`, { recursive: true });
    await Deno.mkdir(`${home}/.codex`, { recursive: true });
    await Deno.writeTextFile(
      `${home}/.codex/config.toml`,
      configOf(server.port),
    );
    const child = spawn(request, home);
    startMs = child.startMs;
    pid = child.process.pid;
    const meter = watch(child.process.pid);
    const { code, stderr } = await child.process.output();
    const wallMs = performance.now() - startMs;
    const { peakMb, cpuMs } = await meter.stop();
    if (code !== 0) {
      throw new Error(
        `${request.subject.name} ended with ${code}: ${
          new TextDecoder().decode(stderr)
        }`,
      );
    }
    return { requestsMs, wallMs, cpuMs, peakMb, pssMb };
  } finally {
    await server.shutdown();
    if (request.home === undefined) {
      await Deno.remove(home, { recursive: true });
    }
  }
}

function spawn(
  { subject, sandbox, command = [], isOnOneCore = false }: RunRequest,
  home: string,
): { readonly process: Deno.ChildProcess; readonly startMs: number } {
  const startMs = performance.now();
  const pinned = isOnOneCore ? ["taskset", "-c", "0"] : [];
  const [program = "", ...before] = [...pinned, subject.path];
  const process = new Deno.Command(program, {
    args: [
      ...before,
      "exec",
      "--json",
      "--skip-git-repo-check",
      "-s",
      sandbox,
      ...subject.extraArgs,
      ...command,
      "go",
    ],
    cwd: `${home}/work`,
    env: {
      CODEX_HOME: `${home}/.codex`,
      HOME: home,
      MOCK_KEY: "key",
      PATH: Deno.env.get("PATH") ?? "",
      LANG: "C.UTF-8",
    },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  return { process, startMs };
}

export function configOf(port: number): string {
  return `model = "gpt-5.2-codex"
model_provider = "mock"
approval_policy = "never"
[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:${port}/v1"
wire_api = "responses"
env_key = "MOCK_KEY"
`;
}

interface Usage {
  readonly peakMb: number;
  readonly cpuMs: number;
}

// Both figures only grow, so the last look before the end is as good as one after it.
function watch(pid: number): { stop(): Promise<Usage> } {
  let usage: Usage = { peakMb: 0, cpuMs: 0 };
  let isOver = false;
  const watching = (async (): Promise<void> => {
    while (!isOver) {
      usage = readUsage(pid) ?? usage;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    stop: async (): Promise<Usage> => {
      isOver = true;
      await watching;
      return usage;
    },
  };
}

/** Time on a processor, of all threads: the first number of schedstat (proc(5)). */
export function readCpuNs(pid: number): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`);
    sum += Number(text.split(" ")[0]);
  }
  return sum;
}

/** What a process has used up to now; undefined when it is gone. */
export function readUsage(pid: number): Usage | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime and stime, in ticks of 10 ms (proc(5)).
    const ticks = Number(fields[11]) + Number(fields[12]);
    if (peakKb === 0) return undefined;
    return { peakMb: peakKb / 1024, cpuMs: ticks * 10 };
  } catch {
    return undefined;
  }
}

function readPss(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? NaN) / 1024;
}

/** An answer that runs a shell line. */
export function callAnswer(
  subject: Subject,
  line: string,
  index: number,
): string {
  const { name, args } = subject.shellCall(line);
  return answer([{
    type: "response.output_item.done",
    output_index: 0,
    item: {
      type: "function_call",
      id: `fc_${index}`,
      call_id: `call_${index}`,
      name,
      arguments: JSON.stringify(args),
      status: "completed",
    },
  }]);
}

/** An answer that ends the turn, its text in so many deltas. */
export function messageAnswer(deltas = 1): string {
  const id = "msg_1";
  const item = { type: "message", id, role: "assistant" };
  const text = "word".repeat(deltas);
  return answer([
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...item, content: [] },
    },
    ...Array.from({ length: deltas }, () => ({
      type: "response.output_text.delta",
      item_id: id,
      output_index: 0,
      content_index: 0,
      delta: "word",
    })),
    {
      type: "response.output_item.done",
      output_index: 0,
      item: {
        ...item,
        status: "completed",
        content: [{ type: "output_text", text, annotations: [] }],
      },
    },
  ]);
}

/** An answer of these events, whole. */
export function answer(
  events: readonly {
    readonly type: string;
    readonly [name: string]: unknown;
  }[],
): string {
  const usage = {
    input_tokens: 1_000,
    input_tokens_details: { cached_tokens: 900 },
    output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 1_010,
  };
  const whole = [
    { type: "response.created", response: { id: "resp_1" } },
    ...events,
    {
      type: "response.completed",
      response: { id: "resp_1", status: "completed", usage },
    },
  ];
  return whole.map((event) =>
    `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
  ).join("");
}
