/** The back end for each command of a session: the strongest that was proved, or another that fits it. */
import { SandboxUnavailable } from "../../core/protocol/error.ts";
import type { Backend } from "../backends/backend.ts";
import type { SandboxPlan } from "../plan/plan.ts";
import {
  type BackendAttempt,
  type BackendChoice,
  describeFailures,
  findProved,
  tryBackends,
} from "./candidates.ts";
import type { ProbeHost } from "./probe.ts";

interface ProvingOptions {
  readonly backend?: BackendChoice;
  readonly landlockAbiMax?: number;
}

type Attempts = Promise<readonly BackendAttempt[]>;

/** Each is tried once, when it is first asked for. */
export class ProvedBackends {
  readonly #host: ProbeHost;
  readonly #choice: BackendChoice;
  readonly #abiMax: Pick<ProvingOptions, "landlockAbiMax">;
  #attempts: Attempts | undefined;
  #rootAttempts: Attempts | undefined;
  #pipeAttempts: Attempts | undefined;

  constructor(
    host: ProbeHost,
    { backend = "auto", landlockAbiMax }: ProvingOptions,
  ) {
    this.#host = host;
    this.#choice = backend;
    this.#abiMax = landlockAbiMax === undefined ? {} : { landlockAbiMax };
  }

  attempts(): Attempts {
    const options = { choice: this.#choice, ...this.#abiMax };
    return this.#attempts ??= tryBackends(this.#host, options);
  }

  async strongest(): Promise<Backend | undefined> {
    return findProved(await this.attempts());
  }

  /** Another form of bubblewrap where the plan needs what the proved one has not. */
  async fit(
    proved: Backend,
    { isForeign, mode }: Pick<SandboxPlan, "isForeign" | "mode">,
    { meetsOthers = false }: { readonly meetsOthers?: boolean },
  ): Promise<Backend> {
    const isFree = this.#choice === "auto" || this.#choice === "bwrap";
    if (proved.kind !== "bwrap" || !isFree) return proved;
    // Through a named pipe it could tell a command with more rights what to do: a read-only
    // mount does not keep one from being written, Landlock does.
    if (mode === "read-only" && meetsOthers) {
      const options = { choice: "bwrap-landlock", ...this.#abiMax } as const;
      this.#pipeAttempts ??= tryBackends(this.#host, options);
      return findProved(await this.#pipeAttempts) ?? proved;
    }
    // In a user namespace root has one owner's rights alone, and no others' files to write.
    if (!isForeign || !proved.features.userNamespace) return proved;
    const options = { choice: "bwrap", skipsUserNamespace: true } as const;
    this.#rootAttempts ??= tryBackends(this.#host, options);
    return findProved(await this.#rootAttempts) ?? proved;
  }

  /** Why no command can be sandboxed. */
  async unavailable(): Promise<SandboxUnavailable> {
    const why = this.#host.os === "windows"
      ? "there is none for Windows yet"
      : `no back end works on this machine; ${
        describeFailures(await this.attempts())
      }`;
    return new SandboxUnavailable(
      `Cannot sandbox commands: ${why}. Without one only danger-full-access or external-sandbox can run commands`,
    );
  }
}
