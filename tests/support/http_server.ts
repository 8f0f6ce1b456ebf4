/** A plain HTTP/1.1 server for tests: keep-alive, chunked answers, breaks when told to. */
// Deno's own closes the connection after every request with a body of some size.

/** Answers one request. `connection` is equal for requests of one TCP connection. */
export type Handler = (
  request: Request,
  connection: number,
) => Response | Promise<Response>;

export interface HttpServer {
  readonly port: number;
  /** Waits for the answers under way, then closes all connections. */
  shutdown(): Promise<void>;
}

/** Starts one on 127.0.0.1. A body stream that throws breaks its connection. */
export function serveHttp(handler: Handler): HttpServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Connection>();
  const runs = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const conn of listener) {
      conn.setNoDelay(true);
      const connection = new Connection(conn, handler);
      open.add(connection);
      const run = connection.run().finally(() => {
        open.delete(connection);
        runs.delete(run);
      });
      runs.add(run);
    }
  })();
  return {
    port: listener.addr.port,
    shutdown: async (): Promise<void> => {
      listener.close();
      await accepting;
      for (const connection of open) connection.end();
      await Promise.all(runs);
    },
  };
}

class Connection {
  readonly #conn: Deno.TcpConn;
  readonly #handler: Handler;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  // A pending read does not end when its connection is closed.
  readonly #closed = Promise.withResolvers<null>();
  #buffer = new Uint8Array(0);
  #filling: Promise<boolean> | undefined;
  #isAnswering = false;
  #isEnding = false;
  #isClosed = false;

  constructor(conn: Deno.TcpConn, handler: Handler) {
    this.#conn = conn;
    this.#handler = handler;
  }

  /** No further request; the answer under way is finished. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isAnswering) void this.#close();
  }

  async run(): Promise<void> {
    try {
      while (!this.#isEnding && await this.#exchange());
    } catch {
      // The client went away, or the script broke the connection: it is closed below.
    } finally {
      await this.#close();
      await this.#filling;
    }
  }

  async #exchange(): Promise<boolean> {
    const head = await this.#readHead();
    if (head === undefined) return false;
    this.#isAnswering = true;
    const gone = new AbortController();
    try {
      const request = await this.#readRequest(head, gone.signal);
      void this.#watch(gone);
      const { port } = this.#conn.remoteAddr as Deno.NetAddr;
      await this.#write(await this.#handler(request, port));
    } finally {
      this.#isAnswering = false;
      gone.abort();
    }
    return true;
  }

  // A client that leaves in the middle of an answer is noticed by reading ahead.
  async #watch(gone: AbortController): Promise<void> {
    if (!await this.#fill()) gone.abort();
  }

  async #readHead(): Promise<string | undefined> {
    for (;;) {
      const text = this.#decoder.decode(this.#buffer);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#buffer = this.#buffer.slice(end + 4);
        return text.slice(0, end);
      }
      if (!await this.#fill()) return undefined;
    }
  }

  async #readRequest(head: string, signal: AbortSignal): Promise<Request> {
    const [start = "", ...lines] = head.split("\r\n");
    const [method = "", target = ""] = start.split(" ");
    const headers = new Headers();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    const length = Number(headers.get("content-length") ?? 0);
    const body = await this.#readBody(length);
    return new Request(new URL(target, "http://127.0.0.1"), {
      method,
      headers,
      signal,
      ...(length > 0 && { body }),
    });
  }

  async #readBody(length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#buffer.length < length) {
      if (!await this.#fill()) throw new Error("the request broke off");
    }
    const body = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return body;
  }

  // One read at a time; false at the end of the connection.
  #fill(): Promise<boolean> {
    this.#filling ??= this.#readMore().finally(() => this.#filling = undefined);
    return this.#filling;
  }

  async #readMore(): Promise<boolean> {
    const bytes = new Uint8Array(64 * 1024);
    const count = await Promise.race([
      this.#conn.read(bytes).catch(() => null),
      this.#closed.promise,
    ]);
    if (count === null) return false;
    const longer = new Uint8Array(this.#buffer.length + count);
    longer.set(this.#buffer);
    longer.set(bytes.subarray(0, count), this.#buffer.length);
    this.#buffer = longer;
    return true;
  }

  async #write(response: Response): Promise<void> {
    const { status, statusText, headers, body } = response;
    const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
    await this.#send(
      `HTTP/1.1 ${status} ${statusText}\r\n${lines.join("")}` +
        `${
          body === null ? "content-length: 0" : "transfer-encoding: chunked"
        }\r\n\r\n`,
    );
    if (body === null) return;
    for await (const chunk of body) {
      if (chunk.length > 0) await this.#sendChunk(chunk);
    }
    await this.#send("0\r\n\r\n");
  }

  // One write a chunk, so that the client reads it as one.
  async #sendChunk(chunk: Uint8Array): Promise<void> {
    const head = this.#encoder.encode(`${chunk.length.toString(16)}\r\n`);
    const bytes = new Uint8Array(head.length + chunk.length + 2);
    bytes.set(head);
    bytes.set(chunk, head.length);
    bytes.set([13, 10], head.length + chunk.length);
    await this.#sendBytes(bytes);
  }

  async #send(text: string): Promise<void> {
    await this.#sendBytes(this.#encoder.encode(text));
  }

  async #sendBytes(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await this.#conn.write(rest));
    }
  }

  // With a read under way the socket would stay: its sending side is shut first.
  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed.resolve(null);
    try {
      await this.#conn.closeWrite();
    } catch {
      // The client was first.
    }
    this.#conn.close();
  }
}
