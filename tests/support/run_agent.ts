/** The real program as a child: compiled when it is there, from source otherwise. */
import type { JsonObject } from "../../core/util/json/json.ts";
import { readLines } from "../../core/util/json/jsonl.ts";

/** Folders of its own for one run or many: nothing of the person running the tests is used. */
export interface AgentHome extends AsyncDisposable {
  /** Above all others. */
  readonly root: string;
  readonly home: string;
  readonly codexHome: string;
  readonly temp: string;
  /** Where the program runs unless told otherwise. */
  readonly work: string;
}

export interface HomeOptions {
  /** Text of `config.toml`. */
  readonly config?: string;
  /** Files of the working folder by relative path. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface AgentOptions {
  readonly args: readonly string[];
  readonly home: AgentHome;
  /** Beside the few variables every run gets; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** A command that runs the program, which is appended to it. */
  readonly under?: readonly string[];
  /** A text is written and the pipe closed, `open` leaves it open; nothing by default. */
  readonly stdin?: { readonly text: string } | "open";
}

export interface AgentRun {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout that are JSON objects. */
  readonly events: readonly JsonObject[];
}

export interface RunningAgent extends AsyncDisposable {
  readonly pid: number;
  /** The next stdout line for which this holds; rejects when the program ends first. */
  until(test: (line: string) => boolean): Promise<string>;
  /** As `until`, for the `type` of an event. */
  untilEvent(type: string): Promise<JsonObject>;
  write(text: string): Promise<void>;
  closeStdin(): Promise<void>;
  kill(signal: Deno.Signal): void;
  readonly finished: Promise<AgentRun>;
}

/** New empty folders; disposing removes them. */
export async function agentHome(options: HomeOptions = {}): Promise<AgentHome> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "rondo-test-" }),
  );
  const home = {
    root,
    home: `${root}/home`,
    codexHome: `${root}/home/.codex`,
    temp: `${root}/tmp`,
    work: `${root}/work`,
  };
  for (const folder of [home.codexHome, home.temp, home.work]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  if (options.config !== undefined) {
    await Deno.writeTextFile(`${home.codexHome}/config.toml`, options.config);
  }
  for (const [path, text] of Object.entries(options.files ?? {})) {
    const full = `${home.work}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  }
  return {
    ...home,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** A `config.toml` for a mock model; its key is in MOCK_KEY. */
export function mockConfig(
  url: string,
  more: {
    /** Responses unless told otherwise. */
    readonly wire?: "chat";
    /** Lines before the first table. */
    readonly top?: string;
    /** Lines of the provider's table. */
    readonly provider?: string;
    /** Lines after all others. */
    readonly bottom?: string;
  } = {},
): string {
  return [
    'model = "gpt-5.2-codex"',
    'model_provider = "mock"',
    more.top ?? "",
    "[model_providers.mock]",
    'name = "Mock"',
    `base_url = ${JSON.stringify(url)}`,
    `wire_api = "${more.wire ?? "responses"}"`,
    'env_key = "MOCK_KEY"',
    more.provider ?? "",
    more.bottom ?? "",
    "",
  ].join("\n");
}

/** Runs the program to its end. */
export async function runAgent(options: AgentOptions): Promise<AgentRun> {
  await using agent = startAgent(options);
  return await agent.finished;
}

/** Starts the program; disposing kills what is left of it. */
export function startAgent(options: AgentOptions): RunningAgent {
  const [command = "", ...first] = [
    ...(options.under ?? []),
    ...agentCommand(),
  ];
  const child = new Deno.Command(command, {
    args: [...first, ...options.args],
    cwd: options.cwd ?? options.home.work,
    env: agentEnv(options.home, options.env),
    clearEnv: true,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = options.stdin === undefined
    ? undefined
    : child.stdin.getWriter();
  const lines = new LineLog();
  const finished = collect(child, lines);
  finished.catch(() => {});
  const agent: RunningAgent = {
    pid: child.pid,
    until: (test) => lines.until(test),
    untilEvent: async (type) =>
      JSON.parse(
        await lines.until((line) => parseObject(line)?.["type"] === type),
      ),
    write: async (text) => {
      await writer?.write(new TextEncoder().encode(text));
    },
    closeStdin: async () => {
      await writer?.close();
    },
    kill: (signal) => child.kill(signal),
    finished,
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await finished.catch(() => {});
      await writer?.close().catch(() => {});
    },
  };
  if (typeof options.stdin === "object") {
    // A program that does not read its input closes the pipe: no fault of the test's.
    void agent.write(options.stdin.text).then(() => agent.closeStdin())
      .catch(() => {});
  }
  return agent;
}

/** argv of the program: `$AGENT_BIN`, `build/rondo`, or this source tree. */
export function agentCommand(): [string, ...string[]] {
  const named = Deno.env.get("AGENT_BIN");
  if (named !== undefined && named !== "") return [named];
  const built = decodeURIComponent(
    new URL("../../build/rondo", import.meta.url).pathname,
  );
  if (exists(built)) return [built];
  const main = decodeURIComponent(
    new URL("../../main.ts", import.meta.url).pathname,
  );
  const config = decodeURIComponent(
    new URL("../../deno.json", import.meta.url).pathname,
  );
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-check",
    "--allow-all",
    `--config=${config}`,
    main,
  ];
}

/** Whether the program under test is the compiled one. */
export function isCompiled(): boolean {
  return agentCommand().length === 1;
}

/** What a program under test sees of the environment; undefined takes a variable away. */
export function agentEnv(
  home: Pick<AgentHome, "home" | "codexHome" | "temp">,
  more: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const env: Record<string, string | undefined> = {
    PATH: Deno.env.get("PATH"),
    HOME: home.home,
    CODEX_HOME: home.codexHome,
    TMPDIR: home.temp,
    LANG: "C.UTF-8",
    MOCK_KEY: "mock-key",
    // From source the runtime needs the packages it has already fetched.
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    DENO_NO_UPDATE_CHECK: "1",
    ...more,
  };
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    ),
  );
}

async function collect(
  child: Deno.ChildProcess,
  lines: LineLog,
): Promise<AgentRun> {
  const [text, raw] = child.stdout.tee();
  const reading = (async () => {
    for await (const line of readLines(text, { lineBytesMax: Infinity })) {
      lines.add(line);
    }
  })();
  const [stdout, stderr, status] = await Promise.all([
    new Response(raw).text(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  await reading;
  lines.end(`code ${status.code}, stdout:\n${stdout}\nstderr:\n${stderr}`);
  return {
    code: status.code,
    signal: status.signal,
    stdout,
    stderr,
    events: stdout.split("\n").flatMap((line) => {
      const event = parseObject(line);
      return event === undefined ? [] : [event];
    }),
  };
}

/** Lines as they come, for those who wait for one. */
class LineLog {
  readonly #lines: string[] = [];
  #next = 0;
  #ended: string | undefined;
  #wake: (() => void) | undefined;

  add(line: string): void {
    this.#lines.push(line);
    this.#wake?.();
  }

  end(how: string): void {
    this.#ended = how;
    this.#wake?.();
  }

  async until(test: (line: string) => boolean): Promise<string> {
    while (true) {
      while (this.#next < this.#lines.length) {
        const line = this.#lines[this.#next++] ?? "";
        if (test(line)) return line;
      }
      if (this.#ended !== undefined) {
        throw new Error(
          `The program ended before the line came: ${this.#ended}`,
        );
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

function parseObject(line: string): JsonObject | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as JsonObject;
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
