/** A listener on the loopback address, to which a browser returns after a login. */

interface Loopback {
  readonly port: number;
  /** The first request for this path; others are answered with 404 and forgotten. */
  comeBack(path: string): Promise<URL>;
  close(): Promise<void>;
}

/** For the last page to leave. */
const CLOSE_MS = 500;
/** What the person reads in the browser once they are back. */
const PAGE =
  "<!doctype html><meta charset=utf-8><title>rondo</title><p>Done. You can close this page.";

/** Listens; port 0 takes any that is free. Throws the platform's error. */
export function openLoopback(options: { readonly port: number }): Loopback {
  const waiting = new Map<string, (url: URL) => void>();
  const stop = new AbortController();
  const server = Deno.serve({
    signal: stop.signal,
    hostname: "127.0.0.1",
    port: options.port,
    onListen: () => {},
    // A request that breaks off is nobody's business.
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    const url = new URL(request.url);
    const take = waiting.get(url.pathname);
    if (request.method !== "GET" || take === undefined) {
      return new Response("Not found", { status: 404 });
    }
    waiting.delete(url.pathname);
    take(url);
    return new Response(PAGE, {
      headers: {
        "content-type": "text/html",
        "referrer-policy": "no-referrer",
        connection: "close",
      },
    });
  });
  return {
    port: server.addr.port,
    comeBack: (path) => new Promise((resolve) => waiting.set(path, resolve)),
    close: async () => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      // A browser may keep a connection open that it does not use.
      const timer = setTimeout(() => resolve(false), CLOSE_MS);
      server.shutdown().then(() => resolve(true), () => resolve(true));
      if (!await promise) stop.abort();
      clearTimeout(timer);
    },
  };
}
