/** A byte stream through an engine, one piece at a time. */
import type { Json } from "../util/json/json.ts";
import type { Engine } from "./engine.ts";
import { decodeBytes, encodeBytes } from "./format.ts";

interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Changes the text of a piece on its way into the cassette, and back. */
  readonly encode?: (text: string) => string;
  readonly decode?: (text: string) => string;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The recorded stream; `real` is there when the engine does things for real. */
export function recordedStream(
  engine: Engine,
  key: string,
  real: ReadableStream<Bytes> | null | undefined,
  options: StreamOptions = {},
): ReadableStream<Bytes> {
  const reader = real?.getReader();
  return new ReadableStream<Bytes>({
    async pull(controller): Promise<void> {
      const chunk = await engine.run<Bytes | undefined>({
        key,
        real: async () => (await reader?.read())?.value,
        encode: (value) => encodeChunk(value, options),
        decode: (value) => decodeChunk(value, options),
        signal: options.signal,
        mayStayOpen: true,
      });
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    async cancel(reason): Promise<void> {
      await reader?.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/** A piece as it stands in a cassette; null is the end. */
function encodeChunk(
  chunk: Bytes | undefined,
  options: StreamOptions,
): Json {
  if (chunk === undefined) return null;
  const json = encodeBytes(chunk) as { text?: string; base64?: string };
  const { encode } = options;
  if (json.text === undefined || encode === undefined) return { ...json };
  return { text: encode(json.text) };
}

/** The piece back. */
export function decodeChunk(
  json: Json | undefined,
  options: StreamOptions,
): Bytes | undefined {
  if (json === null || json === undefined) return undefined;
  const { text } = json as { text?: string };
  const { decode } = options;
  if (text === undefined || decode === undefined) return decodeBytes(json);
  return new TextEncoder().encode(decode(text));
}
