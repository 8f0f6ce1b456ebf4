/** What the conversation's services share: the world as it is now, and the open threads. */
import { typedText, withoutImages } from "../../context/format/tags.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { viewItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { findSession } from "../../session/library/find.ts";
import type { OpenThread } from "../../session/thread/open.ts";
import { ReplPerson } from "./person.ts";
import { openWorld, type World } from "../runtime.ts";
import type {
  OpenedThread,
  PastMessage,
} from "../../frontends/conversation/services.ts";

interface ReplDeskOptions {
  readonly host: Host;
  readonly commandLine: CommandLine;
  /** Whether somebody sits at the terminal. */
  readonly canAsk: boolean;
}

/** Reads the configuration. Throws UserError. */
export async function openReplDesk(
  options: ReplDeskOptions,
): Promise<ReplDesk> {
  const person = new ReplPerson();
  return new ReplDesk(options, await loadWorld(options, person), person);
}

export class ReplDesk {
  readonly host: Host;
  readonly commandLine: CommandLine;
  /** Who is asked what no thread asks. */
  readonly person: ReplPerson;
  readonly #options: ReplDeskOptions;
  readonly #threads = new Map<string, OpenThread>();
  /** All that were opened: threads keep the servers of theirs. */
  readonly #worlds: World[] = [];
  #world: World;

  constructor(options: ReplDeskOptions, world: World, person: ReplPerson) {
    this.host = options.host;
    this.person = person;
    person.useWorld(() => this.#world);
    this.commandLine = options.commandLine;
    this.#options = options;
    this.#world = world;
    this.#worlds.push(world);
  }

  get world(): World {
    return this.#world;
  }

  /** Reads the configuration anew; threads that are open keep theirs. */
  async reload(): Promise<void> {
    this.#world = await loadWorld(this.#options, this.person);
    this.#worlds.push(this.#world);
  }

  /** Ends the servers that threads of this conversation have used. */
  async close(): Promise<void> {
    await Promise.all(this.#worlds.map((world) => world.mcp?.close()));
  }

  /**
   * The tools of the open threads are asked for anew; resolves to the tokens that their
   * next requests send again.
   */
  renewTools(): number {
    const threads = [...this.#threads.values()].map(({ thread }) => thread);
    for (const thread of threads) thread.refreshTools();
    return threads.reduce((sum, { state }) => sum + state.usedTokens(), 0);
  }

  /** Takes note of a thread until it is closed. */
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
        "Cannot read this conversation back: it is not recorded",
      );
    }
    if (live !== undefined) return live.logPath;
    return await findSession(this.host, { codexHome: this.codexHome(), name });
  }

  /** The home of sessions. Throws SessionError when there is none. */
  codexHome(): string {
    const { codexHome } = this.#world.loaded;
    if (codexHome !== undefined) return codexHome;
    throw new SessionError("Cannot find sessions: there is no home folder");
  }
}

async function loadWorld(
  { host, commandLine, canAsk }: ReplDeskOptions,
  person: ReplPerson,
): Promise<World> {
  return await openWorld(host, commandLine.flags, {
    canAsk,
    source: "repl",
    ...(canAsk && { person: person.answers() }),
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
