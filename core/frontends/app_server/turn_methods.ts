/** `turn/*` and `review/start`. */
import type { ReviewTarget } from "../../contract/review.ts";
import { partsText, type UserPart } from "../../protocol/op.ts";
import { renderReviewPrompt } from "../../context/requests.ts";
import type { Call } from "./connection.ts";
import type { GivenInput } from "./words/item_words.ts";
import { parseParams, RPC, RpcError } from "./rpc.ts";
import {
  ReviewParams,
  type ReviewWords,
  TurnInterruptParams,
  TurnStartParams,
  TurnSteerParams,
  type UserInput,
} from "./words/turn_schema.ts";
import { loadPatch } from "./settings.ts";
import type { Method, ThreadRoom } from "./thread_lists.ts";

export const TURN_METHODS: ReadonlyMap<string, Method> = new Map<
  string,
  Method
>([
  ["turn/start", startTurn],
  ["turn/steer", steerTurn],
  ["turn/interrupt", interruptTurn],
  ["review/start", startReview],
]);

async function startTurn(call: Call, { threads }: ThreadRoom): Promise<void> {
  const params = parseParams(TurnStartParams, call.params);
  const thread = threads.need(params.threadId);
  const parts = toUserParts(params.input);
  const patch = await loadPatch(thread.open, params);
  thread.subscribe(call.connection);
  thread.entitle(partsText(parts));
  await thread.turns.start({
    parts,
    patch: {
      ...patch,
      ...(params.outputSchema && { outputSchema: params.outputSchema }),
    },
    given: givenOf(params),
    trace: call.trace,
    answer: (turn) => call.respond({ turn }),
  });
}

function steerTurn(call: Call, { threads }: ThreadRoom): Promise<unknown> {
  const params = parseParams(TurnSteerParams, call.params);
  const { threadId, expectedTurnId: turnId } = params;
  const thread = threads.need(threadId);
  const parts = toUserParts(params.input);
  thread.turns.steer(turnId, { parts, given: givenOf(params) });
  return Promise.resolve({ turnId });
}

function interruptTurn(call: Call, { threads }: ThreadRoom): Promise<void> {
  const { threadId, turnId } = parseParams(TurnInterruptParams, call.params);
  threads.need(threadId).turns.interrupt(turnId);
  return Promise.resolve();
}

// On the thread itself: what it has seen so far helps a reviewer.
async function startReview(call: Call, { threads }: ThreadRoom): Promise<void> {
  const { threadId, target } = parseParams(ReviewParams, call.params);
  const thread = threads.need(threadId);
  thread.turns.checkIdle("review");
  const text = renderReviewPrompt(targetOf(target));
  thread.subscribe(call.connection);
  thread.words.review = reviewText(target);
  thread.entitle(reviewText(target));
  await thread.turns.start({
    parts: [{ type: "text", text }],
    patch: {},
    mode: "review",
    trace: call.trace,
    given: { content: [{ type: "text", text: reviewText(target) }] },
    answer: (turn) => call.respond({ turn, reviewThreadId: threadId }),
  });
}

function givenOf(
  { input, clientUserMessageId }: {
    readonly input: readonly UserInput[];
    readonly clientUserMessageId?: string | null | undefined;
  },
): Omit<GivenInput, "kind"> {
  return {
    content: input,
    ...(clientUserMessageId && { clientId: clientUserMessageId }),
  };
}

function targetOf(words: ReviewWords): ReviewTarget {
  switch (words.type) {
    case "uncommittedChanges":
      return { type: "uncommitted" };
    case "baseBranch":
      return { type: "branch", base: words.branch };
    case "commit":
      return {
        type: "commit",
        commit: words.sha,
        ...(words.title && { title: words.title }),
      };
    case "custom":
      return { type: "custom", instructions: words.instructions };
  }
}

function reviewText(words: ReviewWords): string {
  switch (words.type) {
    case "uncommittedChanges":
      return "current changes";
    case "baseBranch":
      return `changes against '${words.branch}'`;
    case "commit":
      return `commit ${words.sha}`;
    case "custom":
      return words.instructions;
  }
}

/** Throws RpcError for a picture that would have to be fetched, and for no message at all. */
function toUserParts(input: readonly UserInput[]): readonly UserPart[] {
  if (input.length === 0) {
    throw new RpcError(
      RPC.invalidParams,
      'Cannot start a turn: "input" is empty, must hold at least one part',
    );
  }
  return input.map(toPart);
}

function toPart(part: UserInput): UserPart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "localImage":
      return { type: "image", path: part.path };
    case "image":
      if (part.url.startsWith("data:")) {
        return { type: "image_data", url: part.url };
      }
      throw new RpcError(
        RPC.invalidParams,
        "Cannot take the image: its address is no data: URL, must be one, or a localImage with a path",
      );
    case "skill":
      return { type: "text", text: `$${part.name}` };
    case "mention":
      return { type: "text", text: part.path };
  }
}
