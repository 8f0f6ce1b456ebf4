/** Facts a compaction must not lose, taken from the items and not from a model. */
import * as z from "zod/mini";
import {
  type CallView,
  contentText,
  viewItem,
  type WireItem,
} from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { typedText, unwrapTag, withoutImages } from "../format/tags.ts";
import { cutMiddle, oneLine } from "../format/text.ts";
import { sentFolder } from "../agents_md_nested.ts";
import { parseJson } from "../../util/json/json.ts";

const HandoverShape = z.lazy(() =>
  z.object({
    /** The user's first and latest request. */
    firstRequest: z.optional(z.string()),
    request: z.optional(z.string()),
    plan: z.array(z.object({
      text: z.string(),
      status: z.enum(["pending", "in_progress", "completed"]),
    })),
    /** In the order of their last change. */
    files: z.array(z.object({
      path: z.string(),
      kind: z.enum(["A", "M", "D"]),
    })),
    commands: z.array(z.object({
      command: z.string(),
      /** Null when it never came to an end of its own. */
      exitCode: z.nullable(z.number()),
    })),
    /** Folders whose own AGENTS.md was sent. */
    docs: z.array(z.string()),
    /** Calls that wait for their output, by call id. */
    open: z.record(
      z.string(),
      z.object({
        isPatch: z.boolean(),
        command: z.string(),
        /** Reads or types into a command that runs on. */
        session: z.optional(z.string()),
      }),
    ),
    /** Commands that run on, by the number of their session. */
    sessions: z.optional(z.record(z.string(), z.string())),
  })
);

/** Plain data, so that the log can carry it. */
export type HandoverState = z.infer<typeof HandoverShape>;

/** The state of a conversation that has not begun. */
export const NO_HANDOVER: HandoverState = Object.freeze({
  plan: [],
  files: [],
  commands: [],
  docs: [],
  open: {},
});

/** The state a log carried; a log that carried none starts from nothing. */
export function parseHandover(value: unknown): HandoverState {
  const parsed = HandoverShape.safeParse(value);
  return parsed.success ? parsed.data : NO_HANDOVER;
}

/** What an output says of a command that goes on. */
export const RUNNING_WORDS = "Process running with session ID";
const STARTED = new RegExp(`^${RUNNING_WORDS} (\\d+)$`, "m");

/** The state after one more item of the conversation. */
export function foldHandover(
  state: HandoverState,
  item: WireItem,
): HandoverState {
  const view = viewItem(item);
  switch (view.type) {
    case "message":
      return view.role === "user" ? foldMessage(state, item) : state;
    case "call":
      return foldCall(state, view);
    case "output":
      return foldOutput(state, view.callId, contentText(item["output"]));
    default:
      return state;
  }
}

function foldMessage(state: HandoverState, item: WireItem): HandoverState {
  if (typedText(item) !== undefined) {
    const request = requestText(item);
    if (request === "") return state;
    const firstRequest = state.firstRequest ?? request;
    return { ...state, firstRequest, request };
  }
  const note = unwrapTag("command_ended", contentText(item["content"]));
  if (note !== undefined) {
    const ended = [...note.matchAll(/^Session (\d+) /gm)]
      .map(([, session = ""]) => session);
    return withSessions(state, {}, ended);
  }
  const folder = sentFolder(item);
  // Those of the initial messages come back by themselves.
  if (folder === undefined || state.request === undefined) return state;
  const docs = state.docs.filter((known) => known !== folder);
  return { ...state, docs: [...docs, folder].slice(-LIMITS.handoverFiles) };
}

/** The text of a request as the state keeps it. */
export function requestText(item: WireItem): string {
  return cutMiddle(withoutImages(item).trim(), LIMITS.handoverRequestBytes);
}

function foldCall(state: HandoverState, call: CallView): HandoverState {
  if (call.name === "update_plan") {
    return { ...state, plan: parsePlan(call.input) ?? state.plan };
  }
  if (call.name === "write_stdin") {
    const session = SessionArguments.safeParse(parseJson(call.input)).data
      ?.session_id;
    if (session === undefined) return state;
    const open = { isPatch: false, command: "", session: String(session) };
    return { ...state, open: { ...state.open, [call.callId]: open } };
  }
  const command = commandOf(call);
  const isPatch = call.name === "apply_patch" ||
    /\bapply_?patch\b/.test(command ?? "");
  if (command === undefined && !isPatch) return state;
  const open = { isPatch, command: isPatch ? "" : command ?? "" };
  return { ...state, open: { ...state.open, [call.callId]: open } };
}

function foldOutput(
  state: HandoverState,
  callId: string,
  output: string,
): HandoverState {
  const { [callId]: call, ...open } = state.open;
  if (call === undefined) return state;
  if (call.isPatch) {
    return { ...state, open, files: foldFiles(state.files, output) };
  }
  if (call.session !== undefined) {
    const ended = exitCodeOf(output) === null ? [] : [call.session];
    return withSessions({ ...state, open }, {}, ended);
  }
  const done = { command: call.command, exitCode: exitCodeOf(output) };
  const commands = [...state.commands, done].slice(-LIMITS.handoverCommands);
  const session = STARTED.exec(headOf(output))?.[1];
  const started = session === undefined ? {} : { [session]: call.command };
  return withSessions({ ...state, open, commands }, started, []);
}

function withSessions(
  state: HandoverState,
  started: NonNullable<HandoverState["sessions"]>,
  ended: readonly string[],
): HandoverState {
  const { sessions = {}, ...rest } = state;
  const running = Object.fromEntries(
    Object.entries({ ...sessions, ...started })
      .filter(([session]) => !ended.includes(session)),
  );
  return Object.keys(running).length === 0
    ? rest
    : { ...rest, sessions: running };
}

// What stands before the text that the command wrote.
function headOf(output: string): string {
  return output.slice(0, 2_000).split("\nOutput:\n")[0] ?? "";
}

const SessionArguments = z.lazy(() => z.object({ session_id: z.number() }));

const PlanArguments = z.lazy(() =>
  z.object({
    plan: z.array(z.object({
      step: z.string(),
      status: z.enum(["pending", "in_progress", "completed"]),
    })),
  })
);

function parsePlan(input: string): HandoverState["plan"] | undefined {
  const parsed = PlanArguments.safeParse(parseJson(input));
  if (!parsed.success) return undefined;
  return parsed.data.plan.slice(0, LIMITS.handoverPlanSteps).map((
    { step, status },
  ) => ({ text: shortLine(step), status }));
}

const CommandArguments = z.lazy(() =>
  z.object({
    command: z.optional(z.union([z.string(), z.array(z.string())])),
    cmd: z.optional(z.string()),
  })
);

// `bash -lc SCRIPT` is remembered as the script.
function commandOf(call: CallView): string | undefined {
  if (call.form === "custom") return undefined;
  const parsed = CommandArguments.safeParse(parseJson(call.input));
  if (!parsed.success) return undefined;
  const command = parsed.data.command ?? parsed.data.cmd;
  if (command === undefined) return undefined;
  if (typeof command === "string") return shortLine(command);
  const [shell = "", flag = "", script] = command;
  const isScript = /(^|\/)(ba|z|da|k)?sh$/.test(shell) && /^-l?c$/.test(flag);
  return shortLine(
    isScript && script !== undefined ? script : command.join(" "),
  );
}

// The ways in which an output tells how its command ended; see the shell tool.
function exitCodeOf(output: string): number | null {
  const head = output.slice(0, 2_000);
  const code =
    /^(?:Exit code:|Process exited with code) (-?\d+)$/m.exec(head)?.[1] ??
      /"exit_code":\s*(-?\d+)/.exec(output.startsWith("{") ? output : "")?.[1];
  return code === undefined ? null : Number(code);
}

function foldFiles(
  files: HandoverState["files"],
  output: string,
): HandoverState["files"] {
  const list =
    /(?:^|\n)Success\. Updated the following files:\n((?:[AMD] .+(?:\n|$))+)/
      .exec(output)?.[1];
  let result = [...files];
  for (const line of list?.trimEnd().split("\n") ?? []) {
    const path = line.slice(2);
    const before = result.find((file) => file.path === path)?.kind;
    result = result.filter((file) => file.path !== path);
    const kind = mergeKinds(before, line[0] as FileKind);
    if (kind !== undefined) result.push({ path, kind });
  }
  return result.slice(-LIMITS.handoverFiles);
}

type FileKind = HandoverState["files"][number]["kind"];

// Against the state at the start: what was added and removed again never was.
function mergeKinds(
  before: FileKind | undefined,
  now: FileKind,
): FileKind | undefined {
  if (before === "A") return now === "D" ? undefined : "A";
  if (before === "D" && now === "A") return "M";
  return now;
}

function shortLine(text: string): string {
  return oneLine(cutMiddle(text, LIMITS.handoverCommandBytes));
}
