/** A probe keeps to its number of requests and its time, and says what it could not ask. */
import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import {
  type ProbeReport,
  runProbe,
} from "../../../../core/model/probe/probe.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  errorBody,
  fail,
  mockModel,
  say,
} from "../../../support/mock_model.ts";
import { testEndpoint, testTransport } from "../../../support/settings.ts";

function unknownsOf({ findings }: ProbeReport): readonly string[] {
  return findings.filter(({ verdict }) => verdict === "unknown")
    .map(({ detail }) => detail);
}

Deno.test("runProbe() asks nothing more when its time is up, and says so", async () => {
  await using model = mockModel({ script: () => say("pong"), laws: false });
  const host = denoHost();
  const late = {
    ...host,
    monotonicMs: () => model.requests.length < 5 ? 0 : LIMITS.probeWholeMs,
  };
  const report = await runProbe(
    testTransport(late, testEndpoint(model.url)),
    "m",
  );
  assert.equal(report.requests, 5);
  const unknowns = unknownsOf(report);
  assert.ok(unknowns.length > 5);
  assert.ok(unknowns.some((detail) => /time or the number/.test(detail)));
});

Deno.test("runProbe() sends no more requests than it says, however a server fails", async () => {
  let count = 0;
  await using model = mockModel({
    script: () => count++ === 0 ? say("pong") : fail(503, errorBody("busy")),
    laws: false,
    compact: Array.from({ length: 9 }, () => fail(503)),
  });
  const report = await runProbe(
    testTransport(denoHost(), testEndpoint(model.url)),
    "m",
  );
  assert.equal(report.requests, model.requests.length);
  assert.ok(report.requests <= LIMITS.probeRequests);
  const said = report.findings.slice(4).map(({ verdict }) => verdict);
  assert.deepEqual(new Set(said), new Set(["unknown"]));
});

Deno.test("runProbe() asks on the other wire where the configured one is not there", async () => {
  const tried: string[] = [];
  await using model = mockModel({
    script: ({ path }) => {
      tried.push(path);
      return path.endsWith("/responses")
        ? say("pong")
        : fail(404, errorBody("no such path"));
    },
    laws: false,
  });
  const endpoint = testEndpoint(model.url, { wireApi: "chat" });
  const report = await runProbe(testTransport(denoHost(), endpoint), "m");
  assert.equal(report.wireApi, "responses");
  assert.deepEqual(tried.slice(0, 2), [
    "/v1/chat/completions",
    "/v1/responses",
  ]);
});

Deno.test("runProbe() leaves out the bound of an answer that a server does not know", async () => {
  await using model = mockModel({
    script: ({ body }) =>
      body["max_output_tokens"] === undefined
        ? say("pong")
        : fail(400, errorBody("Unsupported parameter: max_output_tokens")),
    laws: false,
  });
  const report = await runProbe(
    testTransport(denoHost(), testEndpoint(model.url)),
    "m",
  );
  assert.equal(report.failure, undefined);
  assert.equal(report.findings[0]?.verdict, "supported");
});
