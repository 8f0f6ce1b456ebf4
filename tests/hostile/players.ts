/** The long-lived ways into the program, each a process that plays one turn after the other. */
import assert from "node:assert/strict";
import { asObject, type JsonObject } from "../../core/util/json/json.ts";
import { agentCommand, type AgentHome } from "../support/run_agent.ts";

/** One turn, all of its chances drawn before it begins. */
export interface Turn {
  readonly text: string;
  readonly reader: Reader;
  /** What happens to the process while it runs. */
  readonly trouble: Trouble;
  readonly afterMs: number;
}

export interface Reader {
  /** Bytes taken at a time, and the pause after each. */
  readonly bytes: number;
  readonly pauseMs: number;
}

export const TROUBLES = [
  "none",
  "none",
  "interrupt",
  "stop",
  "SIGUSR1",
  "SIGWINCH",
  "SIGALRM",
  "SIGIO",
] as const;
export type Trouble = typeof TROUBLES[number];

export interface Player {
  readonly name: string;
  readonly pid: () => number;
  play(turn: Turn): Promise<void>;
  /** Ends the process in good order; resolves to its exit code. */
  close(): Promise<number>;
  kill(): void;
  /** The newest of what it wrote. */
  seen(): string;
}

/** A reader that keeps up. */
export const EAGER: Reader = { bytes: 65_536, pauseMs: 0 };

const FULL_ACCESS = ["--sandbox", "danger-full-access"];

/** `exec --json --input jsonl`: a turn for each line. */
export function jsonlPlayer(home: AgentHome): Player {
  const child = new LineChild(home, [
    "exec",
    "--json",
    "--deltas",
    "--input",
    "jsonl",
    "--skip-git-repo-check",
    ...FULL_ACCESS,
    "-c",
    'approval_policy="never"',
  ]);
  return {
    name: "exec --input jsonl",
    pid: () => child.pid,
    play: async ({ text, reader, ...turn }) => {
      child.reader = reader;
      await child.write({ type: "user.input", text });
      const over = meet(
        child.pid,
        turn,
        () => child.write({ type: "interrupt" }),
      );
      await child.until(({ type }) =>
        type === "turn.completed" || type === "turn.failed"
      );
      await over();
    },
    close: () => child.close(),
    kill: () => child.kill(),
    seen: () => child.seen,
  };
}

/** `mcp-server`: a turn for each call of a tool; a thread goes on until one ends. */
export function mcpPlayer(home: AgentHome): Player {
  const child = new LineChild(home, ["mcp-server"]);
  let id = 0;
  let threadId: string | undefined;
  const request = async (
    method: string,
    params: JsonObject,
  ): Promise<JsonObject> => {
    const mine = ++id;
    await child.write({ jsonrpc: "2.0", id: mine, method, params });
    return await child.until((line) => line["id"] === mine);
  };
  const opening = request("initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "soak", version: "1" },
  }).then(() =>
    child.write({ jsonrpc: "2.0", method: "notifications/initialized" })
  );
  return {
    name: "mcp-server",
    pid: () => child.pid,
    play: async ({ text, reader, ...turn }) => {
      await opening;
      child.reader = reader;
      const over = meet(child.pid, turn, () => Promise.resolve());
      const answer = await request("tools/call", {
        name: threadId === undefined ? "codex" : "codex-reply",
        arguments: threadId === undefined
          ? {
            prompt: text,
            sandbox: "danger-full-access",
            "approval-policy": "never",
          }
          : { prompt: text, threadId },
      });
      const result = asObject(answer["result"]);
      assert.ok(result !== undefined, JSON.stringify(answer));
      const content = asObject(result["structuredContent"]);
      threadId = String(content?.["threadId"] ?? threadId);
      await over();
    },
    close: () => child.close(),
    kill: () => child.kill(),
    seen: () => child.seen,
  };
}

/** The conversation at a terminal. Its log tells the end of a turn. */
export function replPlayer(home: AgentHome): Player {
  const pidFile = `${home.root}/repl.pid`;
  const program = [...agentCommand(), ...FULL_ACCESS]
    .map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: [
      "-qfec",
      `stty cols 80 rows 24; echo $$ > '${pidFile}'; exec ${program}`,
      "/dev/null",
    ],
    cwd: home.work,
    env: { ...envOf(home), TERM: "xterm-256color", SHELL: "/bin/sh" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reading = new PacedReading(child.stdout, () => {});
  const writer = child.stdin.getWriter();
  const type = (text: string): Promise<void> =>
    writer.write(new TextEncoder().encode(text));
  const ends = new TurnEnds(home);
  const pid = (): number => Number(Deno.readTextFileSync(pidFile));
  let isOpen = false;
  return {
    name: "REPL",
    pid,
    play: async ({ text, reader, ...turn }) => {
      reading.reader = reader;
      if (!isOpen) {
        await polled(() => reading.text.includes("/help"));
        isOpen = true;
      }
      const before = await ends.count();
      // What was left in the input line does not begin the message.
      await type(`\x15${text}\r`);
      // script(1) stops together with its child, and nobody continues it.
      const trouble = turn.trouble === "stop" ? "SIGWINCH" : turn.trouble;
      const over = meet(pid(), { ...turn, trouble }, async () => {
        await type("\x1b");
        // With what follows at once it would be another key.
        await pause(200);
      });
      await polled(async () => await ends.count() > before);
      await over();
    },
    close: async () => {
      await type("\x15/quit\r");
      await reading.over;
      return (await child.status).code;
    },
    kill: () => killIfThere(child),
    seen: () => reading.text,
  };
}

// The returned function waits until the trouble, too, is over.
function meet(
  pid: number,
  { trouble, afterMs }: Pick<Turn, "trouble" | "afterMs">,
  interrupt: () => Promise<void>,
): () => Promise<void> {
  const run = async (): Promise<void> => {
    if (trouble === "none") return;
    await pause(afterMs);
    if (trouble === "interrupt") return await interrupt();
    if (trouble !== "stop") return Deno.kill(pid, trouble);
    Deno.kill(pid, "SIGSTOP");
    await pause(50);
    Deno.kill(pid, "SIGCONT");
  };
  const running = run();
  return () => running;
}

function envOf(home: AgentHome): Record<string, string> {
  return {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home.home,
    CODEX_HOME: home.codexHome,
    TMPDIR: home.temp,
    LANG: "C.UTF-8",
    MOCK_KEY: "mock-key",
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
  };
}

function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function polled(
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!await isSo()) await pause(10);
}

/** Reads a stream as slowly as it is told. */
class PacedReading {
  reader: Reader = EAGER;
  /** The newest of what was read. */
  text = "";
  readonly over: Promise<void>;

  constructor(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    onText: (text: string) => void,
  ) {
    this.over = this.#read(stream, onText);
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    onText: (text: string) => void,
  ): Promise<void> {
    const decoder = new TextDecoder();
    const reader = stream.getReader({ mode: "byob" });
    for (;;) {
      const { bytes, pauseMs } = this.reader;
      const { value, done } = await reader.read(new Uint8Array(bytes));
      if (done) return;
      const text = decoder.decode(value, { stream: true });
      this.text = (this.text + text).slice(-100_000);
      onText(text);
      if (pauseMs > 0) await pause(pauseMs);
    }
  }
}

/** A process that speaks lines of JSON both ways; one that is no JSON fails. */
class LineChild {
  readonly #child: Deno.ChildProcess;
  readonly #reading: PacedReading;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #rest = "";
  #lines: JsonObject[] = [];
  #broken: unknown;
  #isOver = false;
  #wake: () => void = () => {};

  constructor(home: AgentHome, args: readonly string[]) {
    const [command, ...first] = agentCommand();
    this.#child = new Deno.Command(command, {
      args: [...first, ...args],
      cwd: home.work,
      env: envOf(home),
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = new PacedReading(
      this.#child.stdout,
      (text) => this.#take(text),
    );
    void this.#reading.over.then(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get seen(): string {
    return this.#reading.text;
  }

  set reader(reader: Reader) {
    this.#reading.reader = reader;
  }

  async write(line: JsonObject): Promise<void> {
    await this.#writer.write(
      new TextEncoder().encode(`${JSON.stringify(line)}\n`),
    );
  }

  /** The next line for which this holds; those before it are dropped. */
  async until(test: (line: JsonObject) => boolean): Promise<JsonObject> {
    for (;;) {
      if (this.#broken !== undefined) throw this.#broken;
      for (
        let line = this.#lines.shift();
        line !== undefined;
        line = this.#lines.shift()
      ) {
        if (test(line)) return line;
      }
      assert.ok(!this.#isOver, `it ended: ${this.#reading.text.slice(-1_000)}`);
      await new Promise<void>((wake) => this.#wake = wake);
    }
  }

  async close(): Promise<number> {
    this.reader = EAGER;
    await this.#writer.close();
    await this.#reading.over;
    return (await this.#child.status).code;
  }

  kill(): void {
    killIfThere(this.#child);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    try {
      this.#lines.push(...lines.map((line) => JSON.parse(line) as JsonObject));
    } catch (error) {
      this.#broken = error;
    }
    this.#wake();
  }
}

/** How many turns have ended, by the logs that a person's conversations leave. */
class TurnEnds {
  readonly #home: AgentHome;
  #path: string | undefined;
  #offset = 0;
  #count = 0;

  constructor(home: AgentHome) {
    this.#home = home;
  }

  async count(): Promise<number> {
    this.#path ??= await findConversation(`${this.#home.codexHome}/sessions`);
    if (this.#path === undefined) return 0;
    using file = await Deno.open(this.#path);
    await file.seek(this.#offset, Deno.SeekMode.Start);
    const text = await new Response(file.readable).text();
    // Only whole lines: the rest is read again.
    const end = text.lastIndexOf("\n") + 1;
    this.#offset += new TextEncoder().encode(text.slice(0, end)).length;
    this.#count +=
      text.slice(0, end).match(/"type":"(task_complete|turn_aborted)"/g)
        ?.length ?? 0;
    return this.#count;
  }
}

// The one whose first line says that it began at a terminal.
async function findConversation(folder: string): Promise<string | undefined> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      const found = entry.isDirectory
        ? await findConversation(path)
        : await isConversation(path)
        ? path
        : undefined;
      if (found !== undefined) return found;
    }
  } catch {
    // Nothing is there yet.
  }
  return undefined;
}

async function isConversation(path: string): Promise<boolean> {
  if (!path.endsWith(".jsonl")) return false;
  const first = (await Deno.readTextFile(path)).split("\n", 1)[0] ?? "";
  return /"source":"(cli|repl)"/.test(first);
}
