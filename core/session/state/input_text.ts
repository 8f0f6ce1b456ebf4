/** The items as they are sent: one text that only grows, kept as the bytes of the next request. */
// A string is flattened, encoded and copied anew for each request: after a turn of a thousand
// 190 MiB instead of 150. Beyond a megabyte the copies of bytes cost more time than they save.
import type { RequestBody, RequestParts } from "../../model/request.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { byteLength } from "../../util/text/text.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON texts joined by commas. */
export class InputText {
  /** What was before them in the last body, they, and room for more. */
  #bytes = new Uint8Array(64 * 1024);
  #head = "";
  #start = 0;
  #end = 0;
  /** All of it, once it is too long for bytes. */
  #long: string | undefined;
  #length = 0;

  /** UTF-8 bytes. */
  get length(): number {
    return this.#length;
  }

  push(json: string): void {
    const text = this.#length === 0 || json === "" ? json : `,${json}`;
    if (this.#long !== undefined) this.#long += text;
    else if (this.#length + text.length > LIMITS.inputBufferBytes) {
      this.#long = this.text() + text;
      this.#bytes = new Uint8Array(0);
    } else this.#end = this.#write(text);
    this.#length = this.#long === undefined
      ? this.#end - this.#start
      : this.#length + byteLength(text);
  }

  text(): string {
    return this.#long ??
      decoder.decode(this.#bytes.subarray(this.#start, this.#end));
  }

  /** The body of a request that is `head`, this, `tail`. Bytes hold until the next item. */
  body({ head, tail }: RequestParts): RequestBody {
    if (this.#long !== undefined) return `${head}${this.#long}${tail}`;
    this.#begin(head);
    return this.#bytes.subarray(0, this.#write(tail));
  }

  #begin(head: string): void {
    if (head === this.#head) return;
    const start = encoder.encode(head);
    const bytes = new Uint8Array(start.length + this.#bytes.length);
    bytes.set(start);
    bytes.set(this.#bytes.subarray(this.#start, this.#end), start.length);
    this.#bytes = bytes;
    this.#head = head;
    this.#start = start.length;
    this.#end = start.length + this.#length;
  }

  // Resolves to where it ends. A unit of a string is three bytes at most.
  #write(text: string): number {
    const needed = this.#end + text.length * 3;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(needed * 2);
      larger.set(this.#bytes.subarray(0, this.#end));
      this.#bytes = larger;
    }
    const room = this.#bytes.subarray(this.#end);
    return this.#end + encoder.encodeInto(text, room).written;
  }
}
