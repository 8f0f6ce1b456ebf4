/** A scripted MCP server on stdin and stdout, run as a program of its own. */

/** What it does; given as JSON in its first argument. */
export interface McpScript {
  readonly tools?: readonly Record<string, unknown>[];
  readonly prompts?: readonly Record<string, unknown>[];
  readonly resources?: readonly Record<string, unknown>[];
  /** Milliseconds before the answer to a method. */
  readonly delayMs?: Readonly<Record<string, number>>;
  /** Where it leaves the path, and how. */
  readonly fault?: {
    /** A method, or `start`. */
    readonly at: string;
    readonly kind:
      | "exit"
      | "silence"
      | "bad_json"
      | "no_result"
      | "error"
      | "huge";
    /** Only the nth time, from 1; every time when absent. */
    readonly nth?: number;
    readonly bytes?: number;
  };
  /** Bytes written to stderr at the start, and what ends them. */
  readonly stderrBytes?: number;
  readonly stderrText?: string;
  /** Written to stdout before anything else. */
  readonly noise?: string;
  /** Changes its tools that often. */
  readonly changeMs?: number;
  /** Ends neither at the end of stdin nor at SIGTERM. */
  readonly isStubborn?: boolean;
  /** Starts a process of its own that outlives it: in its group, or in one of its own. */
  readonly child?: "group" | "session";
  /** Appends one line with its pid to this file at the start. */
  readonly pidFile?: string;
  /** Appends every message it gets to this file. */
  readonly logFile?: string;
  readonly pageSize?: number;
}

/** argv of the server; run it with `Deno.execPath()`. */
export function mcpServerArgs(script: McpScript): string[] {
  const file = decodeURIComponent(new URL(import.meta.url).pathname);
  return [
    "run",
    "--quiet",
    "--no-check",
    "--no-config",
    "--allow-all",
    file,
    JSON.stringify(script),
  ];
}

/** The command as a list: program and arguments. */
export function mcpServerCommand(script: McpScript): string[] {
  return [Deno.execPath(), ...mcpServerArgs(script)];
}

type Message = {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
};

const encoder = new TextEncoder();

class ScriptedServer {
  readonly #script: McpScript;
  readonly #counts = new Map<string, number>();
  readonly #cancelled = new Set<unknown>();
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #generation = 0;
  #asked = 1_000;
  #refused = 0;

  constructor(script: McpScript) {
    this.#script = script;
  }

  async run(): Promise<void> {
    const script = this.#script;
    if (script.pidFile) {
      Deno.writeTextFileSync(script.pidFile, `${Deno.pid}\n`, { append: true });
    }
    if (script.isStubborn) Deno.addSignalListener("SIGTERM", () => {});
    if (script.child) {
      const [command = "", ...args] = [
        ...(script.child === "session" ? ["setsid"] : []),
        "sh",
        "-c",
        "while :; do sleep 1; done",
        // Its name, by which a test finds it.
        script.stderrText ?? "child",
      ];
      const child = new Deno.Command(command, { args }).spawn();
      if (script.pidFile) {
        Deno.writeTextFileSync(script.pidFile, `${child.pid}\n`, {
          append: true,
        });
      }
    }
    if (script.noise) this.#write(script.noise);
    this.#flood();
    if (script.fault?.at === "start") await this.#break(undefined);
    if (script.changeMs) this.#change(script.changeMs);
    let rest = "";
    for await (
      const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    ) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) void this.#take(JSON.parse(line));
    }
    if (script.isStubborn) await new Promise(() => setInterval(() => {}, 1e6));
    Deno.exit(0);
  }

  async #take(message: Message): Promise<void> {
    const { logFile, delayMs, fault } = this.#script;
    if (logFile) {
      Deno.writeTextFileSync(logFile, `${JSON.stringify(message)}\n`, {
        append: true,
      });
    }
    const { method, id } = message;
    if (method === undefined) {
      const answer = message.result ?? { error: message.error };
      if (id !== undefined) this.#waiting.get(id)?.(answer);
      return;
    }
    if (method === "notifications/cancelled") {
      this.#cancelled.add(message.params?.["requestId"]);
    }
    const count = (this.#counts.get(method) ?? 0) + 1;
    this.#counts.set(method, count);
    if (fault?.at === method && (fault.nth ?? count) === count) {
      return await this.#break(id);
    }
    if (id === undefined) return;
    const wait = delayMs?.[method];
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const result = await this.#answer(method, message.params ?? {}, id);
      if (this.#cancelled.has(id)) return;
      this.#send({ jsonrpc: "2.0", id, result });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#send({
        jsonrpc: "2.0",
        id,
        error: { code: -32000, message: text, ...(error as object) },
      });
    }
  }

  async #answer(
    method: string,
    params: Record<string, unknown>,
    id: number,
  ): Promise<unknown> {
    const { tools, prompts, resources } = this.#script;
    switch (method) {
      case "initialize":
        return {
          protocolVersion: "2025-06-18",
          serverInfo: { name: "scripted", version: "1.0.0" },
          capabilities: {
            ...(tools && { tools: { listChanged: true } }),
            ...(prompts && { prompts: {} }),
            ...(resources && { resources: {} }),
          },
        };
      case "tools/list":
        return this.#page("tools", this.#toolsNow(), params);
      case "prompts/list":
        return this.#page("prompts", prompts ?? [], params);
      case "resources/list":
        return this.#page("resources", resources ?? [], params);
      case "resources/templates/list":
        return { resourceTemplates: [{ uriTemplate: "x://{id}", name: "x" }] };
      case "resources/read":
        return {
          contents: [{ uri: params["uri"], text: `text of ${params["uri"]}` }],
        };
      case "prompts/get":
        return {
          messages: [{
            role: "user",
            content: {
              type: "text",
              text: `${params["name"]}: ${JSON.stringify(params["arguments"])}`,
            },
          }],
        };
      case "tools/call":
        return await this.#call(params, id);
      default:
        throw new Error(`unknown method ${method}`);
    }
  }

  async #call(params: Record<string, unknown>, id: number): Promise<unknown> {
    const args = (params["arguments"] ?? {}) as Record<string, unknown>;
    const text = (value: string): unknown => ({
      content: [{ type: "text", text: value }],
    });
    switch (params["name"]) {
      case "echo":
        return text(String(args["text"]));
      case "env":
        return text(JSON.stringify(Deno.env.toObject()));
      case "where":
        return text(Deno.cwd());
      case "boom":
        throw new Error("it broke");
      case "soft_error":
        return { ...(text("not today") as object), isError: true };
      case "result":
        return args["result"];
      case "long":
        return text("line of text\n".repeat(Number(args["lines"])));
      case "wait": {
        const meta = params["_meta"] as { progressToken?: number } | undefined;
        const steps = Number(args["steps"] ?? 1);
        for (let step = 1; step <= steps; step++) {
          await new Promise((done) => setTimeout(done, Number(args["ms"])));
          if (this.#cancelled.has(id)) return text("cancelled");
          this.#send({
            jsonrpc: "2.0",
            method: "notifications/progress",
            params: {
              progressToken: meta?.progressToken,
              progress: step,
              total: steps,
              message: `step ${step}`,
            },
          });
        }
        return text("waited");
      }
      case "ask":
        return text(JSON.stringify(
          await this.#ask("elicitation/create", args),
        ));
      // Asks the model so many times, one after the other.
      case "sample": {
        const { times = 1, ...request } = args;
        const answers: unknown[] = [];
        for (let at = 0; at < Number(times); at++) {
          answers.push(await this.#ask("sampling/createMessage", request));
        }
        return text(JSON.stringify(answers));
      }
      // Asks, and takes the question back.
      case "ask_and_cancel": {
        const { method, ms, ...request } = args;
        const requestId = this.#asked;
        const asked = this.#ask(String(method), request);
        await new Promise((done) => setTimeout(done, Number(ms)));
        this.#send({
          jsonrpc: "2.0",
          method: "notifications/cancelled",
          params: { requestId, reason: "no longer wanted" },
        });
        void asked;
        return text("taken back");
      }
      // Wants pages opened, as often as it is told to.
      case "page_first": {
        const { times = 1, ...data } = args;
        if (++this.#refused > Number(times)) return text("at last");
        throw Object.assign(new Error("open the page"), { code: -32042, data });
      }
      case "roots":
        return text(JSON.stringify(await this.#ask("roots/list", {})));
      default:
        throw new Error(`unknown tool ${params["name"]}`);
    }
  }

  #ask(method: string, params: Record<string, unknown>): Promise<unknown> {
    const id = this.#asked++;
    this.#send({ jsonrpc: "2.0", id, method, params });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #toolsNow(): readonly Record<string, unknown>[] {
    const tools = this.#script.tools ?? [];
    return this.#generation === 0
      ? tools
      : [...tools, { name: `new_${this.#generation}` }];
  }

  #page(
    key: string,
    all: readonly unknown[],
    params: Record<string, unknown>,
  ): unknown {
    const size = this.#script.pageSize ?? all.length;
    const from = Number(params["cursor"] ?? 0);
    const to = from + Math.max(1, size);
    return {
      [key]: all.slice(from, to),
      ...(to < all.length && { nextCursor: String(to) }),
    };
  }

  #change(everyMs: number): void {
    setInterval(() => {
      this.#generation++;
      this.#send({
        jsonrpc: "2.0",
        method: "notifications/tools/list_changed",
      });
    }, everyMs);
  }

  async #break(id: number | undefined): Promise<void> {
    const fault = this.#script.fault;
    switch (fault?.kind) {
      case "exit":
        console.error("fatal: the scripted fault");
        Deno.exit(3);
        break;
      case "bad_json":
        return this.#write(`{"jsonrpc":"2.0","id":${id},"result":{"con\n`);
      case "no_result":
        return this.#write(`{"jsonrpc":"2.0","id":${id}}\n`);
      case "error":
        return this.#send({
          jsonrpc: "2.0",
          id,
          error: { code: -32603, message: "the scripted fault" },
        });
      case "huge": {
        const chunk = "x".repeat(1024 * 1024);
        this.#write(`{"result":{"content":[{"type":"text","text":"`);
        for (let at = 0; at < (fault.bytes ?? 0); at += chunk.length) {
          this.#write(chunk);
        }
        return this.#write(`"}]},"jsonrpc":"2.0","id":${id}}\n`);
      }
      default:
        await new Promise(() => {});
    }
  }

  #flood(): void {
    const { stderrBytes = 0, stderrText } = this.#script;
    const line = encoder.encode(`${"noise ".repeat(10_000)}\n`);
    for (let at = 0; at < stderrBytes; at += line.length) writeAll(line, 2);
    if (stderrText) writeAll(encoder.encode(`${stderrText}\n`), 2);
  }

  #send(message: unknown): void {
    this.#write(`${JSON.stringify(message)}\n`);
  }

  #write(text: string): void {
    writeAll(encoder.encode(text), 1);
  }
}

function writeAll(bytes: Uint8Array, to: 1 | 2): void {
  const stream = to === 1 ? Deno.stdout : Deno.stderr;
  for (let at = 0; at < bytes.length;) {
    at += stream.writeSync(bytes.subarray(at));
  }
}

if (import.meta.main) {
  await new ScriptedServer(JSON.parse(Deno.args[0] ?? "{}")).run();
}
