/** The messages of a client: its lines in, ours out, as many as it takes. */
import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { asObject, parseJson } from "../../util/json/json.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import { linesOf } from "../wire/lines.ts";

type Id = string | number | null;

/** These last as long as the person and the model take; sessions limit them on their own. */
const SLOW: ReadonlySet<string> = new Set([
  "session/prompt",
  "session/set_mode",
  "session/set_config_option",
]);

// JSON-RPC 2.0, section 5.1.
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;

export class ClientStream {
  readonly stream: Stream;
  readonly #host: Pick<Host, "sleep">;
  readonly #output: Terminal["stdout"];
  readonly #lines: AsyncIterator<string>;
  /** Requests of the client that are worked on, without the slow ones. */
  readonly #open = new Set<Id>();
  /** Requests of ours that wait for their answers. */
  readonly #asked = new Set<Id>();
  readonly #afterAnswer = new Map<Id, () => void>();
  #answered: (() => void) | undefined;
  #begun: Promise<void> = Promise.resolve();

  constructor(
    host: Pick<Host, "sleep">,
    { stdin, stdout }: Pick<Terminal, "stdin" | "stdout">,
  ) {
    this.#host = host;
    this.#output = stdout;
    const lineBytesMax = LIMITS.appServerLineBytes;
    this.#lines = linesOf(stdin, { lineBytesMax })[Symbol.asyncIterator]();
    this.stream = {
      readable: new ReadableStream<AnyMessage>({
        pull: (controller) => this.#pull(controller),
      }, { highWaterMark: 0 }),
      writable: new WritableStream<AnyMessage>({
        write: (message) => this.#write(message),
      }),
    };
  }

  /** Runs once the answer to this request is on its way, and before anything that follows it. */
  afterAnswer(id: Id, run: () => void): void {
    this.#afterAnswer.set(id, run);
  }

  // One message at a time, and each a moment after the one before: the library begins to
  // handle them side by side, and by then it has begun with that one.
  async #pull(
    controller: ReadableStreamDefaultController<AnyMessage>,
  ): Promise<void> {
    await this.#begun;
    // What a client that reads nothing asks for would pile up in answers.
    await this.#caughtUp();
    while (this.#open.size >= LIMITS.appServerRequests) await this.#oneDone();
    const message = await this.#next();
    if (message === undefined) {
      await this.#finish();
      return controller.close();
    }
    const { id, method, jsonrpc } = asObject(message) ?? {};
    if (jsonrpc === "2.0" && isId(id) && !SLOW.has(String(method))) {
      this.#open.add(id);
    }
    this.#begun = this.#host.sleep(0);
    controller.enqueue(message);
  }

  /** What is JSON, and no answer that nobody waits for; undefined at the end. */
  async #next(): Promise<AnyMessage | undefined> {
    for (;;) {
      const line = await this.#line();
      if (line === undefined) return undefined;
      const value = parseJson(line);
      if (value === undefined) {
        await this.#refuse(PARSE_ERROR, "Cannot read the line: no JSON");
        continue;
      }
      // What else is no message of JSON-RPC is answered by the library.
      const object = asObject(value);
      const isCall = object === undefined || "method" in object;
      if (isCall || this.#asked.delete(object["id"] as Id)) {
        return value as unknown as AnyMessage;
      }
      if ("result" in object || "error" in object) continue;
      await this.#refuse(
        INVALID_REQUEST,
        "Cannot take the message: it is no request, notification or response",
      );
    }
  }

  async #line(): Promise<string | undefined> {
    try {
      const { value, done } = await this.#lines.next();
      return done ? undefined : value;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      await this.#refuse(PARSE_ERROR, error.message);
      return undefined;
    }
  }

  async #refuse(code: number, message: string): Promise<void> {
    await this.#write({ jsonrpc: "2.0", id: null, error: { code, message } });
  }

  // What was asked before the end is answered, if that takes no time.
  async #finish(): Promise<void> {
    const over = new AbortController();
    const isOver = this.#host
      .sleep(LIMITS.outputFlushStoppedMs, over.signal)
      .then(() => true, () => true);
    while (this.#open.size > 0) {
      if (await Promise.race([isOver, this.#oneDone()])) break;
    }
    over.abort();
  }

  async #oneDone(): Promise<false> {
    await new Promise<void>((resolve) => this.#answered = resolve);
    return false;
  }

  async #caughtUp(): Promise<void> {
    if (this.#output.pendingBytes <= LIMITS.outputPendingBytes) return;
    const timeoutMs = LIMITS.outputFlushMs;
    const isRead = await this.#output.flush({ timeoutMs });
    if (!isRead) throw new Error("The client reads no more");
  }

  // A client that reads slowly holds up what is said to it; one that reads no more is left.
  async #write(message: AnyMessage): Promise<void> {
    const isWritten = this.#output.write(encodeJsonLine(message));
    if (!isWritten) throw new Error("The client has left");
    await this.#caughtUp();
    if (!("id" in message)) return;
    if ("method" in message) return void this.#asked.add(message.id);
    this.#open.delete(message.id);
    this.#answered?.();
    this.#afterAnswer.get(message.id)?.();
    this.#afterAnswer.delete(message.id);
  }
}

function isId(value: unknown): value is Id {
  return value === null || typeof value === "string" ||
    Number.isFinite(value);
}
