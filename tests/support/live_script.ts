/** Scripted models that start commands that live on, and type to them. */
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  type MockRequest,
  type Part,
  say,
  type Step,
} from "./mock_model.ts";

type ScriptStep = Step | ((request: MockRequest) => Step);

/** One with the tools for such commands; all backends that this machine has. */
export const LIVE = { args: ["-m", "gpt-5.5"] };
/** Output of the newest call. */
export function newest(request: MockRequest): string {
  const output = request.input.findLast((item) =>
    item["type"] === "function_call_output"
  );
  return String(output?.["output"] ?? "");
}

export function textOf(request: MockRequest): string {
  return JSON.stringify(request.input);
}

/** Session that an output names. */
export function sessionOf(request: MockRequest): number {
  for (const item of request.input.toReversed()) {
    const id = /running with session ID (\d+)/.exec(String(item["output"]))
      ?.[1];
    if (id !== undefined) return Number(id);
  }
  throw new Error(`no session: ${textOf(request)}`);
}

export function exec(cmd: string, more: JsonObject = {}): Part {
  return call("exec_command", { cmd, yield_time_ms: 250, ...more });
}

export function type(chars: string, more: JsonObject = {}): ScriptStep {
  return (request) =>
    call("write_stdin", { session_id: sessionOf(request), chars, ...more });
}

export interface Exchange {
  /** Waited for, in what came since the last was typed. */
  readonly shows: RegExp;
  readonly type?: string;
}

/** Plays a model that waits for words, as long as it takes, and types an answer to each. */
export function conversation(
  start: Part,
  exchanges: readonly Exchange[],
): (request: MockRequest) => Step {
  const left = [...exchanges];
  let seen = "";
  let polls = 0;
  return (request) => {
    if (request.index === 0) return start;
    // Without what moves the cursor and colours the text (ECMA-48).
    seen += newest(request).replace(/^[^]*?\nOutput:\n/, "")
      // deno-lint-ignore no-control-regex
      .replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, "");
    const head = newest(request).split("\nOutput:\n")[0] ?? "";
    const isOver = !head.includes("running with session ID");
    const [next] = left;
    if (next === undefined) return say("done");
    const isThere = next.shows.test(seen) || next.shows.test(head);
    if (!isThere && (isOver || polls++ > 6)) {
      return say(`never shown: ${next.shows} in ${JSON.stringify(seen)}`);
    }
    if (!isThere) {
      return call("write_stdin", { session_id: sessionOf(request) });
    }
    left.shift();
    polls = 0;
    seen = "";
    if (next.type === undefined) return say("done");
    return call("write_stdin", {
      session_id: sessionOf(request),
      chars: next.type,
      yield_time_ms: 500,
    });
  };
}
