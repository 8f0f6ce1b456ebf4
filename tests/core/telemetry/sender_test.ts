/** One delivery to a collector on a real port: tried again or not, and what is said of it. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import {
  createSdk,
  type ReadableSpan,
  WIRES,
} from "../../../core/telemetry/sdk.ts";
import { Sender } from "../../../core/telemetry/sender.ts";
import type { SignalSettings } from "../../../core/telemetry/signal_settings.ts";
import { refusingUrl } from "../../support/mock_model.ts";
import { serveCollector } from "../../support/otlp.ts";

const real = denoHost();

function makeSpans(count: number): ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const sdk = createSdk({
    resource: { "service.name": "test" },
    sampler: { share: 1, followsParent: true },
    temporality: "cumulative",
    valueMax: 1_000,
    onSpan: (span) => spans.push(span),
    onRecord: () => {},
  });
  for (let at = 0; at < count; at++) sdk.startSpan(`s${at}`).end();
  return spans;
}

interface Options extends Partial<SignalSettings> {
  readonly isEnding?: boolean;
  readonly over?: AbortSignal;
}

function open(url: string, { isEnding = false, over, ...more }: Options = {}): {
  readonly sender: Sender<ReadableSpan[]>;
  /** Pauses that were made, none of them in earnest. */
  readonly pauses: number[];
} {
  const pauses: number[] = [];
  const signal: SignalSettings = {
    url: `${url}/v1/traces`,
    encoding: "protobuf",
    headers: { "api-key": "s3cret" },
    timeoutMs: 20_000,
    isCompressed: false,
    ...more,
  };
  const host = {
    ...real,
    random: () => 0.5,
    sleep: (ms: number, stop?: AbortSignal): Promise<void> => {
      if (ms === signal.timeoutMs) return real.sleep(ms, stop);
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  const sender = new Sender(host, WIRES.traces[signal.encoding], {
    signal,
    over: over ?? new AbortController().signal,
    isEnding: () => isEnding,
  });
  return { sender, pauses };
}

for (const encoding of ["json", "protobuf"] as const) {
  for (const isCompressed of [false, true]) {
    const how = `${encoding}${isCompressed ? ", packed" : ""}`;
    Deno.test(`a collector gets the spans (${how}) with the headers that are set`, async () => {
      await using collector = serveCollector();
      const { sender } = open(collector.url, { encoding, isCompressed });
      assert.equal(await sender.send(makeSpans(2), 2), 0);
      assert.deepEqual(collector.spans.map(({ name }) => name), ["s0", "s1"]);
      const [delivery] = collector.deliveries;
      assert.equal(delivery?.headers.get("api-key"), "s3cret");
      assert.equal(sender.reason, "");
    });
  }
}

Deno.test("a busy collector is asked again, when it says so or after longer and longer pauses", async () => {
  const answers = [
    new Response("", { status: 503 }),
    new Response("", { status: 429, headers: { "retry-after": "3" } }),
    new Response("", { status: 502 }),
  ];
  await using collector = serveCollector({ answer: () => answers.shift() });
  const { sender, pauses } = open(collector.url);
  assert.equal(await sender.send(makeSpans(1), 1), 0);
  assert.equal(collector.spans.length, 1);
  assert.deepEqual(pauses, [1_000, 3_000, 4_000]);
});

Deno.test("a collector that stays busy, or wants more time than there is, gets nothing", async () => {
  let asked = 0;
  await using busy = serveCollector({
    answer: () => {
      asked++;
      return new Response("", { status: 503 });
    },
  });
  const first = open(busy.url);
  assert.equal(await first.sender.send(makeSpans(2), 2), 2);
  assert.equal(asked, 5);
  assert.equal(first.sender.reason, "it answered 503");
  await using slow = serveCollector({
    answer: () =>
      new Response("", { status: 429, headers: { "retry-after": "60" } }),
  });
  const second = open(slow.url);
  assert.equal(await second.sender.send(makeSpans(1), 1), 1);
  assert.deepEqual(second.pauses, []);
});

for (const status of [400, 401, 404, 307]) {
  Deno.test(`a collector that answers ${status} is not asked again`, async () => {
    let asked = 0;
    await using collector = serveCollector({
      answer: () => {
        asked++;
        const headers = { location: "/elsewhere" };
        return new Response("s3cret", { status, headers });
      },
    });
    const { sender } = open(collector.url);
    assert.equal(await sender.send(makeSpans(3), 3), 3);
    assert.equal(asked, 1);
    assert.equal(sender.reason, `it answered ${status}`);
  });
}

Deno.test("what a collector takes only in part is counted", async () => {
  const partialSuccess = {
    rejectedSpans: "2",
    errorMessage: `too old\n\x1b[31m${"!".repeat(5_000)}`,
  };
  await using json = serveCollector({
    answer: () => Response.json({ partialSuccess }),
  });
  const one = open(json.url, { encoding: "json" });
  assert.equal(await one.sender.send(makeSpans(5), 5), 2);
  // Its words are shown on one line, and bend no terminal.
  assert.match(
    one.sender.reason,
    /^it did not take all of it: too old \P{Cc}{1,200}$/u,
  );
  // partial_success = 1 { rejected_spans = 1: 3, error_message = 2: "old" }
  const bytes = [0x0a, 7, 0x08, 3, 0x12, 3, ...new TextEncoder().encode("old")];
  await using protobuf = serveCollector({
    answer: () => new Response(new Uint8Array(bytes)),
  });
  const other = open(protobuf.url);
  assert.equal(await other.sender.send(makeSpans(5), 5), 3);
});

Deno.test("a collector cannot take back what was lost", async () => {
  const partialSuccess = { rejectedSpans: "-7", errorMessage: "" };
  await using collector = serveCollector({
    answer: () => Response.json({ partialSuccess }),
  });
  const { sender } = open(collector.url, { encoding: "json" });
  assert.equal(await sender.send(makeSpans(1), 1), 0);
});

Deno.test("a collector that takes all and says nonsense has taken all", async () => {
  await using collector = serveCollector({
    answer: () => new Response("<html>fine</html>"),
  });
  for (const encoding of ["json", "protobuf"] as const) {
    const { sender } = open(collector.url, { encoding });
    assert.equal(await sender.send(makeSpans(1), 1), 0);
  }
});

Deno.test("nobody listens: tried again while the program works, and once when it ends", async () => {
  const url = refusingUrl();
  const working = open(url);
  assert.equal(await working.sender.send(makeSpans(1), 1), 1);
  assert.equal(working.pauses.length, 4);
  assert.equal(working.sender.reason, "the connection was refused");
  const ending = open(url, { isEnding: true });
  assert.equal(await ending.sender.send(makeSpans(1), 1), 1);
  assert.deepEqual(ending.pauses, []);
});

Deno.test("a collector that never answers is left at its timeout, or when there is no more time", async () => {
  const never = Promise.withResolvers<Response>();
  await using collector = serveCollector({ answer: () => never.promise });
  const late = open(collector.url, { timeoutMs: 40 });
  assert.equal(await late.sender.send(makeSpans(1), 1), 1);
  assert.equal(late.sender.reason, "it did not answer within 40 ms");
  const over = new AbortController();
  const cut = open(collector.url, { over: over.signal });
  const sending = cut.sender.send(makeSpans(1), 1);
  over.abort();
  assert.equal(await sending, 1);
  assert.equal(cut.sender.reason, "there was no more time");
  never.resolve(new Response());
});

Deno.test("what is said of a place holds no key of it", () => {
  const { sender } = open("http://c", { url: "http://c/v1?api_key=s3cret" });
  assert.equal(sender.place, "http://c/v1?api_key=***");
});
