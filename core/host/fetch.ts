/** A fetch whose body can be aborted even while it is silent. */
import { endWait } from "../util/async.ts";

/** No other can be given to a Response; servers send what they like. */
const STATUS_MAX = 599;

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
      const { done, value } = await reader.read().catch((error: unknown) => {
        endWait(over);
        throw error;
      });
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
