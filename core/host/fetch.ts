/** A fetch whose body can be aborted even while it is silent. */
import { endWait } from "../util/async.ts";

/** No other can be given to a Response; servers send what they like. */
const STATUS_MAX = 599;

/** What is here already is read this long before timers, keys and signals get their turn. */
const BURST_MS = 1;
/** A read that took this long has waited for the network, and they had it. */
const WAITED_MS = 0.5;

/**
 * fetch, but aborting its signal always ends the reading of the body. The runtime's own
 * listens on a signal that it derives and that nothing refers to: the first collection of
 * garbage takes it away, and from then on a pending read waits for ever.
 */
export async function abortableFetch(
  input: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  const response = await fetch(input, init);
  const { body } = response;
  const signal = init?.signal ?? undefined;
  const isStandard = response.status <= STATUS_MAX;
  if (signal === undefined || body === null || !isStandard) return response;
  const breakable = new Response(breakableStream(body, signal), response);
  // Only an answer of the network itself knows where it came from.
  const { url, redirected } = response;
  return Object.defineProperties(breakable, {
    url: { value: url },
    redirected: { value: redirected },
  });
}

function breakableStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const over = new AbortController();
  let turnMs = performance.now();
  return new ReadableStream({
    start(controller): void {
      const onAbort = (): void => {
        controller.error(signal.reason);
        // The connection ends with it.
        reader.cancel(signal.reason).catch(() => {});
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { signal: over.signal });
    },
    async pull(controller): Promise<void> {
      const askedMs = performance.now();
      const { done, value } = await reader.read().catch((error: unknown) => {
        endWait(over);
        throw error;
      });
      const nowMs = performance.now();
      if (nowMs - askedMs > WAITED_MS) turnMs = nowMs;
      else if (nowMs - turnMs > BURST_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        turnMs = performance.now();
      }
      if (signal.aborted) return;
      if (!done) return controller.enqueue(value);
      endWait(over);
      controller.close();
    },
    cancel: (reason): Promise<void> => {
      endWait(over);
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
