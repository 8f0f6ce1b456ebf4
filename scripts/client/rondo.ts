/** A client of `rondo exec`: this one file, without any dependency. */
/*
 * For Deno as it is; for Node 20 or newer `deno task client` writes build/client/rondo.mjs
 * with its types, rondo.d.mts.
 *
 * ```ts
 * await using rondo = openRondo({ onApproval: ({ detail }) => ask(detail) });
 * const { message } = await rondo.ask("Fix the failing test");
 * await rondo.ask("Now the changelog");
 * ```
 *
 * Which function for what:
 *   runRondo()       one prompt to its end, one exit code
 *   openRondo()      messages and answers in turn, in one session
 *   startRondo()     every event and every input by hand
 *   answerApproval() the program behind `approvals: "exec:CMD"`
 *
 * And which other door of rondo instead of this one: `rondo exec` without a client for
 * scripts and pipelines; `rondo app-server` for many threads in one process, their lists and
 * settings, and for clients that speak Codex's protocol; `rondo acp` for an editor;
 * `rondo mcp-server` for an agent that delegates.
 */
import { spawn } from "node:child_process";
import process from "node:process";

// <generated>
/** major.minor of the contract these types were made from. */
export const EVENT_SCHEMA = "1.7";

/** What the program exits with. */
export const EXIT_CODES = {
  "done": 0,
  "failed": 1,
  "usage": 2,
  "config": 3,
  "auth": 4,
  "provider": 5,
  "limit": 6,
  "denied": 7,
  "sandbox": 8,
  "session": 9,
  "check": 10,
  "bug": 70,
  "timeout": 124,
  "sigint": 130,
  "sigterm": 143,
} as const;

export type ExecUsage = {
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_input_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_output_tokens: number;
};

export type ExecError = {
  readonly message: string;
  /** A machine word: auth, rate_limit, limit, interrupted, . */
  readonly kind: string;
  /** HTTP status, when there was one. */
  readonly status: number | null;
  readonly request_id: string | null;
};

export type ExecItem = {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "agent_message";
  readonly text: string;
  /** As the server says; without it a message counts as final. */
  readonly phase?: "commentary" | "final_answer";
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "reasoning";
  readonly text: string;
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "command_execution";
  readonly command: string;
  /** stdout and stderr as one stream; may be cut. */
  readonly aggregated_output: string;
  readonly exit_code: number | null;
  readonly status: "in_progress" | "completed" | "failed" | "declined";
  readonly cwd: string;
  readonly duration_ms?: number;
  /** Back end the command ran under. */
  readonly sandbox?: string;
  /** Why it was declined or failed before running. */
  readonly message?: string;
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "file_change";
  readonly changes: readonly ({
    readonly path: string;
    readonly kind: "add" | "update" | "delete";
    readonly moved_to?: string;
    readonly diff?: string;
  })[];
  readonly status: "in_progress" | "completed" | "failed";
  /** Why it was declined or failed before running. */
  readonly message?: string;
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "mcp_tool_call";
  readonly server: string;
  readonly tool: string;
  readonly arguments: unknown;
  readonly result: {
    readonly content: readonly (unknown)[];
    readonly structured_content: unknown;
  } | null;
  readonly error: {
    readonly message: string;
  } | null;
  readonly status: "in_progress" | "completed" | "failed";
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "web_search";
  readonly query: string;
  readonly action: unknown;
  readonly search_id?: string;
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "image_generation";
  readonly status: string | null;
  readonly revised_prompt: string | null;
  /** The picture in base64; may be cut. */
  readonly result: string | null;
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "server_item";
  /** Its type in the Responses API. */
  readonly name: string;
  /** As the server sent it; may be cut. */
  readonly data: unknown;
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "todo_list";
  readonly items: readonly ({
    readonly text: string;
    readonly completed: boolean;
    readonly status: "pending" | "in_progress" | "completed";
  })[];
} | {
  /** item_N, in order of first appearance in this process. */
  readonly id: string;
  readonly type: "tool_call";
  readonly name: string;
  /** As the model wrote them. */
  readonly arguments: string;
  readonly status: "in_progress" | "completed" | "failed" | "declined";
  readonly message: string;
};

export type ExecEvent = {
  readonly type: "thread.started";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  /** Absent where the policies alone say what may change. */
  readonly mode?: "plan" | "review";
  /** major.minor of this contract. */
  readonly schema: string;
  readonly version: string;
  readonly model: string;
  readonly provider: string;
  readonly cwd: string;
  readonly resumed: boolean;
  /** Of a resumed thread whose last request is on record. */
  readonly resume?: {
    /** The next prompt begins with the last one, byte for byte. */
    readonly exact: boolean;
    /** What drifted; empty when exact. */
    readonly cause: string;
    /** Tokens of the last prompt that will not come from the cache. */
    readonly lost_tokens: number;
  };
  readonly sandbox: {
    readonly mode: string;
    readonly backend: string;
    readonly enforces: readonly (string)[];
    readonly note: string;
    /** Who reaches a server of a command on 127.0.0.1: commands of the thread with the same rights, the command alone, nobody; absent where the network is not closed. */
    readonly loopback?: "shared" | "private" | "none";
    /** Which run proved that the sandbox holds: this one, or an earlier one on the same machine, which this one repeats before the first command; absent without a sandbox. */
    readonly proof?: "this_run" | "earlier_run";
  };
  readonly instruction_files: readonly ({
    readonly path: string;
    readonly bytes: number;
  })[];
} | {
  readonly type: "turn.started";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  /** Absent where the policies alone say what may change. */
  readonly mode?: "plan" | "review";
} | {
  readonly type: "turn.completed";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly usage: ExecUsage;
  readonly thread_usage: ExecUsage;
  /** What the process will exit with. */
  readonly exit_code: number;
  /** Processes ended with their command or turn. */
  readonly reaped: number;
  /** Actions that were not allowed. */
  readonly denied: readonly (string)[];
  /** Of a run with --stage. */
  readonly stage?: {
    /** File with the patch; null when nothing was changed. */
    readonly patch: string | null;
    /** Paths below the top of the tree that was staged. */
    readonly files: readonly ({
      readonly path: string;
      readonly kind: "add" | "update" | "delete";
      /** Its name before. */
      readonly from?: string;
      readonly insertions: number;
      readonly deletions: number;
    })[];
    readonly insertions: number;
    readonly deletions: number;
    /** What has changed and is not in the patch. */
    readonly left_out: readonly (string)[];
  };
  /** Of `exec review`; null when the answer was not a list of findings. */
  readonly review?: {
    readonly findings: readonly ({
      readonly title: string;
      /** Why it is a defect: trigger, place, effect. */
      readonly body: string;
      /** From 0 to 1. */
      readonly confidence_score: number;
      /** 0 stops a release, 3 would be nice; null when not given. */
      readonly priority?: number | null;
      readonly code_location: {
        readonly absolute_file_path: string;
        readonly line_range: {
          readonly start: number;
          readonly end: number;
        };
      };
    })[];
    /** `patch is correct` or `patch is incorrect`. */
    readonly overall_correctness: string;
    readonly overall_explanation: string;
    /** From 0 to 1. */
    readonly overall_confidence_score: number;
  } | null;
  /** Of a run with `--until`. */
  readonly until?: {
    readonly command: string;
    readonly passed: boolean;
    /** How often the command has run. */
    readonly rounds: number;
    readonly rounds_max: number;
    /** Of its last run; null when it has not run. */
    readonly exit_code: number | null;
    /** The end of what it said. */
    readonly output: string;
  };
} | {
  readonly type: "turn.failed";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly error: ExecError;
  readonly usage: ExecUsage;
  readonly thread_usage: ExecUsage;
  /** What the process will exit with. */
  readonly exit_code: number;
  /** Processes ended with their command or turn. */
  readonly reaped: number;
  /** Actions that were not allowed. */
  readonly denied: readonly (string)[];
  /** Of a run with --stage. */
  readonly stage?: {
    /** File with the patch; null when nothing was changed. */
    readonly patch: string | null;
    /** Paths below the top of the tree that was staged. */
    readonly files: readonly ({
      readonly path: string;
      readonly kind: "add" | "update" | "delete";
      /** Its name before. */
      readonly from?: string;
      readonly insertions: number;
      readonly deletions: number;
    })[];
    readonly insertions: number;
    readonly deletions: number;
    /** What has changed and is not in the patch. */
    readonly left_out: readonly (string)[];
  };
  /** Of a run with `--until`. */
  readonly until?: {
    readonly command: string;
    readonly passed: boolean;
    /** How often the command has run. */
    readonly rounds: number;
    readonly rounds_max: number;
    /** Of its last run; null when it has not run. */
    readonly exit_code: number | null;
    /** The end of what it said. */
    readonly output: string;
  };
} | {
  readonly type: "item.started";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly item: ExecItem;
} | {
  readonly type: "item.updated";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly item: ExecItem;
} | {
  readonly type: "item.completed";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly item: ExecItem;
} | {
  readonly type: "item.withdrawn";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly item_id: string;
} | {
  readonly type: "text.delta";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly item_id: string;
  readonly text: string;
} | {
  readonly type: "reasoning.delta";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly item_id: string;
  readonly text: string;
} | {
  readonly type: "output.delta";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly item_id: string;
  readonly text: string;
} | {
  readonly type: "approval.requested";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly approval_id: string;
  readonly kind: "command" | "patch" | "mcp" | "escalation";
  readonly title: string;
  /** The whole command, or the diff. */
  readonly detail: string;
  readonly cwd: string;
  readonly reason: string;
  /** What the sandbox would forbid. */
  readonly forbids: string;
  readonly session_scope: string;
  readonly prefix: readonly (string)[] | null;
  /** Rules that could be saved; sandbox: what it opens, null: without it. */
  readonly rules?: readonly ({
    readonly prefixes: readonly (readonly (string)[])[];
    readonly sandbox: readonly (string)[] | null;
  })[];
  /** Of a patch: each real file that changes. */
  readonly targets?: readonly ({
    readonly path: string;
    readonly named: string | null;
    readonly outside: boolean;
  })[];
  /** No answer by then is a denial; null when denied at once. */
  readonly expires_at: string | null;
} | {
  readonly type: "approval.settled";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly approval_id: string;
  readonly decision:
    | "approve"
    | "approve_for_session"
    | "approve_prefix"
    | "deny"
    | "abort";
  readonly message: string | null;
} | {
  readonly type: "stream.retry";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly attempt: number;
  readonly attempts_max: number;
  readonly delay_ms: number;
  readonly until: string | null;
  readonly reason: string;
  readonly status: number | null;
} | {
  readonly type: "provider.switched";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly from_provider: string;
  readonly from_model: string;
  readonly to_provider: string;
  readonly to_model: string;
  readonly reason: string;
  readonly lost_tokens: number;
} | {
  readonly type: "request.completed";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly usage: ExecUsage | null;
  readonly duration_ms: number;
  readonly request_bytes: number;
  readonly request_id: string | null;
  readonly cache: {
    readonly shared_tokens: number;
    readonly cached_tokens: number;
    readonly cause: string;
    readonly prefix_broken: boolean;
  } | null;
} | {
  readonly type: "context.compacted";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly reason: string;
  readonly tokens_before: number;
  readonly tokens_after: number;
  readonly items_kept: number;
  readonly items_dropped: number;
} | {
  readonly type: "commands.listed";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly commands: readonly ({
    readonly session_id: number;
    readonly command: string;
    readonly cwd: string;
    readonly tty: boolean;
    readonly running_ms: number;
  })[];
} | {
  readonly type: "attempt";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  /** From 1. */
  readonly round: number;
  readonly rounds_max: number;
  /** Of `--until`. */
  readonly command: string;
  /** Whether the run is done with it. */
  readonly passed: boolean;
  /** 124 after a timeout; null when it could not be run. */
  readonly exit_code: number | null;
  readonly timed_out: boolean;
  readonly duration_ms: number;
  /** stdout and stderr as one stream; may be cut. */
  readonly output: string;
  /** File with all of it, where it was too long for the model. */
  readonly output_path: string | null;
  /** Back end the command ran under. */
  readonly sandbox: string;
} | {
  readonly type: "error";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly message: string;
} | {
  readonly type: "warning";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly message: string;
} | {
  readonly type: "input.steered";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly text: string;
} | {
  readonly type: "mode.changed";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly mode: "plan" | "default";
} | {
  readonly type: "settings.changed";
  /** ISO 8601 UTC. */
  readonly ts?: string;
  /** Number of the line, from 0, without gaps. */
  readonly seq?: number;
  readonly thread_id?: string;
  readonly turn_id?: string | null;
  /** Bytes cut from this line to keep its bound. */
  readonly truncated_bytes?: number;
  /** File that holds what was cut. */
  readonly full_text_path?: string;
  readonly model: string;
  readonly reasoning_effort: string | null;
  readonly cwd: string;
  readonly approval_policy: unknown;
  readonly sandbox_mode: string;
};

export type ExecInput = {
  readonly type: "user.input";
  readonly text?: string;
  /** Paths of files. */
  readonly images?: readonly (string)[];
} | {
  readonly type: "steer";
  readonly text?: string;
  /** Paths of files. */
  readonly images?: readonly (string)[];
} | {
  readonly type: "interrupt";
} | {
  readonly type: "commands.list";
} | {
  readonly type: "commands.kill";
  readonly session_id: number;
} | {
  readonly type: "mode.set";
  readonly mode: "plan" | "default";
} | {
  readonly type: "approval.decide";
  readonly approval_id: string;
  readonly decision:
    | "approve"
    | "approve_for_session"
    | "approve_prefix"
    | "deny"
    | "abort";
  /** With deny: the reason the model gets. */
  readonly message?: string;
  /** With approve_prefix: the words to remember; absent: those offered. */
  readonly prefix?: readonly (string)[];
  /** With approve_prefix: what the sandbox opens for them, "network" or an absolute folder; null: without the sandbox; absent: as the first rule offered. */
  readonly sandbox?: readonly (string)[] | null;
} | {
  readonly type: "shutdown";
};
// </generated>

export interface RondoOptions {
  /** The first message; without it the run waits for `send()`. */
  readonly prompt?: string;
  /** Paths of images that go with the prompt. */
  readonly images?: readonly string[];
  /** More messages will follow: the run goes on after a turn, until `end()`. */
  readonly isDialog?: boolean;
  /** Id or name of the session to go on with. */
  readonly resume?: string;
  /**
   * Who answers questions instead of this program: a shell command that gets the question
   * on stdin and prints the answer (see `answerApproval()`), or nobody.
   */
  readonly approvals?: `exec:${string}` | "deny";
  /** Further flags, e.g. `["--sandbox", "workspace-write"]`. */
  readonly args?: readonly string[];
  /** The program; `rondo` on the PATH when absent. */
  readonly program?: string;
  readonly cwd?: string;
  /** The whole environment; that of this process when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the run as SIGTERM does. */
  readonly signal?: AbortSignal;
}

export interface RondoResult {
  /** As `rondo schema exit-codes` lists them; 128+n when a signal n ended the program. */
  readonly exitCode: number;
  /** The last line of the last turn; undefined when there was none. */
  readonly ending: TerminalEvent | undefined;
  /** The newest message of the model; empty when there was none. */
  readonly message: string;
  readonly threadId: string | undefined;
  /** What the program said to people. */
  readonly stderr: string;
}

export type TerminalEvent = Extract<
  ExecEvent,
  { type: "turn.completed" | "turn.failed" }
>;

type Decide = Extract<ExecInput, { type: "approval.decide" }>;

export type Decision = Decide["decision"];

/** A decision with what belongs to it: a reason, or the rule to remember. */
export type ApprovalAnswer = Omit<Decide, "type" | "approval_id">;

export type Question = Extract<ExecEvent, { type: "approval.requested" }>;

/** Sees what happens, and answers what is asked. */
export interface RondoListener {
  readonly onEvent?: (event: ExecEvent) => void;
  /** Without it, and where it throws, the answer is no. Not called with `approvals`. */
  readonly onApproval?: (
    question: Question,
  ) => Answer | Promise<Answer>;
}

type Answer = Decision | ApprovalAnswer;

/** A turn that is over, well or not. */
export interface RondoTurn {
  /** The newest message of the model in it; empty when there was none. */
  readonly message: string;
  readonly ending: TerminalEvent;
}

/** A run. Its events can be read once; those that nobody reads are dropped. */
export interface RondoRun extends AsyncIterable<ExecEvent> {
  /** Never rejects because of what the run did, only when it could not be started. */
  readonly result: Promise<RondoResult>;
  send(input: ExecInput): void;
  /** Starts a turn; while one runs, joins it. */
  say(text: string): void;
  interrupt(): void;
  decide(approvalId: string, decision: Decision, message?: string): void;
  /** No further message: the run ends with its turn. */
  end(): void;
}

/** Starts `rondo exec` in native form: every event has `ts`, `seq`, `thread_id`, `turn_id`. */
export function startRondo(options: RondoOptions): RondoRun {
  return new Run(options);
}

/** Runs one prompt to its end. Rejects when it could not be started, and as `onEvent` throws. */
export async function runRondo(
  options: RondoOptions & RondoListener,
): Promise<RondoResult> {
  const run = startRondo(options);
  try {
    for await (const event of run) {
      hear(run, event, options);
      // With stdin closed no question could be answered: it stays open until the turn ends.
      if (isTerminal(event)) run.end();
    }
  } finally {
    run.end();
  }
  return await run.result;
}

/** Opens a dialog: one session, a turn for each message. */
export function openRondo(
  options: Omit<RondoOptions, "prompt" | "images" | "isDialog"> & RondoListener,
): RondoDialog {
  return new RondoDialog(options);
}

/** A session that goes on until it is closed. */
export class RondoDialog {
  /** For what else there is to say: steer, interrupt, change the mode. */
  readonly run: RondoRun;
  readonly #over: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();
  #turn: {
    readonly resolve: (turn: RondoTurn) => void;
    readonly reject: (error: unknown) => void;
  } | undefined;
  #message = "";
  /** Why nothing can be asked any more. */
  #end: unknown;

  constructor(options: RondoOptions & RondoListener) {
    this.run = startRondo({ ...options, isDialog: true });
    this.#over = this.#listen(options);
  }

  /**
   * Says something and resolves to the turn that it was, also to one that failed; what is
   * asked before it waits. Rejects when the program has ended.
   */
  ask(text: string, images: readonly string[] = []): Promise<RondoTurn> {
    const turn = this.#last.then(() => this.#ask(text, images));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** The turn that runs comes to its end; what is asked later is refused. */
  async close(): Promise<RondoResult> {
    this.run.end();
    await this.#over;
    return await this.run.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #ask(text: string, images: readonly string[]): Promise<RondoTurn> {
    if (this.#end !== undefined) throw this.#end;
    return await new Promise((resolve, reject) => {
      this.#turn = { resolve, reject };
      this.run.send({ type: "user.input", text, images });
    });
  }

  async #listen(listener: RondoListener & RondoOptions): Promise<void> {
    try {
      for await (const event of this.run) this.#take(event, listener);
      const { exitCode, stderr } = await this.run.result;
      this.#end = new Error(
        `Cannot ask: rondo has ended with exit code ${exitCode}. ${stderr}`
          .trim(),
      );
    } catch (error) {
      // It was never started, or the listener threw.
      this.run.end();
      this.#end = error;
    }
    this.#turn?.reject(this.#end);
  }

  #take(event: ExecEvent, listener: RondoListener & RondoOptions): void {
    hear(this.run, event, listener);
    if (event.type === "turn.started") this.#message = "";
    this.#message = messageOf(event) ?? this.#message;
    if (!isTerminal(event)) return;
    this.#turn?.resolve({ message: this.#message, ending: event });
    this.#turn = undefined;
  }
}

/** What the program behind `approvals: "exec:CMD"` does: reads the question, prints the answer. */
export async function answerApproval(
  decide: (question: Question) => Answer | Promise<Answer>,
): Promise<void> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  const answer = toAnswer(await decide(JSON.parse(text) as Question));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function hear(
  run: RondoRun,
  event: ExecEvent,
  listener: RondoListener & Pick<RondoOptions, "approvals">,
): void {
  listener.onEvent?.(event);
  if (event.type !== "approval.requested") return;
  if (listener.approvals === undefined) void sendAnswer(run, event, listener);
}

async function sendAnswer(
  run: RondoRun,
  question: Question,
  { onApproval = () => "deny" }: RondoListener,
): Promise<void> {
  const answer = await Promise.resolve(question).then(onApproval).catch(
    (error): Answer => ({ decision: "deny", message: String(error) }),
  );
  const { approval_id } = question;
  run.send({ type: "approval.decide", approval_id, ...toAnswer(answer) });
}

function toAnswer(answer: Answer): ApprovalAnswer {
  return typeof answer === "string" ? { decision: answer } : answer;
}

function isTerminal(event: ExecEvent): event is TerminalEvent {
  return event.type === "turn.completed" || event.type === "turn.failed";
}

function messageOf(event: ExecEvent): string | undefined {
  return event.type === "item.completed" && event.item.type === "agent_message"
    ? event.item.text
    : undefined;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
};

class Run implements RondoRun {
  readonly result: Promise<RondoResult>;
  readonly #child: ReturnType<typeof spawn>;
  readonly #isDialog: boolean;
  #queue: ExecEvent[] = [];
  #isRead = false;
  #isOver = false;
  #wake: () => void = () => {};
  #ending: TerminalEvent | undefined;
  #threadId: string | undefined;
  #message = "";
  #stderr = "";

  constructor(options: RondoOptions) {
    this.#isDialog = options.isDialog ?? false;
    this.#child = spawn(options.program ?? "rondo", buildArgs(options), {
      cwd: options.cwd,
      env: options.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.result = this.#watch(options.signal);
    this.result.catch(() => {});
    if (options.prompt !== undefined) {
      this.send({
        type: "user.input",
        text: options.prompt,
        ...(options.images !== undefined && { images: [...options.images] }),
      });
    }
  }

  send(input: ExecInput): void {
    const { stdin } = this.#child;
    if (stdin?.writable) stdin.write(`${JSON.stringify(input)}\n`);
  }

  say(text: string): void {
    this.send({ type: "user.input", text });
  }

  interrupt(): void {
    this.send({ type: "interrupt" });
  }

  decide(approvalId: string, decision: Decision, message?: string): void {
    this.send({
      type: "approval.decide",
      approval_id: approvalId,
      decision,
      ...(message !== undefined && { message }),
    });
  }

  end(): void {
    this.#child.stdin?.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ExecEvent> {
    this.#isRead = true;
    for (;;) {
      const event = this.#queue.shift();
      if (event !== undefined) yield event;
      else if (this.#isOver) return;
      else await new Promise<void>((wake) => this.#wake = wake);
    }
  }

  #watch(signal: AbortSignal | undefined): Promise<RondoResult> {
    const child = this.#child;
    const stop = (): void => void child.kill("SIGTERM");
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
    // A program that has ended does not read any more: its exit code says why.
    child.stdin?.on("error", () => {});
    const decoder = new TextDecoder();
    child.stderr?.on("data", (chunk: Uint8Array) => {
      this.#stderr += decoder.decode(chunk, { stream: true });
    });
    const lines = new Lines((line) => this.#take(line));
    child.stdout?.on("data", (chunk: Uint8Array) => lines.add(chunk));
    return new Promise((resolve, reject) => {
      const over = (): void => {
        signal?.removeEventListener("abort", stop);
        this.#isOver = true;
        this.#wake();
      };
      child.on("error", (error) => {
        over();
        reject(error);
      });
      child.on("close", (code, signalName) => {
        over();
        resolve({
          exitCode: code ?? 128 + (SIGNALS[signalName ?? ""] ?? 0),
          ending: this.#ending,
          message: this.#message,
          threadId: this.#threadId,
          stderr: this.#stderr,
        });
      });
    });
  }

  #take(line: string): void {
    const event = JSON.parse(line) as ExecEvent;
    if (event.type === "thread.started") this.#threadId = event.thread_id;
    if (event.type === "turn.started") this.#message = "";
    this.#message = messageOf(event) ?? this.#message;
    if (isTerminal(event)) {
      this.#ending = event;
      // Nobody may be reading the events: the end of a single turn is ours to see.
      if (!this.#isDialog) this.end();
    }
    this.#queue.push(event);
    if (!this.#isRead && this.#queue.length > QUEUE_MAX) this.#queue.shift();
    this.#wake();
  }
}

/** Events kept for a reader that has not come yet. */
const QUEUE_MAX = 10_000;

class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true }))
      .split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") this.#onLine(line);
  }
}

function buildArgs(options: RondoOptions): string[] {
  return [
    "exec",
    ...(options.resume === undefined ? [] : ["resume", options.resume]),
    "--json",
    "--events",
    "native",
    "--input",
    "jsonl",
    ...(options.approvals === undefined
      ? []
      : ["--approvals", options.approvals]),
    ...(options.args ?? []),
  ];
}
