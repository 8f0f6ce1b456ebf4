/** The model from a cassette, everything else for real. */
import type { Host } from "../protocol/host.ts";
import { buildResponse, headOf, recordRequest, replayError } from "./fetch.ts";
import { type Cassette, type CassetteEntry, decodeError } from "./format.ts";
import type { ReplayOptions } from "./replay_engine.ts";
import {
  decodeRequest,
  describeDifference,
  diffRequests,
  type RecordedRequest,
  requestKey,
  Substitutes,
} from "./request.ts";
import { decodeChunk } from "./engine.ts";

interface Exchange {
  readonly number: number;
  readonly request: RecordedRequest;
  readonly entry: CassetteEntry;
  readonly chunks: readonly CassetteEntry[];
}

/**
 * A fetch that answers requests to the model from the cassette and does all others for
 * real. A request is matched by its content; else the next one in line has to fit: texts of
 * tools and of the program itself may differ and are warned of, anything else fails.
 */
export function replayedModelFetch(
  cassette: Cassette,
  host: Host,
  options: ReplayOptions,
): Host["fetch"] {
  const left = exchangesOf(cassette);
  const total = left.length;
  const warned = new Set<string>();
  return async (input, init) => {
    const thread = new Headers(init?.headers).get("thread-id");
    const substitutes = new Substitutes(placesOf(host), thread);
    const now = recordRequest(input, init, substitutes);
    if (!isModelPath(now.path)) return await host.fetch(input, init);
    const exchange = takeExchange(left, now);
    if (exchange === undefined) {
      throw replayError(
        `there is no answer to request ${
          total + 1
        }, the cassette holds ${total}`,
      );
    }
    for (const found of diffRequests(exchange.request, now)) {
      const text = describeDifference(exchange.number, found);
      if (found.isStructural) throw replayError(text);
      const key = `${found.place} ${found.now}`;
      if (!warned.has(key)) options.onWarning(`In the replay ${text}`);
      warned.add(key);
    }
    if (exchange.entry.error !== undefined) {
      throw decodeError(exchange.entry.error);
    }
    const body = playChunks(exchange, substitutes, options);
    return buildResponse(
      headOf(exchange.entry.ok),
      exchange.chunks.length === 0 ? null : body,
    );
  };
}

// In order, so that requests sent twice get their answers in turn.
function takeExchange(
  left: Exchange[],
  now: RecordedRequest,
): Exchange | undefined {
  const key = requestKey(now);
  const at = left.findIndex(({ request }) => requestKey(request) === key);
  const [exchange] = left.splice(Math.max(0, at), 1);
  return exchange;
}

function exchangesOf(cassette: Cassette): Exchange[] {
  const fetches = cassette.entries.filter(({ id }) => id.startsWith("fetch#"));
  const chunks = Map.groupBy(
    cassette.entries.filter(({ id }) => id.startsWith("body:")),
    ({ id }) => id.slice("body:".length, id.indexOf("#")),
  );
  // Answers may have come in another order than they were asked for.
  const inOrder = fetches.map((entry) => ({
    entry,
    number: Number(entry.id.slice("fetch#".length)),
  })).sort((a, b) => a.number - b.number);
  let before: RecordedRequest | undefined;
  return inOrder.flatMap(({ entry, number }) => {
    before = decodeRequest(entry.request, before);
    if (!isModelPath(before.path)) return [];
    const request = before;
    return [{ entry, number, request, chunks: chunks.get(`${number}`) ?? [] }];
  });
}

function isModelPath(path: string): boolean {
  return /^POST .*\/responses(\/compact)?$/.test(path);
}

function playChunks(
  exchange: Exchange,
  substitutes: Substitutes,
  options: ReplayOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = [...exchange.chunks];
  let atMs = exchange.entry.at?.[1] ?? 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const entry = chunks.shift();
      if (entry === undefined) return controller.close();
      const ms = (entry.at?.[1] ?? atMs) - atMs;
      atMs = entry.at?.[1] ?? atMs;
      if (options.timing === "kept" && ms > 0) await options.sleep(ms);
      if (entry.error !== undefined) {
        return controller.error(decodeError(entry.error));
      }
      const chunk = decodeChunk(entry.ok, {
        decode: (text) => substitutes.decode(text),
      });
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

/** Where this machine has what a cassette only substitutes. */
export function placesOf(
  host: Host,
): ConstructorParameters<typeof Substitutes>[0] {
  const home = host.homeDir() ?? null;
  return {
    cwd: host.cwd,
    home,
    codexHome: host.env("CODEX_HOME") ?? (home && `${home}/.codex`),
    temp: host.env("TMPDIR") ?? null,
  };
}
