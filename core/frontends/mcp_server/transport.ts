/** The transport of the MCP server: JSON lines on our own stdin and stdout. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types";
import { errorText } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { parseJsonObject } from "../../util/json/json.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import { linesOf } from "../wire/lines.ts";

/** One client, from the first line to the end of stdin. */
export class TerminalTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport["onmessage"];
  /** Resolves when the client has gone, whichever way. */
  readonly ended: Promise<void>;
  readonly #terminal: Pick<Terminal, "stdin" | "stdout">;
  readonly #end: () => void;
  /** Lines in a row that were no message. */
  #bad = 0;

  constructor(terminal: Pick<Terminal, "stdin" | "stdout">) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#terminal = terminal;
    this.ended = promise;
    this.#end = resolve;
  }

  /** Bytes that the client has not yet taken. */
  get pendingBytes(): number {
    return this.#terminal.stdout.pendingBytes;
  }

  start(): Promise<void> {
    void this.#read();
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    if (!this.#terminal.stdout.write(encodeJsonLine(message))) this.#end();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#terminal.stdout.flush({
      timeoutMs: LIMITS.outputFlushStoppedMs,
    });
    this.#end();
    this.onclose?.();
  }

  async #read(): Promise<void> {
    const lines = linesOf(this.#terminal.stdin, {
      lineBytesMax: LIMITS.inputLineBytes,
    });
    try {
      for await (const line of lines) {
        this.#take(line);
        if (this.#bad < LIMITS.inputBadLines) continue;
        throw new Error(`Cannot read on after ${this.#bad} lines in a row`);
      }
    } catch (error) {
      this.#refuse(`${errorText(error)}, so the input ends here`);
    }
    this.#end();
  }

  #take(line: string): void {
    const message = parseJsonObject(line);
    // Checked by the protocol behind: what is not a message goes to onerror there.
    if (message !== undefined) {
      this.#bad = 0;
      return this.onmessage?.(message as unknown as JSONRPCMessage);
    }
    this.#bad++;
    this.#refuse("Cannot read the line: no JSON object");
  }

  // JSON-RPC 2.0, section 5.1: what cannot be read is answered with the id null.
  #refuse(message: string): void {
    const error = { code: -32_700, message };
    this.#terminal.stdout.write(
      encodeJsonLine({ jsonrpc: "2.0", id: null, error }),
    );
  }
}
