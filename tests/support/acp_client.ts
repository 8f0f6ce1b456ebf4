/** A client of ACP, with the library of its editors; every message it gets is held against the schema. */
import assert from "node:assert/strict";
import {
  client,
  type ClientCapabilities,
  type ClientConnection,
  type ClientContext,
  type ContentBlock,
  type InitializeResponse,
  methods,
  ndJsonStream,
  type NewSessionRequest,
  type PromptResponse,
  type RequestPermissionRequest,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { asObject, parseJsonObject } from "../../core/util/json/json.ts";
import { readLines } from "../../core/util/json/jsonl.ts";
import { AcpChecker } from "./acp_schema.ts";
import { agentCommand, agentEnv, type AgentHome } from "./run_agent.ts";

/** Chooses the option of a question, by the start of its id; undefined leaves it open. */
export type Chooser = (
  request: RequestPermissionRequest,
  id: unknown,
) => string | undefined | Promise<string | undefined>;

interface AcpClientOptions {
  readonly home: AgentHome;
  readonly args?: readonly string[];
  readonly can?: ClientCapabilities;
  readonly choose?: Chooser;
  /** The editor's buffers by path; what is not among them it does not have. */
  readonly buffers?: Map<string, string>;
  readonly env?: Readonly<Record<string, string>>;
}

type UpdateOf<K> = Extract<SessionUpdate, { sessionUpdate: K }>;

export class AcpClient implements AsyncDisposable {
  readonly updates: { sessionId: string; update: SessionUpdate }[] = [];
  readonly permissions: RequestPermissionRequest[] = [];
  /** Paths that were written through the editor. */
  readonly written: string[] = [];
  readonly checker = new AcpChecker();
  /** The answer to initialize. */
  hello: InitializeResponse = { protocolVersion: 0 };
  readonly #options: AcpClientOptions;
  readonly #child: Deno.ChildProcess;
  readonly #connection: ClientConnection;
  readonly #checked: Promise<void>;
  readonly #asked = new Map<unknown, string>();
  readonly #waiting = new Set<() => void>();
  #line: (text: string) => void = () => {};
  #end: () => void = () => {};

  constructor(options: AcpClientOptions) {
    this.#options = options;
    this.#child = start(options);
    const [shown, checked] = this.#child.stdout.tee();
    this.#checked = this.#check(checked);
    const asked = new TransformStream<Uint8Array>({
      start: (controller) => {
        this.#line = (text) =>
          controller.enqueue(new TextEncoder().encode(`${text}\n`));
        this.#end = () => controller.terminate();
      },
      transform: (bytes, controller) => {
        const message = parseJsonObject(new TextDecoder().decode(bytes)) ?? {};
        const { id, method } = message;
        if (typeof method === "string") this.#asked.set(id, method);
        controller.enqueue(bytes);
      },
    });
    asked.readable.pipeTo(this.#child.stdin).catch(() => {});
    this.#connection = this.#app().connect(
      ndJsonStream(asked.writable, shown),
    );
  }

  /** Starts the agent and introduces itself. */
  static async open(options: AcpClientOptions): Promise<AcpClient> {
    const made = new AcpClient(options);
    made.hello = await made.agent.request(methods.agent.initialize, {
      protocolVersion: 1,
      clientCapabilities: options.can ?? {},
    });
    return made;
  }

  get agent(): ClientContext {
    return this.#connection.agent;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** A session in the working folder; its id. */
  async session(more: Partial<NewSessionRequest> = {}): Promise<string> {
    const { sessionId } = await this.agent.request(methods.agent.session.new, {
      cwd: this.#options.home.work,
      mcpServers: [],
      ...more,
    });
    return sessionId;
  }

  async prompt(
    sessionId: string,
    prompt: string | ContentBlock[],
  ): Promise<PromptResponse> {
    return await this.agent.request(methods.agent.session.prompt, {
      sessionId,
      prompt: typeof prompt === "string"
        ? [{ type: "text", text: prompt }]
        : prompt,
    });
  }

  /** Says what the library would not. */
  say(message: unknown): void {
    this.#line(JSON.stringify(message));
  }

  async cancel(sessionId: string): Promise<void> {
    await this.agent.notify(methods.agent.session.cancel, { sessionId });
  }

  /** The updates of a kind so far. */
  all<K extends SessionUpdate["sessionUpdate"]>(kind: K): UpdateOf<K>[] {
    return this.updates.map(({ update }) => update)
      .filter((one): one is UpdateOf<K> => one.sessionUpdate === kind);
  }

  /** What the agent has said so far. */
  get text(): string {
    return this.all("agent_message_chunk").map(({ content }) =>
      content.type === "text" ? content.text : ""
    ).join("");
  }

  /** The first update, old or new, for which this holds. */
  async find(test: (update: SessionUpdate) => boolean): Promise<SessionUpdate> {
    for (let at = 0;; at++) {
      while (at >= this.updates.length) await this.#more();
      const { update } = this.updates[at] ?? {};
      if (update !== undefined && test(update)) return update;
    }
  }

  /** Waits for so many questions. */
  async asked(count: number): Promise<void> {
    while (this.permissions.length < count) await this.#more();
  }

  /** Says no more, as an editor does that ends; resolves when the agent has ended, too. */
  async close(): Promise<void> {
    this.#connection.close();
    // Whatever the library still writes at this moment.
    this.#end();
    await this.#child.status;
    await this.#checked;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    assert.deepEqual([...this.checker.problems], []);
  }

  #app(): ReturnType<typeof client> {
    const { session, fs, elicitation } = methods.client;
    return client({ name: "test" })
      .onNotification(session.update, ({ params }) => {
        this.updates.push(params);
        this.#wake();
      })
      .onRequest(
        session.requestPermission,
        async ({ params, signal, requestId }) => {
          this.permissions.push(params);
          this.#wake();
          const chosen = await this.#options.choose?.(params, requestId);
          const option = params.options.find(({ optionId }) =>
            chosen !== undefined && optionId.startsWith(chosen)
          );
          if (option === undefined) await aborted(signal);
          return option === undefined
            ? { outcome: { outcome: "cancelled" } }
            : { outcome: { outcome: "selected", optionId: option.optionId } };
        },
      )
      .onRequest(elicitation.create, () => ({
        action: "accept",
        content: { name: "Ada" },
      }))
      .onRequest(fs.readTextFile, ({ params: { path } }) => {
        const content = this.#options.buffers?.get(path);
        if (content === undefined) throw new Error(`${path} is not open`);
        return { content };
      })
      .onRequest(fs.writeTextFile, async ({ params: { path, content } }) => {
        this.written.push(path);
        this.#options.buffers?.set(path, content);
        await Deno.writeTextFile(path, content);
      });
  }

  async #check(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const options = { lineBytesMax: 256 * 1024 * 1024 };
    for await (const line of readLines(stream, options)) {
      const message = asObject(JSON.parse(line));
      if (message !== undefined) this.checker.take(message, this.#asked);
    }
  }

  async #more(): Promise<void> {
    this.#connection.signal.throwIfAborted();
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

/** Starts `rondo acp` with both ends of its streams in hand. */
export function start(
  { home, args = [], env = {} }: AcpClientOptions,
): Deno.ChildProcess {
  const [program, ...first] = agentCommand();
  return new Deno.Command(program, {
    args: [...first, "acp", ...args],
    cwd: home.work,
    clearEnv: true,
    env: agentEnv(home, { SHELL: "/bin/sh", ...env }),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}
