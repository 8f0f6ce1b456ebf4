/** The back end for each command of a session: the strongest that was proved, or another that fits it. */
import { SandboxUnavailable } from "../../core/protocol/error.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { SandboxStatus } from "../../core/protocol/policy.ts";
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
import { isSameBackend, ProofMemory } from "./proof_memory.ts";

interface ProvingOptions {
  /** Where the outcome is kept for the next run; absent, every run waits for its own. */
  readonly proofHome?: string | undefined;
  readonly backend?: BackendChoice;
  readonly landlockAbiMax?: number;
}

type Attempts = Promise<readonly BackendAttempt[]>;

/** What a session can say of its sandbox. */
export interface Told {
  readonly attempts: readonly BackendAttempt[];
  readonly proof: NonNullable<SandboxStatus["proof"]>;
}

/** Each is tried once, when it is first asked for. */
export class ProvedBackends {
  readonly #host: ProbeHost;
  readonly #choice: BackendChoice;
  readonly #abiMax: Pick<ProvingOptions, "landlockAbiMax">;
  readonly #memory: ProofMemory | undefined;
  #attempts: Attempts | undefined;
  #isProved = false;
  #remembered: Promise<readonly BackendAttempt[] | undefined> | undefined;
  /** Said to the person and the model, and not proved. */
  #told: readonly BackendAttempt[] | undefined;
  #isRefused = false;
  /** How often it was told without a proof. */
  #asked = 0;
  #rootAttempts: Attempts | undefined;
  #pipeAttempts: Attempts | undefined;

  constructor(
    host: ProbeHost,
    { backend = "auto", landlockAbiMax, proofHome }: ProvingOptions,
  ) {
    this.#host = host;
    this.#choice = backend;
    this.#abiMax = landlockAbiMax === undefined ? {} : { landlockAbiMax };
    const isUsual = backend === "auto" && landlockAbiMax === undefined;
    if (proofHome !== undefined && isUsual && host.os === "linux") {
      this.#memory = new ProofMemory(host, proofHome);
    }
  }

  attempts(): Attempts {
    return this.#attempts ??= this.#prove();
  }

  /** What to say: as an earlier run proved it, while this one has not. */
  async told(): Promise<Told> {
    if (!this.#isProved) {
      this.#remembered ??= this.#memory?.read();
      const remembered = await this.#remembered;
      if (remembered !== undefined && !this.#isProved) {
        this.#told = remembered;
        this.#proveSoon();
        return { attempts: remembered, proof: "earlier_run" };
      }
    }
    const attempts = await this.attempts();
    if (this.#isRefused) this.#told = undefined;
    return { attempts, proof: "this_run" };
  }

  /**
   * The one that commands run under. Throws SandboxUnavailable as long as another one was
   * told, that is until `told()` is asked again.
   */
  async strongest(): Promise<Backend | undefined> {
    const proved = findProved(await this.attempts());
    if (this.#told === undefined || proved === undefined) return proved;
    const told = findProved(this.#told);
    if (isSameBackend(told, proved)) return proved;
    this.#isRefused = true;
    throw new SandboxUnavailable(
      `Cannot run a command: the sandbox is ${
        describeBackend(proved)
      }, must be ${
        describeBackend(told)
      }, as an earlier run proved it and this one said. The command was not run; send the message again, then what is enforced now is said first`,
    );
  }

  async #prove(): Attempts {
    const options = { choice: this.#choice, ...this.#abiMax };
    const remembered = await (this.#remembered ??= this.#memory?.read());
    const attempts = await tryBackends(this.#host, options);
    this.#isProved = true;
    const isKept = remembered !== undefined &&
      isSameBackend(findProved(remembered), findProved(attempts));
    // Before any command: the folder that is made for it is to be hidden from it.
    if (!isKept) await this.#memory?.write(attempts);
    return attempts;
  }

  // What is asked last is the prompt: the request goes out first, and its answer takes longer
  // than the proof.
  #proveSoon(): void {
    const asked = ++this.#asked;
    void this.#host.sleep(LIMITS.proofDelayMs).then(async () => {
      if (asked === this.#asked) await this.attempts();
    }).catch(() => {}); // A command that needs the outcome gets what failed.
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

function describeBackend(backend: Backend | undefined): string {
  if (backend?.kind !== "bwrap") return backend?.name ?? "none";
  const { networkNamespace, sharesNetwork } = backend.features;
  const network = sharesNetwork
    ? "one loopback for all commands"
    : networkNamespace
    ? "a loopback for each command"
    : "no loopback";
  return `${backend.name} with ${network}`;
}
