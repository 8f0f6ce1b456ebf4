/** The hand-over as the model reads it: facts beside the summary, within a budget. */
import { byteLength } from "../../util/text/text.ts";
import { wrapTag } from "../format/tags.ts";
import { cutMiddle, oneLine } from "../format/text.ts";
import type { HandoverState } from "./handover.ts";

export interface HandoverOptions {
  readonly tokensMax: number;
  /** Its own AGENTS.md comes back with the initial messages. */
  readonly cwd: string;
  /** The latest and the first request stand in the new history themselves. */
  readonly requestKept: boolean;
  readonly firstRequestKept: boolean;
}

const INTRO =
  "The program kept these facts across the compaction; they are exact, whatever the summary says.";

// Headings, tags and the marks of what was cut.
const FRAME_BYTES = 1_200;

/** How the room is shared; what a section does not need stays unused. */
const SHARES = {
  request: 0.4,
  firstRequest: 0.2,
  plan: 0.15,
  files: 0.12,
  commands: 0.1,
  docs: 0.03,
} as const;

/** The `<handover>` block. */
export function renderHandover(
  state: HandoverState,
  options: HandoverOptions,
): string {
  const bytes = Math.max(0, options.tokensMax * 4 - FRAME_BYTES);
  const room = (name: keyof typeof SHARES) => Math.floor(bytes * SHARES[name]);
  const docs = state.docs.filter((folder) => folder !== options.cwd);
  const sections = [
    INTRO,
    ...requestSections(state, options, room),
    ...listSection("Plan", state.plan.map(planLine), {
      bytesMax: room("plan"),
      keep: "first",
    }),
    ...listSection(
      "Files changed in this conversation (A added, M changed, D removed)",
      state.files.map(({ kind, path }) => `${kind} ${oneLine(path)}`),
      { bytesMax: room("files"), keep: "last" },
    ),
    ...listSection("Last commands, oldest first", state.commands.map(command), {
      bytesMax: room("commands"),
      keep: "last",
    }),
    ...listSection(
      "Commands that still run (write_stdin reaches them)",
      Object.entries(state.sessions ?? {})
        .map(([session, line]) => `session ${session}: ${line}`),
      { bytesMax: room("commands"), keep: "last" },
    ),
    ...listSection(
      "Folders with an AGENTS.md of their own (read it again before working there)",
      docs.map(oneLine),
      { bytesMax: room("docs"), keep: "last" },
    ),
  ];
  return wrapTag("handover", sections.join("\n\n"));
}

function requestSections(
  state: HandoverState,
  options: HandoverOptions,
  room: (name: "request" | "firstRequest") => number,
): readonly string[] {
  const { request, firstRequest } = state;
  if (request === undefined) return [];
  const latest = options.requestKept
    ? "It is the last user message above, and it is what you are working on."
    : cutMiddle(request, room("request"));
  const sections = [`# Latest request\n${latest}`];
  const first = firstRequest ?? request;
  if (first === request) {
    sections[0] += "\n(It is also the first one of this conversation.)";
  } else if (!options.firstRequestKept) {
    sections.push(
      `# First request of this conversation (possibly done long ago)\n${
        cutMiddle(first, room("firstRequest"))
      }`,
    );
  }
  return sections;
}

function listSection(
  title: string,
  lines: readonly string[],
  options: {
    readonly bytesMax: number;
    /** Which lines stay when not all fit. */
    readonly keep: "first" | "last";
  },
): readonly string[] {
  if (lines.length === 0) return [];
  const order = options.keep === "first" ? lines : lines.toReversed();
  let bytes = 0;
  const kept = order.filter((line) => {
    bytes += byteLength(line) + 1;
    return bytes <= options.bytesMax;
  });
  const rest = lines.length - kept.length;
  const more = rest === 0 ? [] : [`(${rest} more)`];
  const shown = options.keep === "first"
    ? [...kept, ...more]
    : [...more, ...kept.toReversed()];
  return [`# ${title}\n${shown.join("\n")}`];
}

const PLAN_MARKS = { pending: "[ ]", in_progress: "[>]", completed: "[x]" };

function planLine(step: HandoverState["plan"][number]): string {
  return `${PLAN_MARKS[step.status]} ${step.text}`;
}

function command(run: HandoverState["commands"][number]): string {
  const end = run.exitCode === null ? "no exit code" : `exit ${run.exitCode}`;
  return `${end}: ${run.command}`;
}
