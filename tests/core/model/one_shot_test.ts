import assert from "node:assert/strict";
import { completeOnce } from "../../../core/model/one_shot.ts";
import type { ModelClient } from "../../../core/model/client.ts";
import type { ResponseEvent } from "../../../core/model/response_event.ts";
import { ModelError } from "../../../core/protocol/error.ts";
import { NO_USAGE } from "../../../core/protocol/event.ts";
import { textMessage } from "../../../core/protocol/item.ts";
import { settings } from "../../tools/support.ts";

const { model } = settings();
const INPUT = [textMessage("user", "Hi")];

/** Plays these events, then throws. */
function client(
  events: readonly ResponseEvent[],
  error?: ModelError,
  bodies: string[] = [],
): ModelClient {
  return {
    async *stream({ body }: { body: string }) {
      bodies.push(body);
      await Promise.resolve();
      yield events;
      if (error !== undefined) throw error;
    },
  } as Partial<ModelClient> as ModelClient;
}

function said(text: string): ResponseEvent {
  const content = [{ type: "output_text", text }];
  return {
    type: "item_done",
    item: { type: "message", role: "assistant", content },
  };
}

const REQUEST = {
  model,
  input: INPUT,
  tokensMax: 50,
  threadId: "t",
  signal: new AbortController().signal,
};

Deno.test("completeOnce() sends neither tools nor a cache key", async () => {
  const bodies: string[] = [];
  const plain = { ...model, slug: "m", supportsReasoning: false };
  await completeOnce(client([said("Yes")], undefined, bodies), {
    ...REQUEST,
    model: plain,
    instructions: "Be kind",
  });
  const thinking = { ...model, supportsReasoning: true };
  await completeOnce(client([said("Yes")], undefined, bodies), {
    ...REQUEST,
    model: thinking,
  });
  const [body, other] = bodies.map((text) => JSON.parse(text));
  assert.deepEqual(body, {
    model: "m",
    instructions: "Be kind",
    store: false,
    stream: true,
    max_output_tokens: 50,
    input: INPUT,
  });
  assert.deepEqual(other["reasoning"], { effort: "low" });
  assert.equal("instructions" in other, false);
});

Deno.test("completeOnce() gathers the messages and the usage", async () => {
  const usage = { ...NO_USAGE, totalTokens: 9 };
  const answer = await completeOnce(
    client([said("One"), said("Two"), {
      type: "completed",
      usage,
    }]),
    REQUEST,
  );
  assert.deepEqual(answer, { text: "One\n\nTwo", isCut: false, usage });
});

Deno.test("completeOnce() keeps an answer that was cut at its length, and no other", async () => {
  const cut = new ModelError("cut", { kind: "incomplete", retryable: false });
  const delta = { type: "text_delta", itemId: "", text: "Hal" } as const;
  assert.deepEqual(await completeOnce(client([delta], cut), REQUEST), {
    text: "Hal",
    isCut: true,
    usage: null,
  });
  assert.equal(
    (await completeOnce(client([delta, said("Half")], cut), REQUEST)).text,
    "Half",
  );
  await assert.rejects(completeOnce(client([], cut), REQUEST), cut);
  const broken = new ModelError("broken", { kind: "stream", retryable: true });
  await assert.rejects(completeOnce(client([delta], broken), REQUEST), broken);
});
