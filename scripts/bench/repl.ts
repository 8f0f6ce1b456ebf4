/** A long answer in a terminal: what it costs beside JSON lines, how soon a key is seen. */
import { hasPty, openPty } from "../../tests/support/pty.ts";
import { serveHttp } from "../../tests/support/http_server.ts";
import { answer, readUsage, subjects } from "./bench.ts";
import { recordValues } from "./rows.ts";

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

if (import.meta.main) {
  const [word, pace] = Deno.args;
  await (word === "serve" ? serve(pace === "paced") : main());
}

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
  const text = `${DELTAS} deltas at a terminal`;
  recordValues(`${text}, wall`, "ms", repl.map(({ wallMs }) => wallMs));
  recordValues(`${text}, CPU`, "ms", repl.map(({ cpuMs }) => cpuMs));
  const lines = `${DELTAS} deltas as JSON lines`;
  recordValues(`${lines}, wall`, "ms", json.map(({ wallMs }) => wallMs));
  recordValues(`${lines}, CPU`, "ms", json.map(({ cpuMs }) => cpuMs));
  const paced = await run(subject.path, {
    isRepl: true,
    isTyping: true,
    isPaced: true,
  });
  recordEchoes("as fast as loopback", echoes);
  recordEchoes(`${DELTAS * 1_000 / PACED_MS} deltas a second`, paced.echoesMs);
}

function recordEchoes(pace: string, echoes: readonly number[]): void {
  const sorted = echoes.toSorted((left, right) => left - right);
  const late = sorted.slice(Math.floor(sorted.length * 0.95), -1).slice(0, 1);
  recordValues(`key to echo, ${pace}, median`, "ms", echoes);
  recordValues(`key to echo, ${pace}, 95 of 100`, "ms", late);
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
  let askedMs = 0;
  let cpuBeforeMs = 0;
  let pid = 0;
  const server = await startServer(isPaced, () => {
    cpuBeforeMs = readUsage(pid)?.cpuMs ?? 0;
    askedMs = performance.now();
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
    server.stop();
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

interface Server {
  readonly port: number;
  stop(): void;
}

// A process of its own: what it sends must not wait for the keys, nor they for it.
async function startServer(
  isPaced: boolean,
  onAsked: () => void,
): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-check", "--quiet"],
      ...[import.meta.url, "serve", isPaced ? "paced" : "at once"],
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: port } = await lines.read();
  void lines.read().then(({ value }) => value === undefined || onAsked());
  return { port: Number(port), stop: () => child.kill("SIGKILL") };
}

/** Says its port, and then when it is asked. */
async function serve(isPaced: boolean): Promise<void> {
  const body = longAnswer();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = serveHttp((request) => {
    if (request.method !== "POST") return new Response(null, { status: 404 });
    resolve();
    return new Response(isPaced ? paced(body) : body, {
      headers: { "content-type": "text/event-stream" },
    });
  });
  console.log(server.port);
  await asked;
  console.log("asked");
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
