/** The transport to a server that is a program: JSON lines on its stdin and stdout. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types";
import { errorText } from "../../../core/protocol/error.ts";
import type {
  Child,
  ExitStatus,
  Host,
  SpawnRequest,
} from "../../../core/protocol/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { asObject, checkedJson } from "../../../core/util/json/json.ts";
import { encodeJsonLine } from "../../../core/util/json/jsonl.ts";
import { tailBytes } from "../../../core/util/text/text.ts";
import { marked } from "../../../sandbox/run/orphans.ts";
import { findMessageId, type Frame, MessageFramer } from "./framing.ts";
import { faultAnswer, mendMessage } from "./mend.ts";
import { withTimeout } from "../../../core/util/async.ts";

export interface StdioOptions {
  readonly host: Pick<Host, "spawn" | "sleep" | "newId">;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
  /** Ends what the server has started in groups of its own; see Sweeper. */
  readonly reap?: (mark: string, pid: number) => Promise<unknown>;
  /** Before the first word of it counts: a file of it that was exchanged meanwhile. */
  readonly recheck?: () => Promise<string | undefined>;
}

const NOISE_CHARS_MAX = 200;

/** One life of one server's process. Closing it leaves no process of its group behind. */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport["onmessage"];
  readonly #options: StdioOptions;
  readonly #encoder = new TextEncoder();
  /** In the environment of the server and of all that it starts. */
  readonly #mark: string;
  #child: Child | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #readers: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>[] = [];
  #stderr = "";
  #noise = "";
  /** Of all noise since the last message. */
  #noiseChars = 0;
  #exchanged: string | undefined;
  #isChecked = false;
  #exit: ExitStatus | undefined;
  #closing: Promise<void> | undefined;
  #isEndedByUs = false;
  #isClosed = false;

  constructor(options: StdioOptions) {
    this.#options = options;
    this.#mark = options.host.newId();
  }

  /** Throws the platform's error when the program cannot be started. */
  start(): Promise<void> {
    const { host, command, args, env, cwd } = this.#options;
    const request: SpawnRequest = {
      command,
      args,
      cwd,
      env,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    };
    const child = host.spawn(marked(request, this.#mark));
    this.#child = child;
    this.#writer = child.stdin?.getWriter();
    // A server that is gone shows when its stdout ends; a failed write says no more.
    this.#writer?.closed.catch(() => {});
    const framer = new MessageFramer({
      messageBytesMax: LIMITS.mcpMessageBytes,
      edgeBytes: LIMITS.mcpMessageEdgeBytes,
    });
    const stdout = this.#read(child.stdout, async (chunk) => {
      if (!await this.#isAsApproved()) return;
      for (const frame of framer.push(chunk)) {
        this.#take(frame);
        // The SDK takes notes a moment later than answers: the last of the progress
        // would come after the answer that it belongs to.
        await Promise.resolve();
      }
    });
    const decoder = new TextDecoder();
    const stderr = this.#read(child.stderr, (chunk) => {
      const text = decoder.decode(chunk.subarray(-LIMITS.mcpStderrBytes));
      this.#stderr = tailBytes(this.#stderr + text, LIMITS.mcpStderrBytes);
    });
    this.#reading = Promise.all([stdout, stderr]);
    // Without its stdout the server is of no use, even when it still runs.
    void stdout.then(() => this.#shutDown());
    void child.status.then((status) => {
      this.#exit = status;
      return this.#shutDown();
    });
    return Promise.resolve();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#writer === undefined || this.#closing !== undefined) {
      throw new Error("Cannot send: the server has ended");
    }
    try {
      await this.#writer.write(this.#encoder.encode(encodeJsonLine(message)));
    } catch {
      // It is of no use any more, and is about to say why.
      await this.#shutDown();
      throw new Error("the server reads no more");
    }
  }

  async close(): Promise<void> {
    this.#isEndedByUs ||= this.#closing === undefined;
    await this.#shutDown();
  }

  async #isAsApproved(): Promise<boolean> {
    if (!this.#isChecked) {
      this.#isChecked = true;
      this.#exchanged = await this.#options.recheck?.();
      if (this.#exchanged !== undefined) void this.#shutDown();
    }
    return this.#exchanged === undefined;
  }

  /** In words, what is known of the server's end: exit code, last words. */
  describe(): string {
    if (this.#exchanged !== undefined) {
      return `${this.#exchanged} was changed while it started, so it may not be what you approved`;
    }
    const status = this.#exit;
    const end = status === undefined || this.#isEndedByUs
      ? []
      : status.signal === null
      ? [`it ended with code ${status.code}`]
      : [`it was ended by ${status.signal}`];
    const noise = this.#noise === ""
      ? []
      : [`it wrote something other than a message to stdout: ${this.#noise}`];
    const stderr = tailBytes(this.#stderr, LIMITS.mcpStderrShownBytes).trim();
    const said = stderr === "" ? [] : [`on stderr it wrote: ${stderr}`];
    return [...end, ...noise, ...said].join("; ");
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
    take: (chunk: Uint8Array) => void | Promise<void>,
  ): Promise<void> {
    const reader = stream?.getReader();
    if (reader === undefined) return;
    this.#readers.push(reader);
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        await take(value);
        // What is read at once, again and again, would keep timers and signals waiting.
        if (this.#noiseChars > 0) await this.#options.host.sleep(0);
      }
    } catch (error) {
      this.onerror?.(new Error(errorText(error)));
    }
  }

  #take(frame: Frame): void {
    if (frame.type === "oversize") {
      const id = findMessageId(frame.head, frame.tail);
      const most = LIMITS.mcpMessageBytes;
      const state =
        `its message has ${frame.bytes} bytes, must have at most ${most}`;
      return this.#fail(id, state);
    }
    // An exception for each line of a flood would leave no time for anything else.
    if (!/^\s*[[{]/.test(frame.text)) return this.#takeNoise(frame.text);
    let value: unknown;
    try {
      value = checkedJson(frame.text);
    } catch {
      return this.#takeNoise(frame.text);
    }
    for (const one of Array.isArray(value) ? value : [value]) this.#pass(one);
  }

  // Programs that log to stdout are forgiven; an answer that is cut short is not.
  #takeNoise(text: string): void {
    if (this.#noise === "") this.#noise = text.slice(0, NOISE_CHARS_MAX);
    this.#noiseChars += text.length + 1;
    if (this.#noiseChars > LIMITS.mcpMessageBytes) {
      return this.#fail(undefined, "it floods stdout with other than messages");
    }
    if (!text.includes("{")) return;
    const edge = LIMITS.mcpMessageEdgeBytes;
    const id = findMessageId(text.slice(0, edge), text.slice(-edge));
    if (id !== undefined) this.#fail(id, "its answer is not JSON");
  }

  #pass(value: unknown): void {
    const message = asObject(value);
    if (message === undefined) return this.#takeNoise(JSON.stringify(value));
    this.#noiseChars = 0;
    // Checked by the protocol above: anything but a message goes to onerror there.
    this.onmessage?.(mendMessage(message) as unknown as JSONRPCMessage);
  }

  // The one request is answered with an error; when it is unknown, all of them are.
  #fail(id: number | undefined, state: string): void {
    this.onerror?.(new Error(`Cannot read from the server: ${state}`));
    if (id === undefined) {
      this.#noise ||= state;
      void this.#shutDown();
      return;
    }
    this.onmessage?.(faultAnswer(id, state));
  }

  #shutDown(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return this.#ended();
    this.#writer?.close().catch(() => {});
    if (!await this.#endsWithin(LIMITS.mcpStdinGraceMs)) {
      child.kill("SIGTERM", { group: true });
      await this.#endsWithin(LIMITS.mcpTermGraceMs);
    }
    // Also when the first process has ended: it may have left others of its group.
    child.kill("SIGKILL", { group: true });
    this.#exit = await child.status;
    await this.#options.reap?.(this.#mark, child.pid);
    // A grandchild in a group of its own may hold the pipes open.
    await this.#settled(this.#reading, LIMITS.pipeGraceMs);
    for (const reader of this.#readers) reader.cancel().catch(() => {});
    this.#ended();
  }

  #ended(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose?.();
  }

  async #endsWithin(ms: number): Promise<boolean> {
    if (this.#exit !== undefined || this.#child === undefined) return true;
    return await this.#settled(this.#child.status, ms);
  }

  async #settled(work: Promise<unknown>, ms: number): Promise<boolean> {
    return await withTimeout(work, ms, this.#options.host) !== "timeout";
  }
}
