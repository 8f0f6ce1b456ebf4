/** Random lives of a thread, lived by the real transcript, with its own account of them. */
import * as fc from "fast-check";
import {
  addUsage,
  NO_USAGE,
  type Outcome,
  type Usage,
} from "../../../../core/protocol/event.ts";
import { textMessage, type WireItem } from "../../../../core/protocol/item.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type { ThreadLog } from "../../../../core/protocol/log.ts";
import type { TurnSettings } from "../../../../core/protocol/settings.ts";
import { planRollback } from "../../../../core/session/log/rollback_plan.ts";
import { Transcript } from "../../../../core/session/state/transcript.ts";
import { SETTINGS } from "./support.ts";
import { anyCharacter } from "../../../support/any_character.ts";

export type LifeStep =
  | { readonly do: "start"; readonly model: string; readonly context: string }
  | { readonly do: "say"; readonly text: string }
  /** Images: large ones lie beside the log. */
  | { readonly do: "show"; readonly images: readonly string[] }
  | { readonly do: "think"; readonly items: readonly WireItem[] }
  | {
    readonly do: "call";
    readonly form: "function" | "custom";
    readonly isStarted: boolean;
  }
  | { readonly do: "answer"; readonly output: string }
  | { readonly do: "request"; readonly usage: Usage | null }
  | { readonly do: "end"; readonly outcome: Outcome }
  | {
    readonly do: "compact";
    readonly kept: readonly string[];
    readonly handover: unknown;
  }
  | { readonly do: "rollback"; readonly turns: number }
  | { readonly do: "name"; readonly name: string }
  /** The program ends, in order or in the middle of a write, and comes back. */
  | { readonly do: "reopen"; readonly torn: string };

/** What the thread knows of itself, for comparing with what its log tells. */
export interface LifeAccount {
  items: readonly string[];
  openCalls: readonly unknown[];
  settings: TurnSettings | undefined;
  usage: Usage;
  name: string | undefined;
  generation: number;
  handover: unknown;
  isInTurn: boolean;
  lastRequest: unknown;
}

const words = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: anyCharacter, maxLength: 10 }),
  fc.constantFrom("\u2028", '","check":"', "\n", '"}\n{"', "ünïcödé 🙂"),
);
const usage: fc.Arbitrary<Usage> = fc.record({
  inputTokens: fc.nat(9999),
  cachedInputTokens: fc.nat(9999),
  cacheWriteInputTokens: fc.nat(99),
  outputTokens: fc.nat(999),
  reasoningOutputTokens: fc.nat(99),
  totalTokens: fc.nat(99_999),
}, { noNullPrototype: true });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  words.map((message): Outcome => ({ type: "done", message })),
  fc.constant<Outcome>({ type: "interrupted" }),
  words.map((message): Outcome => ({
    type: "failed",
    error: { kind: "stream", message },
  })),
);
const thought: fc.Arbitrary<WireItem> = fc.oneof(
  words.map((encrypted_content) => ({
    type: "reasoning",
    id: "rs_1",
    summary: [],
    encrypted_content,
  })),
  words.map((text) => textMessage("assistant", text)),
  words.map((text) => ({ zeta: 1, type: "item_of_tomorrow", alpha: text })),
);

const images = fc.array(
  fc.constantFrom(
    ...["A", "B"].map((unit) => unit.repeat(LIMITS.blobBytes)),
    "C".repeat(LIMITS.blobBytes - 23),
    "D",
  ),
  { minLength: 1, maxLength: 2 },
);

export const lifeStep: fc.Arbitrary<LifeStep> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("start" as const),
      model: words,
      context: words,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("say" as const), text: words }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("show" as const), images }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("think" as const),
      items: fc.array(thought, { maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      form: fc.constantFrom("function" as const, "custom" as const),
      isStarted: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("answer" as const), output: words }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("request" as const),
      usage: fc.option(usage),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("end" as const), outcome }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("compact" as const),
      kept: fc.array(words, { maxLength: 3 }),
      handover: fc.jsonValue({ maxDepth: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("rollback" as const),
      turns: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("name" as const), name: words }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("reopen" as const),
      torn: fc.constantFrom("", '{"timestamp":"20', "\u0000", '{"a":1,'),
    }),
  },
);

/** One thread living: the real transcript on the log it is given. */
export class Life {
  readonly #reopen: (torn: string) => Promise<ThreadLog>;
  #log: ThreadLog;
  #transcript: Transcript;
  #started = new Set<string>();
  #turns: { at: number; settings: TurnSettings }[] = [];
  #calls = 0;
  #account: Omit<LifeAccount, "items" | "openCalls" | "generation"> = {
    settings: undefined,
    usage: NO_USAGE,
    name: undefined,
    handover: undefined,
    isInTurn: false,
    lastRequest: undefined,
  };

  constructor(log: ThreadLog, reopen: (torn: string) => Promise<ThreadLog>) {
    this.#log = log;
    this.#reopen = reopen;
    this.#transcript = new Transcript(log);
  }

  get account(): LifeAccount {
    const calls = this.#transcript.openCalls;
    return {
      ...this.#account,
      items: this.#transcript.entries.map(({ json }) => json),
      openCalls: calls.map(({ callId, name, form }) => ({
        callId,
        name,
        form,
        started: this.#started.has(callId),
      })),
      generation: this.#transcript.generation,
    };
  }

  get log(): ThreadLog {
    return this.#log;
  }

  async live(step: LifeStep): Promise<void> {
    switch (step.do) {
      case "start":
        return this.#start(step.model, step.context);
      case "say":
        this.#answerAll();
        return this.#transcript.append([textMessage("user", step.text)]);
      case "show":
        this.#answerAll();
        return this.#transcript.append([imageMessage(step.images)]);
      case "think":
        step.items.forEach((one) => this.#transcript.hold(one));
        return void this.#transcript.commitTail();
      case "call":
        return this.#call(step.form, step.isStarted);
      case "answer":
        return this.#answer(step.output);
      case "request":
        return this.#request(step.usage);
      case "end":
        return this.#end(step.outcome);
      case "compact":
        return this.#compact(step.kept, step.handover);
      case "rollback":
        return this.#rollBack(step.turns);
      case "name":
        this.#log.append({ type: "named", name: step.name });
        this.#account.name = step.name;
        return;
      case "reopen":
        return await this.#comeBack(step.torn);
    }
  }

  #start(slug: string, context: string): void {
    const settings = { ...SETTINGS, model: { ...SETTINGS.model, slug } };
    const turnId = `turn-${slug}`;
    this.#answerAll();
    this.#turns.push({ at: this.#transcript.entries.length, settings });
    this.#log.append({ type: "turn_started", turnId, settings });
    this.#account.settings = settings;
    this.#account.isInTurn = true;
    this.#transcript.append([textMessage("developer", context)]);
  }

  #call(form: "function" | "custom", isStarted: boolean): void {
    const callId = `call-${this.#calls++}`;
    this.#transcript.hold(
      form === "function"
        ? { type: "function_call", call_id: callId, name: "f", arguments: "{" }
        : { type: "custom_tool_call", call_id: callId, name: "c", input: "*" },
    );
    this.#transcript.commitTail();
    if (!isStarted) return;
    this.#log.append({ type: "call_started", callId, name: form[0] ?? "" });
    this.#started.add(callId);
  }

  #answer(output: string): void {
    const [call] = this.#transcript.openCalls;
    if (call !== undefined) this.#transcript.settle(call.callId, output);
  }

  #request(used: Usage | null): void {
    const inputItems = this.#transcript.entries.length;
    const lastRequest = { usage: used, bodyHash: "beef", inputItems };
    this.#log.append({ type: "request", ...lastRequest });
    this.#account.lastRequest = lastRequest;
    this.#account.usage = addUsage(this.#account.usage, used ?? NO_USAGE);
  }

  #end(how: Outcome): void {
    this.#log.append({
      type: "turn_ended",
      turnId: "turn",
      outcome: how,
      usage: NO_USAGE,
    });
    this.#account.isInTurn = false;
  }

  #compact(kept: readonly string[], handover: unknown): void {
    this.#answerAll();
    // What was shown is said once more, as compactions do.
    const shown = this.#transcript.entries.map(({ json }) => json)
      .filter((json) => json.includes('"type":"input_image"'));
    const replacement = [
      ...kept.map((text) => JSON.stringify(textMessage("user", text))),
      ...shown,
    ];
    this.#log.append({
      type: "compacted",
      summary: "so far",
      replacement,
      handover,
    });
    this.#transcript.replace(replacement);
    this.#turns = this.#account.settings === undefined
      ? []
      : [{ at: 0, settings: this.#account.settings }];
    this.#account.handover = JSON.parse(JSON.stringify(handover));
    this.#account.lastRequest = undefined;
    this.#started.clear();
  }

  #rollBack(turns: number): void {
    this.#answerAll();
    const items = this.#transcript.entries.map((entry) => entry.item);
    const kept = planRollback(items, turns);
    if (kept === items.length) return;
    this.#log.append({ type: "rolled_back", turns });
    this.#transcript.keepFirst(kept);
    this.#turns = this.#turns.filter((turn) => turn.at < kept);
    this.#account.settings = this.#turns.at(-1)?.settings ??
      this.#account.settings;
    this.#account.lastRequest = undefined;
  }

  #answerAll(): void {
    for (const { callId } of this.#transcript.openCalls) {
      this.#transcript.settle(callId, "settled");
    }
  }

  async #comeBack(torn: string): Promise<void> {
    const { items, generation } = this.account;
    this.#log = await this.#reopen(torn);
    this.#transcript = new Transcript(this.#log);
    this.#transcript.restore(items, generation);
  }
}

function imageMessage(images: readonly string[]): WireItem {
  const content = images.map((base64) => ({
    type: "input_image",
    image_url: `data:image/png;base64,${base64}`,
  }));
  return { type: "message", role: "user", content };
}
