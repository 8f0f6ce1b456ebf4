/** Which network the commands of one thread with the same rights have in common. */
import { errorText, ToolError } from "../../core/protocol/error.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { type LaunchPlan, loopbackOf } from "../backends/backend.ts";
import {
  type Entry,
  type Network,
  type NetworkHost,
  openNetwork,
} from "./network.ts";

/** With the back end all that the rights of a command depend on. */
interface Rights {
  readonly threadId: string | undefined;
  readonly workspace: string;
  readonly policy: SandboxPolicy;
}

interface Shared {
  readonly network: Promise<Network>;
  /** Commands in it that have not ended. */
  users: number;
}

/** A network as long as one command needs it; another one may find it still there. */
export interface Lease {
  readonly entry: Entry;
  end(): void;
}

export class SharedNetworks {
  readonly #host: NetworkHost;
  /** The one that was used last comes last. */
  readonly #shared = new Map<string, Shared>();

  constructor(host: NetworkHost) {
    this.#host = host;
  }

  /**
   * The one that commands of these rights share: what had more would act for what has less.
   * Undefined when the command is to have its own, as when there is none yet and it `mayLive`
   * not, so that nobody can come to it. Throws ToolError.
   */
  async take(
    { backend, plan }: Pick<LaunchPlan, "backend" | "plan">,
    rights: Rights,
    mayLive: boolean,
  ): Promise<Lease | undefined> {
    if (
      rights.threadId === undefined || backend.kind !== "bwrap" ||
      loopbackOf(backend, plan) !== "shared"
    ) return undefined;
    const key = renderKey(rights, backend.name);
    const known = this.#shared.get(key);
    if (known === undefined && !mayLive) return undefined;
    const shared = known ??
      { network: openNetwork(this.#host, backend.features), users: 0 };
    shared.users++;
    this.#shared.delete(key);
    this.#shared.set(key, shared);
    this.#forgetOldest();
    try {
      const { entry } = await shared.network;
      return { entry, end: () => void shared.users-- };
    } catch (error) {
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
      throw new ToolError(
        `Cannot start the command: the loopback it shares with others cannot be made: ${
          errorText(error)
        }`,
      );
    }
  }

  // Of those that nobody is in: a command that comes later finds a new one.
  #forgetOldest(): void {
    if (this.#shared.size <= LIMITS.sharedNetworks) return;
    for (const [key, { users, network }] of this.#shared) {
      if (users > 0) continue;
      this.#shared.delete(key);
      void network.then((idle) => idle.release());
      return;
    }
  }
}

function renderKey(
  { threadId, workspace, policy }: Rights,
  backend: string,
): string {
  const entries = Object.entries(policy).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([threadId, backend, workspace, entries]);
}
