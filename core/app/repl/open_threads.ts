/** What the services of a conversation share: the present runtime and the open threads. */
import { typedText, withoutImages } from "../../context/format/tags.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { viewItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { findSession } from "../../session/library/find.ts";
import type { TerminalOutput } from "../../protocol/terminal.ts";
import type { OpenThread } from "../../session/thread/open.ts";
import { ReplPrompter } from "./prompter.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import type { TelemetryAccess } from "../../telemetry/access.ts";
import { telemetryAccess } from "../transport.ts";
import type {
  OpenedThread,
  PastMessage,
} from "../../frontends/conversation/services.ts";

interface OpenThreadsOptions {
  readonly host: Host;
  readonly commandLine: CommandLine;
  /** Whether a user sits at the terminal. */
  readonly canAsk: boolean;
}

interface OwnOptions extends OpenThreadsOptions {
  readonly telemetry: TelemetryAccess;
}

/** Reads the configuration. Throws UserError. */
export async function openThreads(
  options: OpenThreadsOptions,
): Promise<OpenThreads> {
  const prompter = new ReplPrompter();
  const { host, commandLine } = options;
  const own = { ...options, telemetry: telemetryAccess(host, commandLine) };
  return new OpenThreads(own, await loadRuntime(own, prompter), prompter);
}

export class OpenThreads {
  readonly host: Host;
  readonly commandLine: CommandLine;
  /** Answers what does not come from a thread. */
  readonly prompter: ReplPrompter;
  #options: OwnOptions;
  readonly #threads = new Map<string, OpenThread>();
  /** All that were opened: threads keep the servers of theirs. */
  readonly #runtimes: Runtime[] = [];
  #runtime: Runtime;

  constructor(
    options: OwnOptions,
    runtime: Runtime,
    prompter: ReplPrompter,
  ) {
    this.host = options.host;
    this.prompter = prompter;
    prompter.useRuntime(() => this.#runtime);
    this.commandLine = options.commandLine;
    this.#options = options;
    this.#runtime = runtime;
    this.#runtimes.push(runtime);
  }

  get runtime(): Runtime {
    return this.#runtime;
  }

  /** Reads the configuration again; open threads keep theirs. */
  async reload(): Promise<void> {
    this.#runtime = await loadRuntime(this.#options, this.prompter);
    this.#runtimes.push(this.#runtime);
  }

  /** Trusts the folder as `--trust` does, where the decision cannot be kept. */
  async trustForNow(): Promise<void> {
    const { commandLine } = this.#options;
    const flags = { ...commandLine.flags, trust: true };
    this.#options = {
      ...this.#options,
      commandLine: { ...commandLine, flags },
    };
    await this.reload();
  }

  /** Ends the servers that threads of this conversation have used, and delivers telemetry. */
  async close(
    { stderr }: { readonly stderr: Pick<TerminalOutput, "write"> },
  ): Promise<void> {
    await Promise.all(this.#runtimes.map((runtime) => runtime.mcp?.close()));
    await this.#options.telemetry.close(undefined, stderr);
  }

  /**
   * Looks up the tools of the open threads again; returns the tokens that their next
   * requests send uncached.
   */
  renewTools(): number {
    const threads = [...this.#threads.values()].map(({ thread }) => thread);
    for (const thread of threads) thread.refreshTools();
    return threads.reduce((sum, { state }) => sum + state.usedTokens(), 0);
  }

  /** Keeps a thread until it is closed. */
  opened(open: OpenThread): OpenedThread {
    const { thread } = open;
    this.#threads.set(thread.id, open);
    void thread.closed.then(() => {
      if (this.#threads.get(thread.id) === open) {
        this.#threads.delete(thread.id);
      }
    });
    const past = pastMessages(open);
    const { threadUsage: usage } = thread.state;
    if (past.length === 0 && usage.totalTokens === 0) return { thread, past };
    const contextTokens = thread.state.usedTokens();
    return { thread, past, spent: { usage, contextTokens } };
  }

  /** The thread, while it is open here. */
  live(threadId: string): OpenThread | undefined {
    return this.#threads.get(threadId);
  }

  /** Path of the log of a thread, by id, start of an id, or name. Throws SessionError. */
  async logPath(name: string): Promise<string> {
    const live = this.live(name);
    if (live?.logPath === "") {
      throw new SessionError(
        "Cannot read this conversation: it is not recorded",
      );
    }
    if (live !== undefined) return live.logPath;
    return await findSession(this.host, { codexHome: this.codexHome(), name });
  }

  /** The home of sessions. Throws SessionError when there is none. */
  codexHome(): string {
    const { codexHome } = this.#runtime.loaded;
    if (codexHome !== undefined) return codexHome;
    throw new SessionError(
      "Cannot find sessions: no home folder, set CODEX_HOME",
    );
  }
}

async function loadRuntime(
  { host, commandLine, canAsk, telemetry }: OwnOptions,
  prompter: ReplPrompter,
): Promise<Runtime> {
  return await openRuntime(host, commandLine.flags, {
    canAsk,
    source: "repl",
    telemetryAccess: telemetry,
    ...(canAsk && { person: prompter.answers() }),
  });
}

function pastMessages({ thread }: OpenThread): readonly PastMessage[] {
  const past: PastMessage[] = [];
  for (const { item } of thread.state.transcript.entries.toReversed()) {
    if (past.length === LIMITS.pastMessages) break;
    const view = viewItem(item);
    if (typedText(item) !== undefined) {
      past.push({ role: "user", text: withoutImages(item) });
    } else if (view.type === "message" && view.role === "assistant") {
      past.push({ role: "assistant", text: view.text });
    }
  }
  return past.reverse();
}
