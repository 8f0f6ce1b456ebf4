/** Answers that are silent are broken off all the same, before and after a garbage collection. */
import assert from "node:assert/strict";
import { abortableFetch } from "../../../core/host/fetch.ts";
import { type HttpServer, serveHttp } from "../../support/http_server.ts";

/** A server whose answer begins and is silent until its reader leaves. */
function silentServer(): HttpServer {
  return serveHttp(({ signal }) =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode("begun"));
          signal.addEventListener("abort", () => controller.close());
        },
      }),
    )
  );
}

async function open(
  server: HttpServer,
  signal: AbortSignal,
): Promise<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>> {
  const response = await abortableFetch(`http://127.0.0.1:${server.port}/`, {
    signal,
  });
  const reader = response.body?.getReader();
  assert(reader !== undefined);
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "begun");
  return reader;
}

/** Makes garbage until it has been collected, a few times over. */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    let isCollected = false;
    const registry = new FinalizationRegistry(() => isCollected = true);
    registry.register({}, 0);
    while (!isCollected) {
      for (let n = 0; n < 50; n++) new Array(100_000).fill(n);
      await new Promise((resolve) => setTimeout(resolve));
    }
    // It would be forgotten together with what it waits for.
    registry.unregister({});
  }
}

Deno.test("abortableFetch() ends a pending read when it is aborted, however late", async () => {
  const server = silentServer();
  const abort = new AbortController();
  const reader = await open(server, abort.signal);
  const reading = reader.read();
  await collectGarbage();
  abort.abort(new Error("enough"));
  await assert.rejects(reading, { message: "enough" });
  await server.shutdown();
});

Deno.test("abortableFetch() ends a body nobody reads, and one that was aborted before", async () => {
  const server = silentServer();
  const abort = new AbortController();
  const url = `http://127.0.0.1:${server.port}/`;
  const response = await abortableFetch(url, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(response.text(), { message: "enough" });
  await assert.rejects(
    abortableFetch(url, { signal: abort.signal }),
    { message: "enough" },
  );
  await server.shutdown();
});

Deno.test("abortableFetch() gives the answer as it came, and forgets the signal at its end", async () => {
  const server = serveHttp(() =>
    new Response("whole", {
      status: 418,
      statusText: "Teapot",
      headers: { "x-kind": "pot" },
    })
  );
  const abort = new AbortController();
  const response = await abortableFetch(`http://127.0.0.1:${server.port}/`, {
    signal: abort.signal,
  });
  assert.equal(response.status, 418);
  assert.equal(response.headers.get("x-kind"), "pot");
  assert.equal(await response.text(), "whole");
  abort.abort();
  await server.shutdown();
});

Deno.test("abortableFetch() breaks the connection of a body that is cancelled", async () => {
  const server = silentServer();
  const reader = await open(server, new AbortController().signal);
  await reader.cancel();
  // This waits for an answer that is still under way.
  await server.shutdown();
});

/** A server that says these bytes once, whatever it is asked, and hangs up. */
async function withRawServer(
  bytes: string,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const served = listener.accept().then(async (connection) => {
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode(bytes));
    connection.close();
  });
  await work(`http://127.0.0.1:${listener.addr.port}/`);
  await served;
  listener.close();
}

Deno.test("abortableFetch() gives an answer whose status no standard knows, too", async () => {
  const bytes = "HTTP/1.1 999 No\r\ncontent-length: 4\r\n\r\nwhat";
  await withRawServer(bytes, async (url) => {
    const { signal } = new AbortController();
    const response = await abortableFetch(url, { signal });
    assert.equal(response.status, 999);
    assert.equal(await response.text(), "what");
  });
});

Deno.test("abortableFetch() says where the answer came from", async () => {
  const server = serveHttp((asked) =>
    asked.url.endsWith("/moved")
      ? new Response("here")
      : new Response(null, { status: 302, headers: { location: "/moved" } })
  );
  const { signal } = new AbortController();
  const url = `http://127.0.0.1:${server.port}`;
  const response = await abortableFetch(`${url}/`, { signal });
  assert.equal(await response.text(), "here");
  assert.deepEqual([response.url, response.redirected], [`${url}/moved`, true]);
  await server.shutdown();
});

Deno.test("abortableFetch() forgets the signal of an answer that breaks off", async () => {
  const bytes = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf";
  await withRawServer(bytes, async (url) => {
    const { signal } = new AbortController();
    const listening: AbortSignal[] = [];
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (
      ...[type, listener, options]: Parameters<typeof add>
    ): void => {
      if (typeof options === "object" && options.signal !== undefined) {
        listening.push(options.signal);
      }
      add(type, listener, options);
    };
    const response = await abortableFetch(url, { signal });
    await assert.rejects(response.text());
    assert.deepEqual(listening.map(({ aborted }) => aborted), [true]);
  });
});

Deno.test("an answer that is here already leaves timers and keys their turn while it is read", async () => {
  const sent = Promise.withResolvers<void>();
  const chunk = new Uint8Array(16 * 1024);
  let left = 64;
  const server = serveHttp(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          if (left-- > 0) return controller.enqueue(chunk);
          controller.close();
          sent.resolve();
        },
      }),
    )
  );
  const { body } = await abortableFetch(`http://127.0.0.1:${server.port}/`, {
    signal: new AbortController().signal,
  });
  await sent.promise;
  let turns = 0;
  const count = (): void => {
    turns++;
    timer = setTimeout(count);
  };
  let timer = setTimeout(count);
  let reads = 0;
  for await (const bytes of body ?? []) {
    reads++;
    // As long as parsing and showing it takes.
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs) bytes.at(-1);
  }
  clearTimeout(timer);
  await server.shutdown();
  assert.ok(turns > 0.8 * reads, `${turns} turns in ${reads} reads`);
});
