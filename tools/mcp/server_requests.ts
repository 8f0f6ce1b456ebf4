/** Requests of servers during a call: put to the user, counted, answered or declined. */
import { errorText } from "../../core/protocol/error.ts";
import type { FormAnswer } from "../../core/protocol/form.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import { Mutex } from "../../core/util/async.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  type ElicitHook,
  type McpElicitation,
  McpRefusal,
  type ServerRequests,
} from "./client/types.ts";
import { answerElicitation, mayAsk } from "./question.ts";
import {
  buildSamplingQuestion,
  buildSamplingResult,
  parseSampling,
  type SamplingAnswer,
  type SamplingHook,
  type SamplingRequest,
} from "./sampling.ts";

/** "User rejected sampling request" (MCP 2025-11-25, client/sampling). */
const REJECTED = -1;
const INTERNAL_ERROR = -32_603;

interface Asking {
  readonly server: string;
  readonly context: ToolContext;
  readonly signal: AbortSignal;
}

interface PersonalAnswersOptions {
  readonly elicit?: ElicitHook;
  readonly sampling?: SamplingHook;
}

/** One for all servers of a run. */
export class PersonalAnswers implements ServerRequests {
  readonly #options: PersonalAnswersOptions;
  /** What was allowed until its thread ends: thread and server. */
  readonly #allowed = new Set<string>();
  /** Where it was said that a server may not ask the model: thread and server. */
  readonly #warned = new Set<string>();
  /** Questions are put one after the other: an answer may settle the next. */
  readonly #questions = new Mutex();
  /** Requests to the model of each turn; all calls of a turn share its signal. */
  readonly #rounds = new WeakMap<AbortSignal, number>();

  constructor(options: PersonalAnswersOptions) {
    this.#options = options;
  }

  async elicit(
    request: McpElicitation,
    context: ToolContext | undefined,
    signal: AbortSignal,
  ): Promise<FormAnswer> {
    // Outside a call nobody expects a question.
    if (context === undefined) return { action: "decline" };
    const { elicit: hook } = this.#options;
    return await answerElicitation(request, context, {
      ...(hook !== undefined && { hook }),
      signal,
    });
  }

  async sample(
    { server, params }: {
      readonly server: string;
      readonly params: JsonObject;
    },
    context: ToolContext | undefined,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const { sampling } = this.#options;
    if (context === undefined) throw rejected("no call of a tool is under way");
    if (sampling === undefined || !mayAsk(context.settings)) {
      this.#warnDeclined(server, context);
      throw rejected("nobody can be asked");
    }
    const request = parseSampling(params);
    this.#countRound(context);
    const asking = { server, context, signal };
    await this.#questions.run(() => this.#admit(asking, sampling, request));
    // While it waited others may have spent what was left.
    refuseSpent(context);
    const answer = await send(asking, sampling, request);
    if (answer.text.trim() === "") {
      throw new McpRefusal(INTERNAL_ERROR, "The model's answer was empty");
    }
    return buildSamplingResult(answer);
  }

  // People who are asked too often approve anything.
  #countRound(context: ToolContext): void {
    refuseSpent(context);
    const { signal } = context;
    const rounds = (this.#rounds.get(signal) ?? 0) + 1;
    if (rounds > LIMITS.mcpSamplesPerTurn) {
      throw new McpRefusal(
        INTERNAL_ERROR,
        `Cannot ask the model again: servers may send at most ${LIMITS.mcpSamplesPerTurn} requests a turn`,
      );
    }
    this.#rounds.set(signal, rounds);
  }

  async #admit(
    { server, context, signal }: Asking,
    sampling: SamplingHook,
    request: SamplingRequest,
  ): Promise<void> {
    const key = JSON.stringify([context.threadId, server]);
    signal.throwIfAborted();
    if (this.#allowed.has(key)) return;
    const { cwd } = context.settings;
    const question = buildSamplingQuestion(server, request, cwd);
    const decision = await sampling.ask(question, signal);
    switch (decision.type) {
      case "approve":
      case "approve_prefix":
        return;
      case "approve_for_session":
        this.#allowed.add(key);
        return;
      default:
        throw rejected();
    }
  }

  #warnDeclined(server: string, { threadId, warn }: ToolContext): void {
    const key = JSON.stringify([threadId, server]);
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    warn(
      `The MCP server ${server} wanted to ask the model; nobody can approve that here`,
    );
  }
}

function refuseSpent({ spending }: ToolContext): void {
  const refusal = spending.refusal();
  if (refusal !== undefined) throw new McpRefusal(INTERNAL_ERROR, refusal);
}

async function send(
  { server, context, signal }: Asking,
  sampling: SamplingHook,
  request: SamplingRequest,
): Promise<SamplingAnswer> {
  try {
    const answer = await sampling.send(request, context, signal);
    context.spending.count(answer.usage);
    const { usage } = answer;
    const cost = usage === null
      ? "an unknown number of tokens"
      : `${usage.inputTokens} tokens in, ${usage.outputTokens} out`;
    sampling.tell(`The model answered the MCP server ${server}: ${cost}`);
    return answer;
  } catch (error) {
    context.spending.count(null);
    signal.throwIfAborted();
    const text = errorText(error);
    sampling.tell(`The model did not answer the MCP server ${server}: ${text}`);
    throw new McpRefusal(INTERNAL_ERROR, text);
  }
}

function rejected(why = ""): McpRefusal {
  const text = "User rejected sampling request";
  return new McpRefusal(REJECTED, why === "" ? text : `${text}: ${why}`);
}
