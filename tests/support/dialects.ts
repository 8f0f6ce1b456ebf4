/** A server of any dialect, and a long thread with it: the task stays, every request extends the one before. */
import assert from "node:assert/strict";
import type { WireItem } from "../../core/protocol/item.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { chatAnswer, type ChatStyle } from "./chat_script.ts";
import {
  plainContext,
  type TestThread,
  testThread,
  testTool,
} from "./harness.ts";
import {
  fail,
  hang,
  type MockRequest,
  type Part,
  raw,
  type Step,
} from "./mock_model.ts";
import { answerProbe } from "./dialect_probe.ts";
import { TEST_MODEL } from "./settings.ts";

export const WINDOW = 32_000;
// A hundred see everything once; more for a longer look.
const TURNS = Number(Deno.env.get("DIALECT_TURNS") ?? 100);
const TASK = "Turn 0: dig the whole hill away, but never under the oak.";

export interface Dialect {
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
  /** It speaks chat completions, in this way. */
  readonly chat?: ChatStyle;
  /** Tools of free text, and reasoning that travels; refused and absent unless said. */
  readonly custom?: "works" | "refused" | "ignored";
  readonly cipher?: "works" | "refused" | "absent";
  /** One call in an answer, however many are asked for. */
  readonly isSerial?: boolean;
  /** More output than its window is refused; others take no notice. */
  readonly boundsOutput?: boolean;
  /** What its list of models says of one. */
  readonly listed?: JsonObject;
  /** Fields of a chat request that it knows; it refuses all others by name. */
  readonly knows?: readonly string[];
}

export function refusal(
  status: number,
  message: string,
  more: JsonObject = {},
): Part {
  return fail(status, { error: { code: status, message, ...more } });
}

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

/** Plays a dialect: what it answers is up to the turn that the last message names. */
export class DialectServer {
  readonly breaks: number[] = [];
  /** Set when a turn's next request is not to be answered; resolved when it came. */
  silence: PromiseWithResolvers<void> | undefined;
  readonly #dialect: Dialect;
  readonly #spent = new Set<string>();
  #ids = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  answer(request: MockRequest): Step {
    const isSummary = request.body["tool_choice"] === "none";
    // It may have left the oldest work out.
    if (isSummary) this.breaks.push(request.index);
    const refused = refusalOf(request, this.#dialect);
    if (refused !== undefined) {
      // What follows may begin anew: the repair is said.
      this.breaks.push(request.index + 1);
      return refused;
    }
    const tokens = Math.ceil(request.text.length / 4);
    const tried = answerProbe(
      this.#dialect,
      request,
      (items) => renderAnswer(items, tokens, this.#dialect),
    );
    if (tried !== undefined) return tried;
    const say = (text: string): Step =>
      renderAnswer([message(text)], tokens, this.#dialect);
    if (isSummary) return say("A summary: the hill is half gone.");
    if (this.silence !== undefined) {
      this.silence.resolve();
      return hang();
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
        return renderAnswer(
          [this.#call("dig", "{oops")],
          tokens,
          this.#dialect,
        );
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
    return renderAnswer(
      names.map((name) => this.#call(name, "{}")),
      tokens,
      this.#dialect,
    );
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
}

/** What the server refuses in a request, before anything else. */
export function refusalOf(
  request: MockRequest,
  dialect: Dialect,
): Part | undefined {
  const { blind, picturesMax = Infinity, isOneSystem, chat, knows } = dialect;
  const pictures =
    request.text.split(/"type":"(?:input_image|image_url)"/).length - 1;
  const roles = request.input.map(({ role }) => role);
  const hasMore = roles.lastIndexOf("system") > 0 ||
    roles.includes("developer");
  assert.equal(request.path.endsWith("/chat/completions"), !!chat);
  const other = Object.keys(request.body).filter((field) =>
    knows !== undefined && !knows.includes(field)
  );
  if (other.length > 0) {
    return refusal(422, `Extra inputs are not permitted: ${other.join(", ")}`);
  }
  if (isOneSystem && hasMore) {
    return refusal(500, "System message must be at the beginning.");
  }
  if (pictures > 0 && blind !== undefined) return blind;
  return pictures > picturesMax
    ? fail(413, "<html>too large</html>")
    : undefined;
}

/** An answer with these items, in the way of the server. */
export function renderAnswer(
  items: readonly JsonObject[],
  tokens: number,
  dialect: Dialect,
): Step {
  const usage = dialect.usage(tokens);
  const { chat } = dialect;
  if (chat !== undefined) return chatAnswer(items, usage, chat);
  const response = {
    id: "r",
    status: "completed",
    output: items,
    ...(usage !== undefined && { usage }),
  };
  if (dialect.style === "json") return fail(200, response);
  const isBare = dialect.style === "bare";
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
      dialect.style === "named"
        ? `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
        : `data: ${JSON.stringify({ type, ...data })}\n\n`
    ).join(""),
  );
}

/** A message of the model. */
export function message(text: string): JsonObject {
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

async function cancel(
  t: TestThread,
  server: DialectServer,
  turn: number,
): Promise<void> {
  server.silence = Promise.withResolvers<void>();
  const ended = t.turn(`Turn ${turn}: stop here.`);
  await server.silence.promise;
  server.silence = undefined;
  t.thread.submit({ type: "interrupt" });
  assert.equal((await ended).type, "interrupted");
}

/** One test for each server. */
export function testDialects(
  dialects: Readonly<Record<string, Dialect>>,
): void {
  for (const [name, dialect] of Object.entries(dialects)) {
    testDialect(name, dialect);
  }
}

function testDialect(name: string, dialect: Dialect): void {
  Deno.test(`${TURNS} turns with ${name} in a window of ${WINDOW} keep the task and the prefix`, async () => {
    const server = new DialectServer(dialect);
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
      deps: {
        context: plainContext(
          "<environment_context>env</environment_context>",
        ),
      },
      compact: dialect.compact === "works"
        ? Array.from({ length: 200 }, () => [cut])
        : [dialect.compact === "empty" ? [] : fail(404)],
      endpoint: {
        supportsCompact: dialect.compact !== undefined,
        ...(dialect.chat !== undefined && {
          wireApi: "chat",
          singleSystemMessage: true,
        }),
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
      if (turn % 97 === 0) await cancel(t, server, turn);
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
