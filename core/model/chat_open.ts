/** One request for chat completions, sent without what the server refuses by name. */
import { ModelError } from "../protocol/error.ts";
import {
  type ModelRequest,
  type OpenResponse,
  openResponse,
  type TransportOptions,
} from "./transport.ts";
import { ChatAnswer } from "./chat_answer.ts";
import { buildChatBody } from "./chat/body.ts";

/**
 * `POST {base}/chat/completions`. Fields that are refused by name are added to `refused`
 * and sent no more. Throws as `openResponse()` does.
 */
export async function openChat(
  options: TransportOptions,
  request: ModelRequest,
  refused: Set<string>,
): Promise<OpenResponse & { readonly wire: ChatAnswer }> {
  for (;;) {
    const chat = buildChatBody(request.body, refused);
    try {
      const open = await openResponse(options, {
        ...request,
        body: chat.text,
        path: "/chat/completions",
        accept: "text/event-stream",
      });
      return { ...open, wire: new ChatAnswer(chat.customTools) };
    } catch (error) {
      const named = namedIn(error, chat.optional);
      if (named.length === 0 || !(error instanceof ModelError)) throw error;
      named.forEach((field) => refused.add(field));
      request.onRetry?.({
        attempt: 1,
        attemptsMax: 1,
        delayMs: 0,
        reason: `without ${named.join(", ")}: ${error.message}`,
        ...(error.status !== undefined && { status: error.status }),
      });
    }
  }
}

function namedIn(error: unknown, fields: readonly string[]): string[] {
  const isRefusal = error instanceof ModelError &&
    (error.status === 400 || error.status === 422);
  return isRefusal
    ? fields.filter((field) => new RegExp(`\\b${field}\\b`).test(error.message))
    : [];
}
