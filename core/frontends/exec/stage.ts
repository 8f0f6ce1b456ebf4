/** What a staged run has done, in a few lines for people. */
import type { ExecStage } from "../../contract/stage.ts";
import { errorText } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { shownText, visibleLine } from "../../util/text/visible_text.ts";

const NAME_WIDTH = 60;

export interface StageReader {
  readonly thread: { readonly id: string };
  /** Of a run in a copy: keeps and tells what was done there so far. */
  readonly readStage?: (threadId: string) => Promise<ExecStage>;
}

/** Nothing of a run that is not staged; what is in the way when it cannot be kept. */
export async function readStage(
  { thread, readStage }: StageReader,
): Promise<
  { readonly stage?: ExecStage; readonly problems: readonly string[] }
> {
  if (readStage === undefined) return { problems: [] };
  try {
    return { stage: await readStage(thread.id), problems: [] };
  } catch (error) {
    const why = errorText(error);
    return { problems: [`Cannot keep the patch of the stage: ${why}`] };
  }
}

/** A short stat, and how to take it over; empty where nothing was staged. */
export function renderStage(
  { stage, threadId }: {
    readonly stage?: ExecStage;
    readonly threadId: string | null;
  },
): string {
  if (stage === undefined) return "";
  const { files, insertions, deletions, left_out, patch } = stage;
  const more = files.length - LIMITS.stageNamed;
  const sum = `${count(files.length, "file")} changed, ${
    count(insertions, "insertion")
  }, ${count(deletions, "deletion")}`;
  const lines = patch === null ? ["Nothing was changed in the stage"] : [
    ...files.slice(0, LIMITS.stageNamed).map(renderFile),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    sum,
    `To take it over: ${PROGRAM} apply ${threadId}`,
  ];
  const left = left_out.slice(0, LIMITS.stageNamed)
    .map((text) => `Not in the patch: ${visibleLine(text, 200)}`);
  return [...lines, ...left].map((line) => `${shownText(line)}\n`).join("");
}

function renderFile(
  { path, kind, from, insertions, deletions }: ExecStage["files"][number],
): string {
  const sign = {
    add: "A",
    update: from === undefined ? "M" : "R",
    delete: "D",
  };
  const name = from === undefined
    ? visibleLine(path, NAME_WIDTH)
    : `${visibleLine(from, NAME_WIDTH)} => ${visibleLine(path, NAME_WIDTH)}`;
  return `  ${sign[kind]} ${name}  +${insertions} -${deletions}`;
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}
