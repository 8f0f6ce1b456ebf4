/** Does an iteration cost more when the conversation is long? CPU of the program alone. */

/** Items in the history, short and long; `MORE` iterations are run on top of each. */
const SIZES = [20, 2_000] as const;
const WARM = 60;
const MEASURED = 200;
const ROUNDS = 3;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const results = new Map<number, number[]>(SIZES.map((size) => [size, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) {
      const ms = await measure(size);
      results.get(size)?.push(ms);
      console.log(`round ${round + 1}: ${size} items, ${ms.toFixed(2)} ms`);
    }
  }
  const [short, long] = SIZES.map((size) => median(results.get(size) ?? []));
  if (short === undefined || long === undefined) return;
  console.log(
    `CPU of an iteration: ${short.toFixed(2)} ms at ${SIZES[0]} items, ${
      long.toFixed(2)
    } ms at ${SIZES[1]}, x ${(long / short).toFixed(2)}`,
  );
}

// The history is made by one run, measured is a second one that resumes it, so that both
// sizes are measured in processes of the same age.
async function measure(size: number): Promise<number> {
  const home = await Deno.makeTempDir({ prefix: "rondo-growth-" });
  try {
    const server = startServer();
    await Deno.writeTextFile(`${home}/config.toml`, configOf(server.url));
    server.answer(size / 2 - 5);
    await run(home, ["exec", "--json", "begin"]);
    const sampled = server.answer(WARM + MEASURED);
    await run(home, ["exec", "resume", "--last", "--json", "go on"], sampled);
    await server.stop();
    return sampled.cpuMs();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

interface Sampler {
  pid: number | undefined;
  cpuMs(): number;
}

interface Server {
  readonly url: string;
  /** The next run calls a tool so many times, then ends. */
  answer(iterations: number): Sampler;
  stop(): Promise<void>;
}

function startServer(): Server {
  let left = 0;
  let total = 0;
  let calls = 0;
  let sampler: { pid: number | undefined; from: number; to: number } = {
    pid: undefined,
    from: 0,
    to: 0,
  };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      await request.arrayBuffer();
      const done = total - left;
      if (sampler.pid !== undefined && done === WARM) {
        sampler.from = cpuNs(sampler.pid);
      }
      if (sampler.pid !== undefined && done === WARM + MEASURED) {
        sampler.to = cpuNs(sampler.pid);
      }
      return new Response(left-- > 0 ? callAnswer(calls++) : lastAnswer(), {
        headers: { "content-type": "text/event-stream" },
      });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    answer: (iterations) => {
      left = total = iterations;
      const own = { pid: undefined, from: 0, to: 0 };
      sampler = own;
      return Object.assign(own, {
        cpuMs: () => (own.to - own.from) / MEASURED / 1e6,
      });
    },
    stop: () => server.shutdown(),
  };
}

// The commonest iteration: a command that prints a few lines.
function callAnswer(count: number): string {
  const command =
    `printf 'line %s of the output\\n' 1 2 3 4 5 # round ${count}`;
  return answer([{
    type: "function_call",
    id: `fc_${count}`,
    call_id: `call_${count}`,
    name: "shell",
    arguments: JSON.stringify({ command: ["bash", "-c", command] }),
    status: "completed",
  }]);
}

function lastAnswer(): string {
  return answer([{
    type: "message",
    id: "msg",
    role: "assistant",
    content: [{ type: "output_text", text: "Done.", annotations: [] }],
  }]);
}

function answer(items: readonly object[]): string {
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 110,
  };
  return [
    ...items.map((item) => ({ type: "response.output_item.done", item })),
    { type: "response.completed", response: { id: "resp", usage } },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

function configOf(url: string): string {
  return `model = "gpt-4.1"
model_provider = "mock"
sandbox_mode = "danger-full-access"
approval_policy = "never"
[model_providers.mock]
name = "Mock"
base_url = "${url}"
wire_api = "responses"
`;
}

async function run(
  home: string,
  args: readonly string[],
  sampler?: Sampler,
): Promise<void> {
  const built = Deno.env.get("AGENT_BIN") ??
    decodeURIComponent(new URL("../../build/rondo", import.meta.url).pathname);
  const child = new Deno.Command(built, {
    args: [...args, "--skip-git-repo-check"],
    cwd: home,
    env: { CODEX_HOME: home, HOME: home, PATH: Deno.env.get("PATH") ?? "" },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  if (sampler !== undefined) sampler.pid = child.pid;
  const { code, stderr } = await child.output();
  if (code === 0) return;
  throw new Error(
    `rondo ended with ${code}: ${new TextDecoder().decode(stderr)}`,
  );
}

// proc(5): the first number of schedstat is the time on a processor, in nanoseconds.
function cpuNs(pid: number): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`);
    sum += Number(text.split(" ")[0]);
  }
  return sum;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
