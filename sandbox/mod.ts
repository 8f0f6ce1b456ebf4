/** The sandbox: what a session runs its commands in, and what it says about itself. */
import type {
  CommandRequest,
  CommandResult,
  Sandbox,
} from "../core/protocol/command.ts";
import type { SandboxPolicy, SandboxStatus } from "../core/protocol/policy.ts";
import type { Files } from "../core/protocol/host.ts";
import { describePlanLines } from "./describe.ts";
import { describeFailures } from "./probe/candidates.ts";
import { buildStatus } from "./status.ts";
import {
  type InheritedRequest,
  type InheritedResult,
  runCommand,
  runCommandInherited,
} from "./run/run_command.ts";
import { isConfined, type SandboxOptions, Session } from "./run/session.ts";

export type { BackendChoice } from "./probe/candidates.ts";
export { type Diagnosis, runDiagnosis } from "./diagnosis.ts";
export type { InheritedRequest } from "./run/run_command.ts";
export type { SandboxOptions } from "./run/session.ts";

/** A sandbox for one session, with what `policy explain` and `rondo sandbox` need. */
export interface SessionSandbox extends Sandbox {
  /** What the policy would let a command reach, in words. */
  describePlan(policy: SandboxPolicy, cwd: string): Promise<readonly string[]>;
  /** Runs with the terminal's own streams. */
  runInherited(request: InheritedRequest): Promise<InheritedResult>;
}

/** Nothing is tried until the first command, or until its status is asked for. */
export function createSandbox(options: SandboxOptions): SessionSandbox {
  return new ProvedSandbox(options);
}

class ProvedSandbox implements SessionSandbox {
  readonly #session: Session;

  constructor(options: SandboxOptions) {
    this.#session = new Session(options);
  }

  async sandboxStatus(
    policy: SandboxPolicy,
    cwd: string,
  ): Promise<SandboxStatus> {
    if (!isConfined(policy) || this.#session.isOff) {
      const note = policy.mode === "external-sandbox"
        ? "the sandbox around this program is relied on"
        : "commands run without a sandbox";
      return { mode: policy.mode, backend: "none", enforces: [], note };
    }
    const place = { policy, workspace: cwd, cwd };
    const { backend, plan, attempts, proof } = await this.#session.loadTold(
      place,
    );
    const failures = describeFailures(attempts);
    return { ...buildStatus(backend, plan, failures), proof };
  }

  async describePlan(
    policy: SandboxPolicy,
    cwd: string,
  ): Promise<readonly string[]> {
    if (!isConfined(policy) || this.#session.isOff) {
      return ["Back end: none", "Readable and writable: everything"];
    }
    const place = { policy, workspace: cwd, cwd };
    const { backend, plan } = await this.#session.loadWholePlan(place);
    return describePlanLines(backend, plan);
  }

  readable(policy: SandboxPolicy, workspace: string): Files {
    return this.#session.readable(policy, workspace);
  }

  run(request: CommandRequest): Promise<CommandResult> {
    return this.#session.counting(() => runCommand(this.#session, request));
  }

  runInherited(request: InheritedRequest): Promise<InheritedResult> {
    return runCommandInherited(this.#session, request);
  }
}
