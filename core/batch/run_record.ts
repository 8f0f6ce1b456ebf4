/** The lines of one `exec --json`, gathered as they come: no more is kept than the results hold. No I/O. */
import { EXIT_CODES } from "../contract/exit_code.ts";
import type { ExecError, ExecUsage } from "../contract/event.ts";
import {
  asObject,
  type JsonObject,
  parseJsonObject,
} from "../util/json/json.ts";
import { sumUsage, ZERO_USAGE } from "./usage.ts";

/** What one attempt came to. */
export interface Outcome {
  readonly exitCode: number;
  readonly status: string;
  readonly message: string | null;
  readonly error: Pick<ExecError, "kind" | "message"> | null;
  readonly usage: ExecUsage;
  readonly requests: number;
  readonly rounds: number | null;
}

/** What a line is to the one who counts: a request was answered. */
interface Answered {
  readonly model: string;
  readonly usage: ExecUsage | undefined;
}

/** Takes the lines of one run. Unknown ones are passed over. */
export class RunRecord {
  #model = "";
  #message: { readonly id: unknown; readonly text: string } | undefined;
  #counted = ZERO_USAGE;
  #requests = 0;
  #rounds = 0;
  #end: JsonObject | undefined;

  /** Set when the line tells of an answered request. */
  take(line: string): Answered | undefined {
    const event = parseJsonObject(line);
    switch (event?.["type"]) {
      case "thread.started":
        this.#model = textOf(event["model"]);
        return;
      case "item.completed":
        this.#takeItem(asObject(event["item"]));
        return;
      case "item.withdrawn":
        if (event["item_id"] === this.#message?.id) this.#message = undefined;
        return;
      case "attempt":
        this.#rounds++;
        return;
      case "request.completed":
        return this.#countRequest(event);
      case "turn.completed":
      case "turn.failed":
        this.#end = event;
        return;
    }
  }

  /** After the last line: what it all came to, by the code that the process gave. */
  outcome(exitCode: number): Outcome {
    const error = asObject(this.#end?.["error"]);
    const lost = this.#end === undefined;
    return {
      exitCode: exitCode === 0 && lost ? EXIT_CODES.bug.code : exitCode,
      status: lost ? "lost" : statusOf(exitCode),
      message: this.#message?.text ?? null,
      error: error === undefined ? null : viewError(error),
      usage: usageOf(this.#end?.["thread_usage"]) ?? this.#counted,
      requests: this.#requests,
      rounds: this.#rounds === 0 ? null : this.#rounds,
    };
  }

  #takeItem(item: JsonObject | undefined): void {
    if (item?.["type"] !== "agent_message") return;
    // What is said on the way is the answer only where nothing else is.
    const isComment = item["phase"] === "commentary";
    if (isComment && this.#message !== undefined) return;
    this.#message = { id: item["id"], text: textOf(item["text"]) };
  }

  #countRequest(event: JsonObject): Answered {
    const usage = usageOf(event["usage"]);
    this.#requests++;
    if (usage !== undefined) this.#counted = sumUsage(this.#counted, usage);
    return { model: this.#model, usage };
  }
}

// The id of a request is another one each time.
function viewError(error: JsonObject): Outcome["error"] {
  const id = textOf(error["request_id"]);
  const message = textOf(error["message"]);
  return {
    kind: textOf(error["kind"]),
    message: id === "" ? message : message.replace(`, request id: ${id}`, ""),
  };
}

/** The name of an exit code. */
function statusOf(exitCode: number): string {
  const found = Object.entries(EXIT_CODES)
    .find(([, { code }]) => code === exitCode);
  return found?.[0] ?? "lost";
}

function usageOf(value: unknown): ExecUsage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const count = (key: keyof ExecUsage): number => Number(usage[key] ?? 0) || 0;
  return {
    input_tokens: count("input_tokens"),
    cached_input_tokens: count("cached_input_tokens"),
    cache_write_input_tokens: count("cache_write_input_tokens"),
    output_tokens: count("output_tokens"),
    reasoning_output_tokens: count("reasoning_output_tokens"),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
