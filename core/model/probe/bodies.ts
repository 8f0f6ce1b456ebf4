/** The bodies of the requests of a probe: small, and each about one thing. Pure. */
import { textMessage, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { JsonObject } from "../../util/json/json.ts";

/** Names and arguments that no other tool has. */
const ECHO = "probe_echo";
const NOTE = "probe_note";

export interface BodyOptions {
  readonly model: string;
  /** False where the server has refused `max_output_tokens`. */
  readonly bounded: boolean;
}

/** A question in one word: what every server must be able to answer. */
export function plainBody(options: BodyOptions): string {
  return bodyOf(options, [user("Answer with the one word: pong")]);
}

/** Two calls at once are asked for. */
export function callsBody(options: BodyOptions): string {
  const text =
    `Call ${ECHO} twice in this one answer, at once: with the text "one" and with the text "two". Write nothing else.`;
  return bodyOf(options, [user(text)], {
    tools: [ECHO_TOOL],
    tool_choice: "auto",
    parallel_tool_calls: true,
  });
}

/** A call is asked for and forbidden, as by a request for a summary. */
export function noCallBody(options: BodyOptions): string {
  const text = `Call ${ECHO} with the text "one".`;
  return bodyOf(options, [user(text)], {
    tools: [ECHO_TOOL],
    tool_choice: "none",
  });
}

/** A tool that takes free text by a grammar, as apply_patch does. */
export function customBody(options: BodyOptions): string {
  const text = `Call ${NOTE} with the text: pong`;
  return bodyOf(options, [user(text)], {
    tools: [{
      type: "custom",
      name: NOTE,
      description: "Writes a note down",
      format: {
        type: "grammar",
        syntax: "lark",
        definition: "start: /[a-z ]+/",
      },
    }],
    tool_choice: "auto",
  });
}

/** A conversation as it is sent: developer messages before the first one and in the middle. */
export function developerBody(
  options: BodyOptions,
  form: "as they are" | "one system text",
): string {
  const words = "Answer in one word.";
  const isOne = form === "one system text";
  const role = isOne ? "user" : "developer";
  return bodyOf(options, [
    ...isOne ? [] : [textMessage("developer", words)],
    user("Say ping"),
    assistant("ping"),
    textMessage(role, "From now on answer in capitals."),
    user("Say pong"),
  ], { instructions: isOne ? `${INSTRUCTIONS}\n\n${words}` : INSTRUCTIONS });
}

/** Reasoning is asked for, and that it travels with us. */
export function reasoningBody(
  options: BodyOptions,
  { encrypted }: { readonly encrypted: boolean },
): string {
  return bodyOf(options, [user("Which is larger, 9.11 or 9.9? One word.")], {
    reasoning: { effort: "low" },
    ...(encrypted && { include: ["reasoning.encrypted_content"] }),
  });
}

/** A red square. */
export function imageBody(options: BodyOptions): string {
  return bodyOf(options, [{
    type: "message",
    role: "user",
    content: [
      { type: "input_text", text: "Which colour is this? One word." },
      { type: "input_image", image_url: RED_SQUARE },
    ],
  }]);
}

/** `POST /responses/compact`. */
export function compactBody({ model }: BodyOptions): string {
  return JSON.stringify({
    model,
    instructions: INSTRUCTIONS,
    prompt_cache_key: CACHE_KEY,
    input: [user("Say ping"), assistant("ping"), user("Say pong")],
  });
}

/** More output than any model has: refused before anything is written, or not at all. */
export function hugeOutputBody(options: BodyOptions): string {
  return bodyOf(options, [user("Answer with the one word: pong")], {
    max_output_tokens: LIMITS.probeHugeOutputTokens,
  });
}

/** A prompt of more than so many tokens. */
export function longBody(options: BodyOptions, tokens: number): string {
  // A short word is a token, at least.
  const text = "hello ".repeat(Math.ceil(tokens));
  return bodyOf(options, [user(`${text}\nAnswer with the one word: pong`)]);
}

/** An answer that takes a while. */
export function slowBody(options: BodyOptions): string {
  return bodyOf(options, [user("Count from 1 to 200, one number a line.")]);
}

const INSTRUCTIONS = "You are being tested. Be as brief as you can.";
const CACHE_KEY = "probe";

const ECHO_TOOL: JsonObject = {
  type: "function",
  name: ECHO,
  description: "Says a text again",
  parameters: {
    type: "object",
    properties: { text: { type: "string" } },
    required: ["text"],
    additionalProperties: false,
  },
};

// 32 pixels square: smaller ones are refused by some.
const RED_SQUARE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC";

function bodyOf(
  { model, bounded }: BodyOptions,
  input: readonly WireItem[],
  more: JsonObject = {},
): string {
  return JSON.stringify({
    model,
    instructions: INSTRUCTIONS,
    store: false,
    stream: true,
    prompt_cache_key: CACHE_KEY,
    ...(bounded && { max_output_tokens: LIMITS.probeOutputTokens }),
    ...more,
    input,
  });
}

function user(text: string): WireItem {
  return textMessage("user", text);
}

function assistant(text: string): WireItem {
  return {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text }],
  };
}
