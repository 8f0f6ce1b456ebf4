/** Threads of programs: each has a runtime of its own, for folder, settings and servers are the caller's. */
import type { CommandName, Flags } from "../../contract/command_line.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { EditorFiles } from "../../protocol/tool.ts";
import type { OpenThread, ThreadFactory } from "../../session/thread/open.ts";
import type { McpPerson } from "../mcp_access.ts";
import { threadFactory } from "../open_thread.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import type { TelemetryAccess } from "../../telemetry/access.ts";
import { telemetryAccess } from "../transport.ts";

interface RuntimeWanted {
  readonly flags: Flags;
  readonly canAsk: boolean;
  /** Base instructions, over those of the configuration. */
  readonly instructions?: string;
  readonly person?: McpPerson;
  readonly editor?: EditorFiles | undefined;
}

export class ThreadRuntimes {
  readonly #host: Host;
  readonly #terminal: Pick<Terminal, "stderr">;
  readonly #telemetry: TelemetryAccess;
  readonly #runtimes = new Set<Runtime>();
  readonly #byThread = new Map<string, Runtime>();

  /** `command`: what the program was started as. */
  constructor(
    host: Host,
    command: CommandName,
    terminal: Pick<Terminal, "stderr">,
  ) {
    this.#host = host;
    this.#terminal = terminal;
    this.#telemetry = telemetryAccess(host, { command, flags: {} });
  }

  /** Of an open thread. */
  find(threadId: string): Runtime | undefined {
    return this.#byThread.get(threadId);
  }

  /** Opens a thread; its servers end with it. Throws UserError and SessionError. */
  async open(
    { flags, ...options }: RuntimeWanted,
    begin: (factory: ThreadFactory, runtime: Runtime) => Promise<OpenThread>,
  ): Promise<OpenThread & { readonly runtime: Runtime }> {
    const runtime = await openRuntime(this.#host, flags, {
      ...options,
      source: "mcp",
      telemetryAccess: this.#telemetry,
    });
    this.#runtimes.add(runtime);
    const close = async (): Promise<void> => {
      await runtime.mcp?.close();
      this.#runtimes.delete(runtime);
    };
    try {
      const open = await begin(await threadFactory(runtime), runtime);
      const { id } = open.thread;
      this.#byThread.set(id, runtime);
      void open.thread.closed.then(() => {
        if (this.#byThread.get(id) === runtime) this.#byThread.delete(id);
        return close();
      });
      return { ...open, runtime };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Ends the servers that are left, and delivers telemetry that is. */
  async close(): Promise<void> {
    await Promise.all([...this.#runtimes].map((one) => one.mcp?.close()));
    await this.#telemetry.close(undefined, this.#terminal.stderr);
  }
}
