/** Runs the calls of a response as they arrive; each gets exactly one output. */
import type { EventBody } from "../../protocol/event.ts";
import {
  errorText,
  SandboxUnavailable,
  ToolError,
} from "../../protocol/error.ts";
import type { CallView } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type {
  Spending,
  Tool,
  ToolContext,
  ToolOutput,
} from "../../protocol/tool.ts";
import type { Activities } from "../state/activities.ts";
import type { Approvals } from "../state/approvals.ts";
import { CallLock } from "./call_lock.ts";
import type { Transcript } from "../state/transcript.ts";
import type { CallHooks } from "./turn_hooks.ts";

interface DispatchDeps {
  readonly threadId: string;
  readonly tools: readonly Tool[];
  readonly settings: TurnSettings;
  readonly transcript: Transcript;
  readonly log: ThreadLog;
  readonly activities: Activities;
  readonly approvals: Approvals;
  readonly signal: AbortSignal;
  readonly emit: (event: EventBody) => void;
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly countReaped: (count: number) => void;
  /** Awaited before a call changes these files. */
  readonly beforeChange: (paths: readonly string[]) => Promise<void>;
  readonly hooks: CallHooks;
  /** Told of every path a call works on. */
  readonly touch: (paths: readonly string[]) => void;
  /** Of requests that tools send on their own. */
  readonly spending: Spending;
}

interface RunningCall {
  readonly call: CallView;
  readonly startedMs: number;
  readonly output: Promise<ToolOutput>;
}

/** The calls of one response. `start` while it streams, `settle` when it has ended. */
export class Dispatch {
  readonly #deps: DispatchDeps;
  readonly #gate = new CallLock();
  #running: RunningCall[] = [];

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  get count(): number {
    return this.#running.length;
  }

  /** Starts a committed call. Never throws: what goes wrong is in the output. */
  start(call: CallView): void {
    const tool = this.#deps.tools.find((one) => one.name === toolName(call));
    const task = (): Promise<ToolOutput> => this.#run(call, tool);
    const output = this.#gate.run(tool?.parallel ?? true, task);
    // A call that fails with a bug is awaited in settle(); until then it is no
    // unhandled rejection.
    output.catch(() => {});
    this.#running.push({
      call,
      startedMs: this.#deps.monotonicMs(),
      output,
    });
  }

  /**
   * Appends the outputs in call order, one for each call whatever happened to it.
   * Throws afterwards what broke a tool: no sandbox, or a bug of ours.
   */
  async settle(): Promise<void> {
    const running = this.#running;
    this.#running = [];
    const broken: unknown[] = [];
    for (const one of running) {
      const content = await this.#outputOf(one).then(
        (output) => output.content,
        (error) => this.#textOf(error, one, broken),
      );
      this.#deps.transcript.settle(one.call.callId, content);
    }
    if (broken.length > 0) throw broken[0];
  }

  // A tool that does not heed the signal (a server that hangs) is not waited for.
  async #outputOf(one: RunningCall): Promise<ToolOutput> {
    const { signal, sleep } = this.#deps;
    const ended = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<ToolOutput>();
    const giveUp = (): void => {
      sleep(LIMITS.killGraceMs + LIMITS.abortSlackMs, ended.signal)
        .then(() => reject(signal.reason), () => {});
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    one.output.then(resolve, reject);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
      ended.abort();
    }
  }

  #textOf(error: unknown, one: RunningCall, broken: unknown[]): string {
    if (this.#deps.signal.aborted) {
      const seconds = (this.#deps.monotonicMs() - one.startedMs) / 1000;
      return `aborted by user after ${seconds.toFixed(1)}s`;
    }
    broken.push(error);
    return errorText(error);
  }

  async #run(call: CallView, tool: Tool | undefined): Promise<ToolOutput> {
    const { signal, log, hooks } = this.#deps;
    signal.throwIfAborted();
    if (tool === undefined) {
      return this.#failed(call, unknownToolText(call, this.#deps.tools));
    }
    const refusal = await hooks.beforeCall(call);
    if (refusal !== undefined) return this.#failed(call, refusal);
    log.append({ type: "call_started", callId: call.callId, name: call.name });
    log.sync();
    const context = this.#context(call);
    const paths = tool.touches(call, this.#deps.settings.cwd);
    this.#deps.touch(paths.slice(0, LIMITS.touchedPaths));
    try {
      return await hooks.afterCall(call, await tool.run(call, context));
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof ToolError) return this.#failed(call, error.message);
      if (error instanceof SandboxUnavailable) throw error;
      throw new Error(`Tool ${call.name} broke: ${errorText(error)}`, {
        cause: error,
      });
    }
  }

  // Every failed call is visible to the person, not only to the model.
  #failed(call: CallView, text: string): ToolOutput {
    this.#deps.activities.show({
      type: "tool_call",
      name: call.name,
      arguments: call.input,
      status: "failed",
      message: text,
    });
    return { content: text, success: false };
  }

  #context(call: CallView): ToolContext {
    const { activities, approvals, signal, emit, settings, threadId } =
      this.#deps;
    return {
      threadId,
      callId: call.callId,
      settings,
      signal,
      ask: async (request) =>
        await this.#deps.hooks.askHooks(call, request) ??
          await approvals.ask(request, signal),
      open: (body) => activities.open(body),
      update: (id, body) => activities.update(id, body),
      complete: (id, body) => activities.complete(id, body),
      delta: (activityId, text) =>
        emit({ type: "output.delta", activityId, text }),
      warn: (message) => emit({ type: "warning", message }),
      beforeChange: this.#deps.beforeChange,
      reaped: this.#deps.countReaped,
      spending: this.#deps.spending,
    };
  }
}

// `local_shell` is the hosted form of the shell tool and shares its code.
function toolName(call: CallView): string {
  return call.form === "local_shell" ? "shell" : call.name;
}

function unknownToolText(call: CallView, tools: readonly Tool[]): string {
  const names = tools.map((tool) => tool.name).join(", ");
  return `Cannot call ${call.name}: no such tool, must be one of ${names}`;
}
