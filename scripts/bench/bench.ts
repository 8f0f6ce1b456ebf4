/** Runs of the built program, and of a peer, against a server in this process; times taken here. */
import { serveHttp } from "../../tests/support/http_server.ts";

/** A program under measurement. */
export interface Subject {
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
  /** Body of the nth answer, from 0. */
  readonly answer: (index: number) => string;
  /** Words after `exec`; a home that is used again. */
  readonly command?: readonly string[];
  readonly home?: string;
}

/** One run; all times are milliseconds from the start of the process. */
export interface Measured {
  /** When each request had come in. */
  readonly requestsMs: readonly number[];
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Most memory it ever had in use (VmHWM of proc(5)). */
  readonly peakMb: number;
}

/** What is measured of a run, with its goal. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** The most it may be; a share of the peer's, where one is measured. */
  readonly shareMax: number;
  readonly runs: number;
  measure(subject: Subject): Promise<number>;
}

/** The program in build/ (or $AGENT_BIN), and the peer of $CODEX_BIN where it is set. */
export function subjects(): Subject[] {
  const own = Deno.env.get("AGENT_BIN") ??
    decodeURIComponent(new URL("../../build/rondo", import.meta.url).pathname);
  const peer = Deno.env.get("CODEX_BIN");
  const rondo: Subject = {
    name: "rondo",
    path: own,
    extraArgs: [],
    shellCall: (line) => ({
      name: "shell",
      args: { command: ["bash", "-c", line] },
    }),
  };
  if (peer === undefined || peer === "") return [rondo];
  return [rondo, {
    name: "codex",
    path: peer,
    extraArgs: [
      "-c",
      "features.plugins=false",
      "-c",
      "analytics.enabled=false",
      "-c",
      "check_for_update_on_startup=false",
    ],
    shellCall: (line) => ({ name: "exec_command", args: { cmd: line } }),
  }];
}

/** Measures each figure, subjects taking turns so that both see the same machine. */
export async function measureFigures(
  figures: readonly Figure[],
): Promise<void> {
  const all = subjects();
  for (const figure of figures) {
    const values = new Map<Subject, number[]>(all.map((one) => [one, []]));
    // The first round warms the disk cache and does not count.
    for (let round = 0; round <= figure.runs; round++) {
      for (const subject of all) {
        const value = await figure.measure(subject);
        if (round > 0) values.get(subject)?.push(value);
      }
    }
    print(figure, values);
  }
}

function print(
  figure: Figure,
  values: ReadonlyMap<Subject, readonly number[]>,
): void {
  const medians: number[] = [];
  for (const [subject, of] of values) {
    const sorted = of.toSorted((left, right) => left - right);
    const middle = medianOf(of);
    medians.push(middle);
    const low = format(sorted[0] ?? NaN);
    const high = format(sorted.at(-1) ?? NaN);
    console.log(
      `${figure.name.padEnd(44)} ${subject.name.padEnd(6)} ${
        format(middle).padStart(7)
      } ${figure.unit} [${low} .. ${high}] n=${of.length}`,
    );
  }
  const [own, peer] = medians;
  if (own === undefined || peer === undefined) return;
  const share = own / peer;
  console.log(
    `${"".padEnd(44)} share  ${
      share.toFixed(2).padStart(7)
    } of at most ${figure.shareMax}${
      share <= figure.shareMax ? "" : "  MISSED"
    }`,
  );
}

/** The middle value; the upper of two. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function format(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

/** Runs the program once to its end. Throws when it fails. */
export async function runOnce(request: RunRequest): Promise<Measured> {
  const home = request.home ?? await Deno.makeTempDir({ prefix: "bench-" });
  const requestsMs: number[] = [];
  let startMs = 0;
  const server = serveHttp((incoming) => {
    // A peer may look for models first.
    if (incoming.method !== "POST") return new Response(null, { status: 404 });
    requestsMs.push(performance.now() - startMs);
    return new Response(request.answer(requestsMs.length - 1), {
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
    return { requestsMs, wallMs, cpuMs, peakMb };
  } finally {
    await server.shutdown();
    if (request.home === undefined) {
      await Deno.remove(home, { recursive: true });
    }
  }
}

function spawn(
  { subject, sandbox, command = [] }: RunRequest,
  home: string,
): { readonly process: Deno.ChildProcess; readonly startMs: number } {
  const startMs = performance.now();
  const process = new Deno.Command(subject.path, {
    args: [
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

function configOf(port: number): string {
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
