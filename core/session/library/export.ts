/** A session for others: Markdown or JSON lines, keys left out. */
import type { Files } from "../../protocol/host.ts";
import { unreachable } from "../../util/assert.ts";
import { redactSecrets } from "../../util/text/redact.ts";
import { copyLog } from "./copy.ts";
import { loadSessionView, type ViewEntry } from "./view.ts";

interface ExportOptions {
  readonly format: "markdown" | "jsonl";
  /** Markdown: also what was compacted away or rolled back. JSON lines have all. */
  readonly full: boolean;
  /** Values that must not leave the machine, e.g. the configured keys. */
  readonly secrets: readonly string[];
  /** Called with what could not be exported. */
  readonly warn?: (message: string) => void;
}

/** The text of the export, piece by piece. Throws SessionError. */
export async function* exportSession(
  files: Files,
  path: string,
  options: ExportOptions,
): AsyncGenerator<string> {
  if (options.format === "markdown") {
    yield* exportMarkdown(files, path, options);
    return;
  }
  const { warn } = options;
  // Nothing lies beside an export, and checksums are recomputed: so it opens as a session.
  yield* copyLog(files, path, {
    payloads: "inline",
    ...(warn !== undefined && { warn }),
    change: (payload) => redactSecrets(payload, options.secrets),
  });
}

async function* exportMarkdown(
  files: Files,
  path: string,
  options: ExportOptions,
): AsyncGenerator<string> {
  const view = await loadSessionView(files, path, {
    full: options.full,
    textBytesMax: Infinity,
  });
  const clean = (text: string): string => redactSecrets(text, options.secrets);
  const { meta, name } = view;
  yield clean(`# ${name ?? `Session ${meta?.id ?? ""}`}\n\n`);
  if (meta !== undefined) {
    yield clean(`${meta.createdAt} · ${meta.cwd} · ${meta.id}\n`);
  }
  for (const entry of view.entries) {
    const text = clean(renderEntry(entry));
    if (text !== "") yield `\n${text}\n`;
  }
}

function renderEntry(entry: ViewEntry): string {
  const dropped = entry.isDropped ? " (dropped)" : "";
  switch (entry.kind) {
    case "user":
      return `## User${dropped}\n\n${entry.text}`;
    case "assistant":
      return `## Assistant${dropped}\n\n${entry.text}`;
    case "call":
      return `### ${entry.name}${dropped}\n\n${fence(entry.text)}`;
    case "output":
      return fence(entry.text);
    case "compacted":
      return `## Compacted\n\n${entry.text}`;
    case "rolled_back":
    case "turn_end":
      return `*${entry.text}*`;
    case "reasoning":
      return entry.text === "" ? "" : `*${entry.text.replaceAll("\n", " ")}*`;
    // Texts of the program, not of the conversation.
    case "context":
    case "other":
      return "";
    default:
      return unreachable(entry.kind);
  }
}

// A fence is longer than any in the text (CommonMark 4.5).
function fence(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const ticks = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${ticks}\n${text.trimEnd()}\n${ticks}`;
}
