/** Runs the calls of a response as they arrive; each gets exactly one output. */
import {
  errorCode,
  errorText,
  SandboxUnavailable,
  SessionError,
  ToolError,
} from "../../protocol/error.ts";
import type { CallView } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type {
  Spending,
  Tool,
  ToolContext,
  ToolOutput,
} from "../../protocol/tool.ts";
import { endWait } from "../../util/async.ts";
import { renderUsed } from "../state/budget.ts";
import { cutMiddle, oneLine } from "../../context/format/text.ts";
import { CallLock } from "./call_lock.ts";
import type { TurnContext } from "./context.ts";
import type { StepPrint } from "./loop_guard.ts";
import { fitParts } from "./pictures.ts";

interface RunningCall {
  readonly call: CallView;
  readonly startedMs: number;
  readonly output: Promise<ToolOutput>;
}

interface SettledCall extends Pick<ToolOutput, "content"> {
  readonly call: CallView;
  readonly isFailed: boolean;
}

/** The calls of one response. `start` while it streams, `settle` when it has ended. */
export class Dispatch {
  readonly #tools: readonly Tool[];
  readonly #turn: TurnContext;
  readonly #lock = new CallLock();
  #running: RunningCall[] = [];
  readonly #settled: SettledCall[] = [];

  constructor(tools: readonly Tool[], turn: TurnContext) {
    this.#tools = tools;
    this.#turn = turn;
  }

  get count(): number {
    return this.#running.length;
  }

  /** What the calls did, for whoever compares steps. */
  print(): StepPrint {
    const settled = this.#settled;
    const tries = settled.map(({ call, isFailed, content }) => [
      call.name,
      call.input.trim(),
      // Errors tell of times and temporary names: failing is all that counts.
      isFailed || untimed(content),
    ]);
    const [first] = settled;
    const more = settled.length > 1 ? ` and ${settled.length - 1} more` : "";
    return {
      text: JSON.stringify(tries),
      isFailed: settled.some(({ isFailed }) => isFailed),
      what: first === undefined ? "" : `${nameOf(first.call)}${more}`,
    };
  }

  /** Starts a committed call. Never throws: what goes wrong is in the output. */
  start(call: CallView): void {
    const tool = this.#tools.find((one) => one.name === toolName(call));
    const task = (): Promise<ToolOutput> => this.#run(call, tool);
    const output = this.#lock.run(tool?.parallel ?? true, task);
    // A call that fails with a bug is awaited in settle(); until then its rejection
    // must not count as unhandled.
    output.catch(() => {});
    const startedMs = this.#turn.deps.host.monotonicMs();
    this.#running.push({ call, startedMs, output });
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
      const { content, success } = await this.#outputOf(one).catch((error) => ({
        content: this.#textOf(error, one, broken),
        success: false,
      }));
      this.#settled.push({ call: one.call, content, isFailed: !success });
      this.#turn.state.transcript.settle(one.call.callId, content);
    }
    if (broken.length > 0) throw broken[0];
  }

  // A tool that does not heed the signal (a server that hangs) is not waited for.
  async #outputOf(one: RunningCall): Promise<ToolOutput> {
    const { signal, deps } = this.#turn;
    const ended = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<ToolOutput>();
    const giveUp = (): void => {
      deps.host.sleep(LIMITS.killGraceMs + LIMITS.abortSlackMs, ended.signal)
        .then(() => reject(signal.reason), () => {});
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    one.output.then(resolve, reject);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
      endWait(ended);
    }
  }

  #textOf(error: unknown, one: RunningCall, broken: unknown[]): string {
    const { signal, deps } = this.#turn;
    if (signal.aborted) {
      const seconds = (deps.host.monotonicMs() - one.startedMs) / 1000;
      return `aborted by user after ${seconds.toFixed(1)}s`;
    }
    broken.push(error);
    return errorText(error);
  }

  async #run(call: CallView, tool: Tool | undefined): Promise<ToolOutput> {
    const { signal, log, hooks, record, settings } = this.#turn;
    signal.throwIfAborted();
    if (tool === undefined) {
      return this.#failed(call, unknownToolText(call, this.#tools));
    }
    const refusal = await hooks.beforeCall(call);
    if (refusal !== undefined) return this.#failed(call, refusal);
    log.append({ type: "call_started", callId: call.callId, name: call.name });
    const recorded = log.startSync();
    // It is waited for below, and until then not unhandled.
    recorded.catch(() => {});
    const paths = tool.touches(call, settings.cwd);
    record.touch(paths.slice(0, LIMITS.touchedPaths));
    try {
      if (!tool.awaitsRecord) await recorded;
      const output = await tool.run(call, this.#context(call, recorded));
      await recorded;
      return await this.#fitting(await hooks.afterCall(call, output));
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof ToolError) return this.#failed(call, error.message);
      if (error instanceof SandboxUnavailable) throw error;
      if (error instanceof SessionError) throw error;
      // What the machine refuses the model may work around.
      if (errorCode(error) !== undefined) {
        const text = `Cannot run ${call.name}: ${errorText(error)}`;
        return this.#failed(call, text);
      }
      throw new Error(`Tool ${call.name} broke: ${errorText(error)}`, {
        cause: error,
      });
    }
  }

  async #fitting(output: ToolOutput): Promise<ToolOutput> {
    const { content } = output;
    if (typeof content === "string") return output;
    return { ...output, content: await fitParts(content, this.#turn) };
  }

  // Every failed call is visible to the user, not only to the model.
  #failed(call: CallView, text: string): ToolOutput {
    this.#turn.activities.show({
      type: "tool_call",
      name: call.name,
      arguments: call.input,
      status: "failed",
      message: text,
    });
    return { content: text, success: false };
  }

  #context(call: CallView, recorded: Promise<void>): ToolContext {
    const { activities, approvals, emit, hooks, record } = this.#turn;
    const { threadId, settings, signal, deps } = this.#turn;
    return {
      threadId,
      settings,
      provider: deps.endpoint.id,
      signal,
      recorded,
      ask: async (request) =>
        await hooks.askHooks(call, request) ??
          await approvals.ask(request, signal),
      open: (body) => activities.open(body),
      update: (id, body) => activities.update(id, body),
      complete: (id, body) => activities.complete(id, body),
      delta: (activityId, text) =>
        emit({ type: "output.delta", activityId, text }),
      warn: (message) => emit({ type: "warning", message }),
      beforeChange: (paths) => record.beforeChange(paths, settings),
      beforeProgram: (program) =>
        record.beforeProgram(program, { cwd: settings.cwd, signal }),
      reaped: (count) => {
        record.reaped += count;
      },
      spending: spendingOf(this.#turn),
    };
  }
}

// Requests of tools count like those of the thread, but are not part of its history.
function spendingOf({ budget, state, deps, record }: TurnContext): Spending {
  return {
    refusal: () => {
      const limit = budget.exhausted(deps.host.monotonicMs());
      return limit === undefined ? undefined : renderUsed(limit);
    },
    count: (usage) => {
      budget.countRequest(usage);
      if (usage === null) return;
      state.spend(usage);
      record.countUsage(usage);
    },
  };
}

// An output without its number and how long it took, which are never twice the same.
function untimed(content: ToolOutput["content"]): ToolOutput["content"] {
  return typeof content === "string"
    ? content.replace(/^(Wall time|Chunk ID): .*$/gm, "")
    : content;
}

function nameOf({ name, input }: CallView): string {
  const start = oneLine(cutMiddle(input, LIMITS.loopCallBytes));
  return `${name} ${start}`.trim();
}

// `local_shell` is the hosted form of the shell tool and shares its code.
function toolName(call: CallView): string {
  return call.form === "local_shell" ? "shell" : call.name;
}

function unknownToolText(call: CallView, tools: readonly Tool[]): string {
  const names = tools.filter(({ isOffered = true }) => isOffered)
    .map((tool) => tool.name).join(", ");
  return `Cannot call ${call.name}: no such tool, must be one of ${names}`;
}
