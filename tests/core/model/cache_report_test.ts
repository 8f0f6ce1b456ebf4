/** Each cause of a cache miss, made by one mutation of an extending request. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  buildCacheReport,
  buildPrint,
  printHash,
  type PromptFacts,
  type PromptPrint,
} from "../../../core/model/cache_report.ts";

const FACTS: PromptFacts = {
  model: "m",
  key: "thread",
  effort: "medium",
  instructions: "i".repeat(4_000),
  tools: ["a", "b", "c"].map((name) => `{"name":"${name}"}${" ".repeat(400)}`),
  items: items(6),
  atMs: 0,
};

function items(count: number): { json: string; tokens: number }[] {
  return Array.from({ length: count }, (_, at) => ({
    json: `{"n":${at}}`,
    tokens: 500,
  }));
}

/** The same with more items, a moment later. */
function extended(more: Partial<PromptFacts> = {}): PromptFacts {
  return { ...FACTS, items: items(9), atMs: 1_000, ...more };
}

function report(
  later: PromptFacts,
  cachedTokens: number | undefined,
  earlierInputTokens?: number,
): ReturnType<typeof buildCacheReport> {
  const earlier = buildPrint(FACTS, undefined);
  return buildCacheReport({
    earlier,
    earlierInputTokens,
    later: buildPrint(later, earlier),
    cachedTokens,
  });
}

// 1000 of the instructions, 309 of the tools, 6 items of 500.
const SHARED = 4_309;

Deno.test("buildCacheReport() says nothing of the first request", () => {
  assert.deepEqual(
    buildCacheReport({
      earlier: undefined,
      later: buildPrint(FACTS, undefined),
      cachedTokens: 0,
    }),
    { sharedTokens: 0, cachedTokens: 0, cause: "", prefixBroken: false },
  );
});

Deno.test("buildCacheReport() finds no cause when the shared prefix was cached", () => {
  assert.deepEqual(report(extended(), SHARED), {
    sharedTokens: SHARED,
    cachedTokens: SHARED,
    cause: "",
    prefixBroken: false,
  });
});

Deno.test("buildCacheReport() takes the provider's count over its own estimate", () => {
  assert.equal(report(extended(), 5_000, 5_100).sharedTokens, 5_100);
});

Deno.test("buildCacheReport() allows for blocks and rough estimates", () => {
  assert.equal(report(extended(), SHARED * 0.9 - 127).cause, "");
  assert.notEqual(report(extended(), SHARED * 0.9 - 130).cause, "");
});

Deno.test("buildCacheReport() expects nothing of prompts too short to be cached", () => {
  const short = { ...FACTS, instructions: "", tools: [], items: items(2) };
  const earlier = buildPrint(short, undefined);
  const later = buildPrint({ ...short, items: items(3) }, earlier);
  assert.equal(
    buildCacheReport({ earlier, later, cachedTokens: 0 }).cause,
    "",
  );
});

Deno.test("buildCacheReport() names the part that the harness changed", () => {
  const changed = items(9).with(4, { json: "{}", tokens: 500 });
  const { tools } = FACTS;
  const mutations: readonly [Partial<PromptFacts>, string, number][] = [
    [{ instructions: "other" }, "instructions changed", 0],
    [{ tools: tools.with(1, "{}") }, "tools[1] changed", 0],
    [{ tools: tools.toReversed() }, "tools[0] changed", 0],
    [{ tools: [...tools, "{}"] }, "tools[3] added", 0],
    [{ tools: tools.slice(0, 2) }, "tools[2] removed", 0],
    [{ key: "other" }, "key changed", 0],
    [{ items: changed }, "input[4] changed", 1_309 + 4 * 500],
    [{ items: items(9).slice(1) }, "input[0] changed", 1_309],
    [{ items: items(5) }, "input[5] removed", 1_309 + 5 * 500],
  ];
  for (const [mutation, cause, sharedTokens] of mutations) {
    assert.deepEqual(report(extended(mutation), 99_999), {
      sharedTokens,
      cachedTokens: 99_999,
      cause,
      prefixBroken: true,
    });
  }
});

Deno.test("buildCacheReport() does not blame an announced change", () => {
  for (const announced of ["compacted", "tools refreshed"]) {
    const later = extended({ items: items(2), tools: [], announced });
    assert.deepEqual(report(later, 0), {
      sharedTokens: 0,
      cachedTokens: 0,
      cause: announced,
      prefixBroken: false,
    });
  }
});

Deno.test("buildCacheReport() names why a provider did not serve the same bytes", () => {
  const mutations: readonly [Partial<PromptFacts>, string][] = [
    [{ effort: "high" }, "effort changed"],
    [{ model: "other" }, "model changed"],
    [{ atMs: 300_001 }, "idle longer than the provider keeps it"],
    [{}, "provider missed: our bytes were identical"],
  ];
  for (const [mutation, cause] of mutations) {
    assert.deepEqual(report(extended(mutation), 0), {
      sharedTokens: SHARED,
      cachedTokens: 0,
      cause,
      prefixBroken: false,
    });
  }
});

Deno.test("buildCacheReport() lets another model have other tools, but no other history", () => {
  const other = { model: "other", tools: ["{}"] };
  assert.deepEqual(report(extended(other), 0), {
    sharedTokens: 0,
    cachedTokens: 0,
    cause: "model changed",
    prefixBroken: false,
  });
  const broken = extended({ ...other, items: items(9).slice(1) });
  assert.equal(report(broken, 0).cause, "input[0] changed");
  assert.equal(report(broken, 0).prefixBroken, true);
});

Deno.test("buildCacheReport() does not speak of a miss when nothing was counted", () => {
  assert.equal(report(extended(), undefined).cause, "");
});

Deno.test("buildCacheReport() goes on from a request of another process", () => {
  const before = buildPrint(FACTS, undefined);
  const earlier = {
    bodyHash: printHash(before),
    inputItems: before.items.length,
    inputTokens: 4_000,
    idleMs: 10,
  };
  const cases: readonly [Partial<PromptFacts>, string, boolean][] = [
    [{}, "", false],
    [{ items: items(6) }, "", false],
    [{ instructions: "x" }, "instructions changed", true],
    [{ tools: [] }, "tools changed", true],
    [{ items: items(9).slice(1) }, "input changed", true],
    [{ items: items(5) }, "input changed", true],
  ];
  for (const [mutation, cause, prefixBroken] of cases) {
    const result = buildCacheReport({
      earlier,
      later: buildPrint(extended(mutation), undefined),
      cachedTokens: 4_000,
    });
    assert.deepEqual(
      { cause: result.cause, prefixBroken: result.prefixBroken },
      { cause, prefixBroken },
    );
  }
  const missed = (idleMs: number): string =>
    buildCacheReport({
      earlier: { ...earlier, idleMs },
      later: buildPrint(extended(), undefined),
      cachedTokens: 0,
    }).cause;
  assert.match(missed(400_000), /idle/);
  assert.match(missed(10), /provider missed/);
});

Deno.test("buildPrint() gives the same print with and without the one before", () => {
  const item = fc.record({
    json: fc.constantFrom("1", "2", "3"),
    tokens: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 8 }),
      fc.array(item, { maxLength: 8 }),
      (first, second) => {
        const tokensOf = (all: typeof first): typeof first =>
          all.map(({ json }) => ({ json, tokens: Number(json) }));
        const earlier = buildPrint(
          { ...FACTS, items: tokensOf(first) },
          undefined,
        );
        const facts = { ...FACTS, items: tokensOf(second) };
        assert.deepEqual(
          buildPrint(facts, earlier),
          buildPrint(facts, undefined),
        );
      },
    ),
  );
});

Deno.test("buildPrint() does not read old items again", () => {
  const counting = (count: { reads: number }): PromptPrint["items"] =>
    items(1_000).map(({ json }) => ({
      json,
      get tokens(): number {
        count.reads++;
        return 1;
      },
    }));
  const count = { reads: 0 };
  const all = counting(count);
  const earlier = buildPrint({ ...FACTS, items: all.slice(0, 990) }, undefined);
  count.reads = 0;
  buildPrint({ ...FACTS, items: all }, earlier);
  assert.equal(count.reads, 10);
});

Deno.test("buildPrint() of a list that grew reads what is new, and the earlier print still holds", () => {
  const list = items(6);
  const earlier = buildPrint({ ...FACTS, items: list }, undefined);
  const hash = printHash(earlier);
  list.push(...items(9).slice(6));
  const later = buildPrint({ ...FACTS, items: list }, earlier);
  assert.equal(printHash(earlier), hash);
  assert.equal(
    printHash(later),
    printHash(buildPrint({ ...FACTS, items: items(9) }, undefined)),
  );
  const cachedTokens = SHARED;
  assert.deepEqual(buildCacheReport({ earlier, later, cachedTokens }), {
    sharedTokens: SHARED,
    cachedTokens: SHARED,
    cause: "",
    prefixBroken: false,
  });
});
