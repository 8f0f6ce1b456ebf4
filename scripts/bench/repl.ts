/** A long answer in a terminal: what it costs beside JSON lines, how soon a key is seen. */
import { hasPty, openPty } from "../../tests/support/pty.ts";
import { serveHttp } from "../../tests/support/http_server.ts";
import { answer, medianOf, readUsage, subjects } from "./bench.ts";

const DELTAS = 20_000;
const RUNS = 11;
/** The same answer over this time: fifty times as fast as models write. */
const PACED_MS = 4_000;
/** Between two pieces of it. */
const PIECE_MS = 10;
/** Between two keys; no multiple of a frame. */
const KEY_MS = 4;
/** Letters that the answer does not hold. */
const KEYS = "QZXJKV";
const LAST = "The very last word.";

/** From the request to the end of the turn. */
interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly echoesMs: readonly number[];
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  if (!hasPty()) {
    console.log("SKIPPED: no util-linux script, so no pseudo-terminal");
    return;
  }
  const [subject] = subjects();
  if (subject === undefined) throw new Error("Cannot find build/rondo");
  const json: Run[] = [];
  const repl: Run[] = [];
  const echoes: number[] = [];
  for (let round = 0; round <= RUNS; round++) {
    const lines = await run(subject.path, { isRepl: false, isTyping: false });
    const shown = await run(subject.path, { isRepl: true, isTyping: false });
    const typed = await run(subject.path, { isRepl: true, isTyping: true });
    // The first round warms the disk cache and does not count.
    if (round === 0) continue;
    json.push(lines);
    repl.push(shown);
    echoes.push(...typed.echoesMs);
  }
  printShare("wall", json, repl);
  printShare("cpu", json, repl);
  const paced = await run(subject.path, {
    isRepl: true,
    isTyping: true,
    isPaced: true,
  });
  printEchoes("as fast as loopback", echoes);
  printEchoes(`over ${PACED_MS / 1_000} s`, paced.echoesMs);
}

function printEchoes(pace: string, echoes: readonly number[]): void {
  const sorted = echoes.toSorted((left, right) => left - right);
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? NaN;
  const longest = sorted.at(-1) ?? NaN;
  console.log(
    `key to echo meanwhile, ${pace}: median ${
      medianOf(echoes).toFixed(1)
    } ms, p95 ${p95.toFixed(1)} ms of at most 5, longest ${
      longest.toFixed(1)
    } ms, n=${sorted.length}${p95 <= 5 ? "" : "  MISSED"}`,
  );
}

function printShare(
  what: "wall" | "cpu",
  json: readonly Run[],
  repl: readonly Run[],
): void {
  const of = (runs: readonly Run[]): number =>
    medianOf(
      runs.map(({ wallMs, cpuMs }) => what === "wall" ? wallMs : cpuMs)
        .filter(Number.isFinite),
    );
  const share = of(repl) / of(json);
  console.log(
    `answer of ${DELTAS} deltas, ${what}: JSON lines ${
      of(json).toFixed(0)
    } ms, conversation ${of(repl).toFixed(0)} ms, share ${
      share.toFixed(2)
    } of at most 1.5${share <= 1.5 ? "" : "  MISSED"}`,
  );
}

async function run(
  path: string,
  { isRepl, isTyping, isPaced = false }: {
    readonly isRepl: boolean;
    readonly isTyping: boolean;
    readonly isPaced?: boolean;
  },
): Promise<Run> {
  const root = await Deno.makeTempDir({ prefix: "bench-" });
  const body = longAnswer();
  let askedMs = 0;
  let cpuBeforeMs = 0;
  let pid = 0;
  const server = serveHttp((request) => {
    if (request.method !== "POST") return new Response(null, { status: 404 });
    cpuBeforeMs = readUsage(pid)?.cpuMs ?? 0;
    askedMs = performance.now();
    return new Response(isPaced ? paced(body) : body, {
      headers: { "content-type": "text/event-stream" },
    });
  });
  try {
    await Deno.mkdir(`${root}/.codex`);
    await Deno.mkdir(`${root}/work`);
    await Deno.writeTextFile(
      `${root}/.codex/config.toml`,
      configOf(server.port, `${root}/work`),
    );
    const mode = isRepl ? [] : ["exec", "--json", "--deltas"];
    await using pty = openPty({
      argv: [path, ...mode, "-s", "danger-full-access", "go"],
      cwd: `${root}/work`,
      env: {
        CODEX_HOME: `${root}/.codex`,
        HOME: root,
        MOCK_KEY: "key",
        PATH: Deno.env.get("PATH") ?? "",
        LANG: "C.UTF-8",
        TERM: "xterm-256color",
      },
      columns: 100,
    });
    // Its first words come long before the request.
    await pty.wrote(isRepl ? "\x1b" : "thread.started");
    pid = pty.pid;
    const echoesMs = isTyping ? await type(pty, () => askedMs > 0) : [];
    await pty.wrote(isRepl ? LAST : '"turn.completed"');
    const wallMs = performance.now() - askedMs;
    const cpuMs = (readUsage(pid)?.cpuMs ?? NaN) - cpuBeforeMs;
    if (isRepl) await pty.type("\x03\x04");
    await pty.code;
    return { wallMs, cpuMs, echoesMs };
  } finally {
    await server.shutdown();
    await Deno.remove(root, { recursive: true });
  }
}

// One key after the other while the answer streams; each waits for its echo.
async function type(
  pty: ReturnType<typeof openPty>,
  hasBegun: () => boolean,
): Promise<number[]> {
  const echoes: number[] = [];
  while (!hasBegun()) await sleep(1);
  let typed = "";
  while (!pty.output.includes(LAST)) {
    await sleep(KEY_MS);
    if (typed.length === 60) {
      await pty.type("\x15");
      typed = "";
      await sleep(KEY_MS);
    }
    typed += KEYS[typed.length % KEYS.length];
    const from = pty.output.length;
    const startMs = performance.now();
    await pty.type(typed.slice(-1));
    await pty.wrote(typed, from);
    if (pty.output.includes(LAST)) break;
    echoes.push(performance.now() - startMs);
  }
  return echoes;
}

// Cut anywhere, as networks do.
function paced(body: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  const size = Math.ceil(bytes.length * PIECE_MS / PACED_MS);
  const startMs = performance.now();
  let at = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const dueMs = startMs + at / size * PIECE_MS;
      await sleep(Math.max(0, dueMs - performance.now()));
      controller.enqueue(bytes.subarray(at, at + size));
      at += size;
      if (at >= bytes.length) controller.close();
    },
  });
}

function longAnswer(): string {
  const words = Array.from({ length: DELTAS }, (_, at) => {
    if (at === 0) return "# A long answer\n\n";
    if (at % 97 === 0) return ".\n\n- A point: ";
    return at % 11 === 0 ? "`code` " : at % 13 === 0 ? "**bold** " : "word ";
  });
  const text = [...words, `\n\n${LAST}`];
  const item = { type: "message", id: "msg_1", role: "assistant" };
  return answer([
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...item, content: [] },
    },
    ...text.map((delta) => ({
      type: "response.output_text.delta",
      item_id: "msg_1",
      output_index: 0,
      content_index: 0,
      delta,
    })),
    {
      type: "response.output_item.done",
      output_index: 0,
      item: {
        ...item,
        content: [{ type: "output_text", text: text.join("") }],
      },
    },
  ]);
}

function configOf(port: number, work: string): string {
  return `model = "gpt-5.2-codex"
model_provider = "mock"
[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:${port}/v1"
wire_api = "responses"
env_key = "MOCK_KEY"
[projects.${JSON.stringify(work)}]
trust_level = "trusted"
`;
}

async function sleep(ms: number): Promise<void> {
  await new Promise((wake) => setTimeout(wake, ms));
}
