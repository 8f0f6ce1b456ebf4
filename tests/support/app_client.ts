/** A client of the app server: requests, answers to its questions, and all that it says. */
import type { JsonObject } from "../../core/util/json/json.ts";
import { readLines } from "../../core/util/json/jsonl.ts";
import { agentCommand, agentEnv, type AgentHome } from "./run_agent.ts";

/** A message of the server. */
export type Message = JsonObject;

/** Answers a request of the server; undefined leaves it without an answer. */
export type Answerer = (request: Message) => unknown;

export interface AppClientOptions {
  readonly home: AgentHome;
  readonly args?: readonly string[];
  readonly answer?: Answerer;
  /** Sees every message of the server as it comes. */
  readonly onMessage?: (message: Message, line: string) => void;
  /** Instead of a program of its own: a server that listens there. */
  readonly socket?: string;
  /** Programs instead of the built one. */
  readonly command?: readonly string[];
  /** Beside what every run gets. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Pipe {
  readonly output: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>;
  readonly end: () => void;
  readonly kill: () => void;
  readonly status: Promise<unknown>;
}

/** The server's words for a request that it refused. */
export class RefusedError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export class AppClient implements AsyncDisposable {
  readonly messages: Message[] = [];
  readonly #options: AppClientOptions;
  readonly #pipe: Pipe;
  readonly #waiting = new Set<() => void>();
  readonly #read: Promise<void>;
  #lastId = 0;
  #seen = 0;
  #isOver = false;

  constructor(options: AppClientOptions, pipe: Pipe) {
    this.#options = options;
    this.#pipe = pipe;
    this.#read = this.#readAll();
  }

  /** Starts or joins a server; nothing is said yet. */
  static async connect(options: AppClientOptions): Promise<AppClient> {
    const pipe = options.socket === undefined
      ? startServer(options)
      : await joinServer(options.socket);
    return new AppClient(options, pipe);
  }

  /** The same, introduced. */
  static async open(options: AppClientOptions): Promise<AppClient> {
    const client = await AppClient.connect(options);
    await client.request("initialize", {
      clientInfo: { name: "test", title: null, version: "1" },
      capabilities: { experimentalApi: true },
    });
    await client.send({ method: "initialized" });
    return client;
  }

  /** Resolves to the result; rejects with RefusedError. */
  async request(method: string, params: unknown = {}): Promise<JsonObject> {
    const id = ++this.#lastId;
    await this.send({ id, method, params });
    const answer = await this.find((message) =>
      message["id"] === id && message["method"] === undefined
    );
    const error = answer["error"] as JsonObject | undefined;
    if (error === undefined) return answer["result"] as JsonObject;
    throw new RefusedError(Number(error["code"]), String(error["message"]));
  }

  async send(message: unknown): Promise<void> {
    await this.sendText(`${JSON.stringify(message)}\n`);
  }

  async sendText(text: string): Promise<void> {
    await this.#pipe.write(new TextEncoder().encode(text));
  }

  /** The first message, old or new, for which this holds. */
  async find(test: (message: Message) => boolean): Promise<Message> {
    for (let at = 0;; at++) {
      while (at >= this.messages.length) await this.#more();
      const message = this.messages[at];
      if (message !== undefined && test(message)) return message;
    }
  }

  /** The next message that no `next` has passed, for which this holds. */
  async next(test: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      while (this.#seen >= this.messages.length) await this.#more();
      const message = this.messages[this.#seen++];
      if (message !== undefined && test(message)) return message;
    }
  }

  /** The next notification or request of that name; its parameters. */
  async told(method: string): Promise<JsonObject> {
    const message = await this.next((one) => one["method"] === method);
    return message["params"] as JsonObject;
  }

  /** Parameters of all notifications of that name so far. */
  all(method: string): JsonObject[] {
    return this.messages.filter((one) => one["method"] === method)
      .map((one) => one["params"] as JsonObject);
  }

  /** Starts a thread in the working folder and returns its id. */
  async startThread(params: JsonObject = {}): Promise<string> {
    const { thread } = await this.request("thread/start", {
      cwd: this.#options.home.work,
      ...params,
    });
    return String((thread as JsonObject)["id"]);
  }

  /** Runs a turn to its end; what `turn/completed` says of it. */
  async turn(
    threadId: string,
    text: string,
    more: JsonObject = {},
  ): Promise<JsonObject> {
    const input = [{ type: "text", text }];
    const { turn } = await this.request("turn/start", {
      threadId,
      input,
      ...more,
    });
    return await this.ended(String((turn as JsonObject)["id"]));
  }

  /** Waits for the end of a turn. */
  async ended(turnId: string): Promise<JsonObject> {
    const done = await this.find((one) =>
      one["method"] === "turn/completed" &&
      ((one["params"] as JsonObject)["turn"] as JsonObject)["id"] === turnId
    );
    return (done["params"] as JsonObject)["turn"] as JsonObject;
  }

  /** Drops what has been said so far. */
  forget(): void {
    this.messages.splice(0);
    this.#seen = 0;
  }

  /** Says no more, as a client does that ends; resolves when the server has ended, too. */
  async close(): Promise<void> {
    this.#pipe.end();
    await this.#pipe.status;
    await this.#read;
  }

  /** The server is killed, or the socket torn away. */
  kill(): void {
    this.#pipe.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #readAll(): Promise<void> {
    const options = { lineBytesMax: 256 * 1024 * 1024 };
    try {
      for await (const line of readLines(this.#pipe.output, options)) {
        const message = JSON.parse(line) as Message;
        this.#options.onMessage?.(message, line);
        this.messages.push(message);
        this.#wake();
        void this.#answer(message);
      }
    } catch {
      // The socket was torn away.
    } finally {
      this.#isOver = true;
      this.#wake();
    }
  }

  async #answer(message: Message): Promise<void> {
    const { id, method } = message;
    if (id === undefined || method === undefined) return;
    const result = await this.#options.answer?.(message);
    if (result !== undefined) await this.send({ id, result }).catch(() => {});
  }

  async #more(): Promise<void> {
    if (this.#isOver) throw new Error("The server has ended");
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function startServer(
  { home, args = [], command, env = {} }: AppClientOptions,
): Pipe {
  const [program = "", ...first] = command ?? agentCommand();
  const child = new Deno.Command(program, {
    args: [...first, "app-server", ...args],
    cwd: home.work,
    clearEnv: true,
    env: agentEnv(home, { SHELL: "/bin/sh", ...env }),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  return {
    output: child.stdout,
    write: (bytes) => writer.write(bytes),
    end: () => void writer.close().catch(() => {}),
    kill: () => child.kill("SIGKILL"),
    status: child.status,
  };
}

async function joinServer(path: string): Promise<Pipe> {
  const connection = await Deno.connect({ transport: "unix", path });
  // A read that waits keeps the socket open: the other side is told by its end.
  const close = (): void => {
    connection.closeWrite().then(() => connection.close()).catch(() => {});
  };
  // A stream of the runtime's own would keep the socket open behind its close.
  const output = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: async (controller) => {
      const buffer = new Uint8Array(64 * 1024);
      const count = await connection.read(buffer).catch(() => null);
      if (count === null) controller.close();
      else controller.enqueue(buffer.subarray(0, count));
    },
  });
  return {
    output,
    write: (bytes) => connection.write(bytes),
    end: close,
    kill: close,
    status: Promise.resolve(),
  };
}
