/** From a prompt to the first piece of its answer, through each door for programs. */
import { serveHttp } from "../../tests/support/http_server.ts";
import { configOf, messageAnswer, subjects } from "./bench.ts";
import { recordValues } from "./rows.ts";

const TURNS = 100;
/** Of each conversation; code is compiled and files are opened in them. */
const WARM_TURNS = 10;
const FULL = ["--sandbox", "danger-full-access"] as const;

/** How a program talks to one of the doors. */
interface Door {
  readonly name: string;
  readonly args: readonly string[];
  /** What is said before the first prompt, one after the other's answer. */
  readonly opening: readonly ((cwd: string) => unknown)[];
  readonly prompt: (session: string, id: number) => unknown;
  /** In the line with the first piece, and in the last line of a turn. */
  readonly piece: string;
  readonly end: string;
}

const DOORS: readonly Door[] = [
  {
    name: "exec --json",
    args: [
      ...["exec", "--json", "--deltas", "--input", "jsonl"],
      ...["--skip-git-repo-check", ...FULL],
    ],
    opening: [],
    prompt: () => ({ type: "user.input", text: "go" }),
    piece: '"text.delta"',
    end: '"turn.completed"',
  },
  {
    name: "app-server",
    args: ["app-server", ...FULL],
    opening: [
      () => ({
        id: 1,
        method: "initialize",
        params: { clientInfo: { name: "bench", version: "1" } },
      }),
      (cwd) => ({ id: 2, method: "thread/start", params: { cwd } }),
    ],
    prompt: (threadId, id) => ({
      id,
      method: "turn/start",
      params: { threadId, input: [{ type: "text", text: "go" }] },
    }),
    piece: '"item/agentMessage/delta"',
    end: '"turn/completed"',
  },
  {
    name: "acp",
    args: ["acp", ...FULL],
    opening: [
      () => ({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: 1 },
      }),
      (cwd) => ({
        jsonrpc: "2.0",
        id: 2,
        method: "session/new",
        params: { cwd, mcpServers: [] },
      }),
    ],
    prompt: (sessionId, id) => ({
      jsonrpc: "2.0",
      id,
      method: "session/prompt",
      params: { sessionId, prompt: [{ type: "text", text: "go" }] },
    }),
    piece: '"agent_message_chunk"',
    end: '"stopReason"',
  },
];

async function main(): Promise<void> {
  const [subject] = subjects();
  if (subject === undefined) throw new Error("Cannot find build/rondo");
  const home = await Deno.makeTempDir({ prefix: "bench-" });
  const body = messageAnswer();
  const server = serveHttp(() =>
    new Response(body, { headers: { "content-type": "text/event-stream" } })
  );
  const open: Conversation[] = [];
  try {
    await Deno.mkdir(`${home}/work`);
    await Deno.mkdir(`${home}/.codex`);
    await Deno.writeTextFile(
      `${home}/.codex/config.toml`,
      configOf(server.port),
    );
    for (const door of DOORS) {
      open.push(await Conversation.open(door, subject.path, home));
    }
    const values = open.map((): number[] => []);
    for (let turn = 0; turn < TURNS + WARM_TURNS; turn++) {
      for (const [at, conversation] of open.entries()) {
        const ms = await conversation.turn(turn + 10);
        if (turn >= WARM_TURNS) values[at]?.push(ms);
      }
    }
    for (const [at, { name }] of DOORS.entries()) {
      recordValues(`prompt to first piece, ${name}`, "ms", values[at] ?? []);
    }
  } finally {
    for (const conversation of open) await conversation.close();
    await server.shutdown();
    await Deno.remove(home, { recursive: true });
  }
}

/** One program in the middle of a conversation. */
class Conversation {
  readonly #door: Door;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  #session = "";

  constructor(door: Door, program: string, home: string) {
    this.#door = door;
    this.#child = new Deno.Command(program, {
      args: [...door.args],
      cwd: `${home}/work`,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: home,
        CODEX_HOME: `${home}/.codex`,
        MOCK_KEY: "key",
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.getReader();
  }

  static async open(
    door: Door,
    program: string,
    home: string,
  ): Promise<Conversation> {
    const made = new Conversation(door, program, home);
    for (const [at, say] of door.opening.entries()) {
      await made.#say(say(`${home}/work`));
      const answer = await made.#until(`"id":${at + 1},`);
      made.#session = /"(?:sessionId|threadId|id)":"([^"]+)"/.exec(answer)
        ?.[1] ?? "";
    }
    return made;
  }

  /** Milliseconds from the prompt to the first piece. */
  async turn(id: number): Promise<number> {
    const { prompt, piece, end } = this.#door;
    const startMs = performance.now();
    await this.#say(prompt(this.#session, id));
    await this.#until(piece);
    const ms = performance.now() - startMs;
    await this.#until(end);
    return ms;
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }

  async #say(message: unknown): Promise<void> {
    await this.#writer.write(
      new TextEncoder().encode(`${JSON.stringify(message)}\n`),
    );
  }

  /** The text up to the end of the line that holds it; what comes after it is kept. */
  async #until(word: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(word);
      const end = at < 0 ? -1 : this.#text.indexOf("\n", at);
      if (end >= 0) {
        const text = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return text.slice(text.lastIndexOf("\n") + 1);
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`${this.#door.name} ended before ${word}`);
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }
}

if (import.meta.main) await main();
