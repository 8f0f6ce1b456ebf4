/** What ACP needs of the rest of the program. */
import type { FormAnswer, FormRequest } from "../../protocol/form.ts";
import type { Host } from "../../protocol/host.ts";
import type { RecordedTurn } from "../../protocol/log.ts";
import type { SandboxMode, SandboxPolicy } from "../../protocol/policy.ts";
import type { ModelChoice, TurnSettings } from "../../protocol/settings.ts";
import type { Thread, ThreadSummary } from "../../protocol/thread.ts";
import type { EditorFiles } from "../../protocol/tool.ts";

export type AcpHost = Pick<Host, "files" | "newId" | "now" | "sleep">;

/** A thread that is open in this process. */
export interface AcpThread {
  readonly thread: Thread;
  readonly facts: Pick<ThreadSummary, "cwd" | "path" | "title">;
  /** What has to change for that model. */
  modelPatch(slug: string, effort?: string): Partial<TurnSettings>;
  /** What a mode of the sandbox comes to; what is hidden stays hidden. */
  modePolicy(mode: SandboxMode): SandboxPolicy;
  /** Why managed policy forbids a change; undefined when it does not. */
  refuseSettings(patch: Partial<TurnSettings>): string | undefined;
}

/** A server of MCP that the client hands in. */
export type ClientServer =
  | {
    readonly type: "stdio";
    readonly name: string;
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  }
  | {
    readonly type: "http";
    readonly name: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
  };

/** What a client says for a session, and how it is reached from there. */
export interface SessionSetup {
  readonly cwd: string;
  readonly servers: readonly ClientServer[];
  readonly editor: EditorFiles;
  readonly elicit: (
    form: FormRequest,
    signal: AbortSignal,
  ) => Promise<FormAnswer>;
}

/** Where the provider's key comes from; never the key. */
interface LoginState {
  readonly text: string;
  /** It is there. */
  readonly isReady: boolean;
  /** One that is stored would be used. */
  readonly canStore: boolean;
}

/** Every method may throw UserError and SessionError. */
export interface AcpServices {
  start(setup: SessionSetup): Promise<AcpThread>;
  /** Whether it is recorded. */
  has(sessionId: string): Promise<boolean>;
  resume(sessionId: string, setup: SessionSetup): Promise<AcpThread>;
  /** Newest first; those of one folder when it is given. */
  list(
    cwd: string | undefined,
    limit: number,
  ): Promise<readonly ThreadSummary[]>;
  turns(path: string): Promise<readonly RecordedTurn[]>;
  models(cwd: string): Promise<readonly ModelChoice[]>;
  login(): Promise<LoginState>;
}
