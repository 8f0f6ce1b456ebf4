/** Differences of files -> a patch in git's form, which `git apply` takes. Pure. */
import { LIMITS } from "../../protocol/limits.ts";
import { textOfBytes } from "../../util/text/byte_text.ts";
import { diffHunks } from "../../util/text/line_diff.ts";
import { buildLiteral, renderHalf } from "./binary.ts";
import { renderName } from "./names.ts";
import {
  blobId,
  type FileDifference,
  type FileVersion,
  type IdFormat,
  isBinary,
  isSameBytes,
  zeroId,
} from "./version.ts";

/** What one difference is in a patch. */
interface FilePatchText {
  /** A character for each byte. */
  readonly text: string;
  readonly insertions: number;
  readonly deletions: number;
}

const NO_BYTES = new Uint8Array();

/** One file's part. What turns from a file into a link, or back, goes and comes anew. */
export function renderFilePatch(
  difference: FileDifference,
  format: IdFormat = "sha1",
): FilePatchText {
  const { before, after, path } = difference;
  if (
    before === undefined || after === undefined || isSameKind(before, after)
  ) {
    return renderOne(difference, format);
  }
  const parts = [
    renderOne({ path: difference.from ?? path, before }, format),
    renderOne({ path, after }, format),
  ];
  return {
    text: parts.map(({ text }) => text).join(""),
    insertions: parts.reduce((sum, part) => sum + part.insertions, 0),
    deletions: parts.reduce((sum, part) => sum + part.deletions, 0),
  };
}

function isSameKind(left: FileVersion, right: FileVersion): boolean {
  return (left.mode === "120000") === (right.mode === "120000");
}

function renderOne(
  difference: FileDifference,
  format: IdFormat,
): FilePatchText {
  const { before, after, path, from = path } = difference;
  const old = before?.bytes ?? NO_BYTES;
  const fresh = after?.bytes ?? NO_BYTES;
  const isSame = before !== undefined && after !== undefined &&
    isSameBytes(old, fresh);
  const isEmpty = isSame || (old.length === 0 && fresh.length === 0);
  const isPacked = !isEmpty && (isBinary(old) || isBinary(fresh));
  const quotesBlanks = isEmpty || isPacked;
  const both = [`a/${from}`, `b/${path}`]
    .map((name) => renderName(name, { quotesBlanks })).join(" ");
  const head = [
    `diff --git ${both}`,
    ...renderKind(difference),
    ...(isSame ? [] : [renderIndex(difference, format)]),
  ].map((line) => `${line}\n`).join("");
  if (isEmpty) {
    return { text: head, insertions: 0, deletions: 0 };
  }
  if (isPacked) {
    const halves = [fresh, old].map((bytes) => renderHalf(buildLiteral(bytes)));
    const text = `${head}GIT binary patch\n${halves.join("")}`;
    return { text, insertions: 0, deletions: 0 };
  }
  const { hunks, insertions, deletions } = diffHunks(
    textOfBytes(old),
    textOfBytes(fresh),
    LIMITS.patchDiffEdits,
  );
  const lines = [
    `--- ${before === undefined ? "/dev/null" : renderSide(`a/${from}`)}`,
    `+++ ${after === undefined ? "/dev/null" : renderSide(`b/${path}`)}`,
    ...hunks,
  ];
  const text = head + lines.map((line) => `${line}\n`).join("");
  return { text, insertions, deletions };
}

// A tab ends a name with spaces, which would otherwise run into what others write there.
function renderSide(name: string): string {
  const text = renderName(name);
  return text.includes(" ") && !text.startsWith('"') ? `${text}\t` : text;
}

function renderKind(
  { path, from, similarity, before, after }: FileDifference,
): readonly string[] {
  if (before === undefined) return [`new file mode ${after?.mode}`];
  if (after === undefined) return [`deleted file mode ${before.mode}`];
  const modes = before.mode === after.mode
    ? []
    : [`old mode ${before.mode}`, `new mode ${after.mode}`];
  if (from === undefined) return modes;
  return [
    ...modes,
    `similarity index ${similarity ?? 100}%`,
    `rename from ${renderName(from)}`,
    `rename to ${renderName(path)}`,
  ];
}

function renderIndex(
  { before, after }: FileDifference,
  format: IdFormat,
): string {
  const id = (version: FileVersion | undefined): string =>
    version === undefined ? zeroId(format) : blobId(version.bytes, format);
  const mode = before !== undefined && before.mode === after?.mode
    ? ` ${before.mode}`
    : "";
  return `index ${id(before)}..${id(after)}${mode}`;
}
