/** What the app server needs of the rest of the program. */
import type { Usage } from "../../protocol/event.ts";
import type { FormAnswer, FormRequest } from "../../protocol/form.ts";
import type { RecordedTurn } from "../../protocol/log.ts";
import type { SandboxMode, SandboxPolicy } from "../../protocol/policy.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Thread } from "../../protocol/thread.ts";
import type { ThreadFacts } from "./words/thread_view.ts";
import type { ThreadListParams, ThreadSetup } from "./words/schema.ts";

/** A thread that is open in this process. */
export interface ClientThread {
  readonly thread: Thread;
  readonly facts: ThreadFacts;
  /** Of its turns up to now. */
  readonly usage: Usage;
  /** Names it in its log. Throws SessionError. */
  rename(name: string): void;
  /** What has to change for that model. */
  modelPatch(slug: string, effort?: string): Partial<TurnSettings>;
  /** What a mode of the sandbox comes to; what is hidden stays hidden. */
  modePolicy(mode: SandboxMode): SandboxPolicy;
  /** What a permission profile comes to. Throws UserError. */
  profilePolicy(name: string): SandboxPolicy;
  /** Why managed policy forbids a change; undefined when it does not. */
  refuseSettings(patch: Partial<TurnSettings>): string | undefined;
  /** The folder with all links resolved. Throws UserError. */
  folder(path: string): Promise<string>;
}

/** Who is asked what servers of a thread want to know. */
export type Elicit = (
  form: FormRequest,
  signal: AbortSignal,
) => Promise<FormAnswer>;

/** Threads; every method may throw UserError and SessionError. */
export interface ThreadServices {
  start(setup: ThreadSetup, elicit: Elicit): Promise<ClientThread>;
  /** By id, start of an id, name, or path of its log. */
  resume(
    named: string,
    setup: ThreadSetup,
    elicit: Elicit,
  ): Promise<ClientThread>;
  /** Up to its nth message of the person (from 1), which is left out. */
  fork(
    named: string,
    setup: ThreadSetup,
    how: { readonly elicit: Elicit; readonly atUserMessage?: number },
  ): Promise<ClientThread>;
  /** Newest first. */
  list(
    params: ThreadListParams,
    limit: number,
  ): Promise<readonly ThreadFacts[]>;
  find(named: string): Promise<ThreadFacts>;
  turns(path: string): Promise<readonly RecordedTurn[]>;
  rename(named: string, name: string): Promise<void>;
  archive(named: string): Promise<void>;
  unarchive(named: string): Promise<ThreadFacts>;
  remove(named: string): Promise<void>;
}

export interface AppServerServices {
  readonly threads: ThreadServices;
  /** Absolute; empty where there is no home. */
  readonly codexHome: string;
  /** Other methods by name: what they answer. */
  readonly others: OtherMethods;
}

/** A client's own wishes and where to tell it something. */
export interface MethodContext {
  readonly notify: (method: string, params: unknown) => void;
  /** Aborted when the client has left. */
  readonly gone: AbortSignal;
  /** Tells two clients apart. */
  readonly client: object;
  /** Tells all clients. */
  readonly notifyAll: (method: string, params: unknown) => void;
}

export type OtherMethods = ReadonlyMap<
  string,
  (params: unknown, context: MethodContext) => Promise<unknown>
>;
