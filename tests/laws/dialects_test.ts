/** Servers of eight dialects, many turns each: the task stays, every request extends the one before. */
import assert from "node:assert/strict";
import type { WireItem } from "../../core/protocol/item.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { type TestThread, testThread, testTool } from "../support/harness.ts";
import {
  errorBody,
  fail,
  hang,
  type MockRequest,
  type Part,
  raw,
  type Step,
} from "../support/mock_model.ts";
import { TEST_MODEL } from "../support/settings.ts";

const WINDOW = 32_000;
// A hundred see everything once; more for a longer look.
const TURNS = Number(Deno.env.get("DIALECT_TURNS") ?? 100);
const TASK = "Turn 0: dig the whole hill away, but never under the oak.";

interface Dialect {
  /** How an answer travels: every event, no `output_item.done`, names in `event:` only, one JSON. */
  readonly style: "full" | "bare" | "named" | "json";
  readonly usage: (tokens: number) => JsonObject | undefined;
  readonly overflow: Part;
  /** Worth another try. */
  readonly busy: Part;
  /** A model without eyes. */
  readonly blind?: Part;
  /** The body may hold so many pictures, else 413. */
  readonly picturesMax?: number;
  readonly compact?: "works" | "404" | "empty";
  readonly isOneSystem?: boolean;
}

function counted(tokens: number): JsonObject {
  return {
    input_tokens: tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 10,
    total_tokens: tokens + 10,
  };
}

function refusal(status: number, message: string, more: JsonObject = {}): Part {
  return fail(status, { error: { code: status, message, ...more } });
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  OpenAI: {
    style: "full",
    usage: counted,
    overflow: fail(400, errorBody("too long", "context_length_exceeded")),
    busy: fail(
      429,
      errorBody("Please try again in 1ms.", "rate_limit_exceeded"),
    ),
    compact: "works",
  },
  Azure: {
    style: "full",
    usage: counted,
    overflow: fail(400, errorBody("too long", "context_length_exceeded")),
    busy: fail(429, errorBody("retry after 0 seconds")),
    compact: "404",
  },
  Ollama: {
    style: "full",
    usage: () => undefined,
    overflow: fail(400, { error: "input length exceeds the context length" }),
    busy: fail(503, { error: "server busy, please try again." }, {
      "retry-after-ms": "1",
    }),
    blind: fail(400, { error: "this model does not support images" }),
  },
  "LM Studio": {
    style: "named",
    usage: () => ({ input_tokens: 0, output_tokens: 0, total_tokens: 0 }),
    overflow: fail(400, {
      error:
        "The number of tokens to keep from the initial prompt is greater than the context length",
    }),
    busy: fail(500, { error: "Model reloaded." }, { "retry-after-ms": "1" }),
  },
  vLLM: {
    style: "bare",
    usage: (tokens) => ({
      input_tokens: String(tokens),
      output_tokens: "10",
      total_tokens: String(tokens + 10),
    }),
    overflow: refusal(
      400,
      `This model's maximum context length is ${WINDOW} tokens. However, you requested 40000 tokens.`,
      { type: "BadRequestError" },
    ),
    busy: refusal(500, "EngineCore encountered an issue", {
      type: "InternalServerError",
    }),
    blind: refusal(400, "At most 0 image(s) may be provided in one prompt."),
    isOneSystem: true,
  },
  "llama.cpp": {
    style: "bare",
    usage: counted,
    overflow: refusal(
      400,
      `request (40000 tokens) exceeds the available context size (${WINDOW} tokens)`,
      { type: "exceed_context_size_error" },
    ),
    busy: refusal(503, "Loading model", { type: "unavailable_error" }),
    blind: refusal(
      500,
      "image input is not supported - hint: you may need to provide the mmproj",
      { type: "server_error" },
    ),
  },
  OpenRouter: {
    style: "full",
    usage: (tokens) => ({
      input_tokens: Math.ceil(tokens / 10),
      input_tokens_details: { cached_tokens: tokens },
      output_tokens: 10,
    }),
    overflow: refusal(
      400,
      `This endpoint's maximum context length is ${WINDOW} tokens.`,
    ),
    busy: refusal(502, "Provider returned error"),
    picturesMax: 3,
    compact: "empty",
  },
  LiteLLM: {
    style: "json",
    usage: (tokens) => ({ prompt_tokens: tokens, completion_tokens: 10.5 }),
    overflow: refusal(400, "prompt is too long: 40000 tokens > 32000 maximum", {
      type: "ContextWindowExceededError",
    }),
    busy: refusal(429, "Too many tokens, please wait 1 ms before trying again"),
    picturesMax: 2,
  },
};

const tools = [
  testTool(
    "dig",
    (one) =>
      Promise.resolve({
        content: `${one.callId} ${"mud ".repeat(700)}`,
        success: true,
      }),
  ),
  testTool("look", () =>
    Promise.resolve({
      content: [{ type: "input_image", image_url: "data:image/png;base64,AA" }],
      success: true,
    })),
];

/** What a turn is about, by its number. */
const KINDS = [
  "say",
  "call",
  "parallel",
  "busy",
  "unknown tool",
  "picture",
  "overflow",
  "bad arguments",
] as const;

class Server {
  readonly breaks: number[] = [];
  readonly #dialect: Dialect;
  readonly #spent = new Set<string>();
  #ids = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  answer(request: MockRequest): Step {
    const { blind, picturesMax = Infinity, isOneSystem } = this.#dialect;
    const pictures = request.text.split('"input_image"').length - 1;
    const refused = isOneSystem && request.text.includes('"role":"developer"')
      ? refusal(500, "System message must be at the beginning.")
      : pictures > 0 && blind !== undefined
      ? blind
      : pictures > picturesMax
      ? fail(413, "<html>too large</html>")
      : undefined;
    if (refused !== undefined) {
      // What follows may begin anew: the repair is said.
      this.breaks.push(request.index + 1);
      return refused;
    }
    const tokens = Math.ceil(request.text.length / 4);
    const say = (text: string): Step => this.#render([message(text)], tokens);
    if (request.body["tool_choice"] === "none") {
      // It may have left the oldest work out.
      this.breaks.push(request.index);
      return say("A summary: the hill is half gone.");
    }
    const turn = lastTurn(request.input);
    const kind = KINDS[turn % KINDS.length] ?? "say";
    if (kind === "overflow" && turn % 48 === 6 && this.#once(`o${turn}`)) {
      return this.#dialect.overflow;
    }
    if (kind === "busy" && turn % 80 === 3 && this.#once(`b${turn}`)) {
      return this.#dialect.busy;
    }
    if (!this.#once(`t${turn}`)) return say("Done.");
    switch (kind) {
      case "call":
        return this.#calls(tokens, "dig");
      case "parallel":
        return this.#calls(tokens, "dig", "dig", "dig");
      case "unknown tool":
        return this.#calls(tokens, "nothing");
      case "picture":
        return this.#calls(tokens, "look");
      case "bad arguments":
        return this.#render([this.#call("dig", "{oops")], tokens);
      default:
        return say("Done.");
    }
  }

  #once(key: string): boolean {
    if (this.#spent.has(key)) return false;
    this.#spent.add(key);
    return true;
  }

  #calls(tokens: number, ...names: readonly string[]): Step {
    return this.#render(names.map((name) => this.#call(name, "{}")), tokens);
  }

  #call(name: string, text: string): JsonObject {
    const id = ++this.#ids;
    return {
      type: "function_call",
      id: `fc_${id}`,
      call_id: `call_${id}`,
      name,
      arguments: text,
    };
  }

  #render(items: readonly JsonObject[], tokens: number): Step {
    const usage = this.#dialect.usage(tokens);
    const response = {
      id: "r",
      status: "completed",
      output: items,
      ...(usage !== undefined && { usage }),
    };
    if (this.#dialect.style === "json") return fail(200, response);
    const isBare = this.#dialect.style === "bare";
    const events = [
      { type: "response.created", response: { id: "r" } },
      ...items.map((item) =>
        isBare
          ? {
            type: "response.output_item.added",
            item: { ...item, arguments: "" },
          }
          : { type: "response.output_item.done", item }
      ),
      { type: "response.completed", response },
    ];
    return raw(
      events.map(({ type, ...data }) =>
        this.#dialect.style === "named"
          ? `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
          : `data: ${JSON.stringify({ type, ...data })}\n\n`
      ).join(""),
    );
  }
}

function message(text: string): JsonObject {
  return {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text }],
  };
}

// The number in the last message of the person.
function lastTurn(input: readonly JsonObject[]): number {
  const last = input.findLast((item) =>
    item["role"] === "user" && /"Turn \d+/.test(JSON.stringify(item))
  );
  return Number(/"Turn (\d+)/.exec(JSON.stringify(last ?? {}))?.[1] ?? 0);
}

async function cancel(t: TestThread, turn: number): Promise<void> {
  t.model.add(hang());
  const count = t.model.requests.length + 1;
  const ended = t.turn(`Turn ${turn}: stop here.`);
  await t.model.received(count);
  t.thread.submit({ type: "interrupt" });
  assert.equal((await ended).type, "interrupted");
}

for (const [name, dialect] of Object.entries(DIALECTS)) {
  Deno.test(`${TURNS} turns with ${name} in a window of ${WINDOW} keep the task and the prefix`, async () => {
    const server = new Server(dialect);
    const cut: WireItem = {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: TASK }],
    };
    const script = (request: MockRequest): Step => server.answer(request);
    await using t = testThread({
      tools,
      script,
      laws: { breaks: server.breaks },
      compact: dialect.compact === "works"
        ? Array.from({ length: 200 }, () => [cut])
        : [dialect.compact === "empty" ? [] : fail(404)],
      endpoint: {
        supportsCompact: dialect.compact !== undefined,
        streamRetries: 3,
      },
      settings: {
        model: {
          ...TEST_MODEL,
          contextWindow: WINDOW,
          autoCompactLimit: 25_000,
          toolOutputTokens: 3_200,
        },
      },
    });
    assert.equal((await t.turn(TASK)).type, "done");
    for (let turn = 1; turn < TURNS; turn++) {
      if (turn % 97 === 0) await cancel(t, turn);
      else {
        const outcome = await t.turn(`Turn ${turn}: go on.`);
        assert.deepEqual(
          outcome,
          { type: "done", message: "Done." },
          `${turn}`,
        );
      }
    }
    const { text } = t.model.request(t.model.requests.length - 1);
    assert.ok(text.includes(TASK), "the task");
    assert.ok(text.includes(`Turn ${TURNS - 1}`), "what was asked last");
    const kinds = new Set(t.events.map(({ type }) => type));
    assert.ok(kinds.has("context.compacted") && kinds.has("stream.retry"));
    for (const event of t.events) {
      if (event.type !== "request.completed") continue;
      assert.equal(event.cache?.prefixBroken ?? false, false);
    }
  });
}
