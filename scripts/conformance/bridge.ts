/** `rondo mcp-server` behind a URL: each POST is a line to it, its answer the body. */

const RONDO = decodeURIComponent(
  new URL("../../build/rondo", import.meta.url).pathname,
);

/** Serves it on the loopback interface, one process for each client that says hello. */
export function serveBridge(): AsyncDisposable & { readonly url: string } {
  const sessions = new Map<string, Session>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      if (request.method !== "POST") return new Response("", { status: 405 });
      const message = await request.json();
      const id = request.headers.get("mcp-session-id") ?? crypto.randomUUID();
      const session = sessions.get(id) ?? new Session();
      sessions.set(id, session);
      const answer = await session.ask(message);
      const headers = { "mcp-session-id": id };
      return answer === undefined
        ? new Response(null, { status: 202, headers })
        : Response.json(answer, { headers });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...sessions.values()].map((one) => one.close()));
      await server.shutdown();
    },
  };
}

class Session {
  readonly #child = new Deno.Command(RONDO, {
    args: ["mcp-server"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  readonly #writer = this.#child.stdin.getWriter();
  readonly #waiting = new Map<unknown, (answer: unknown) => void>();

  constructor() {
    void this.#read();
  }

  async ask(message: { readonly id?: unknown }): Promise<unknown> {
    const answer = message.id === undefined
      ? undefined
      : new Promise((resolve) => this.#waiting.set(message.id, resolve));
    const line = `${JSON.stringify(message)}\n`;
    await this.#writer.write(new TextEncoder().encode(line));
    return await answer;
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#child.status;
  }

  async #read(): Promise<void> {
    let text = "";
    const pieces = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const piece of pieces) {
      const lines = (text + piece).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const answer = JSON.parse(line) as { readonly id?: unknown };
        this.#waiting.get(answer.id)?.(answer);
      }
    }
  }
}
