/** Draws a trace as text: what began below what, and how long it took. */
import type { SeenSpan } from "./otlp.ts";

interface DrawOptions {
  /** False where they would differ from run to run. */
  readonly durations?: boolean;
  /** Attributes that are shown behind a name. */
  readonly shown?: readonly string[];
}

/** One line a span, in the order of their beginnings. */
export function drawTrace(
  spans: readonly SeenSpan[],
  { durations = true, shown = [] }: DrawOptions = {},
): string {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const children = Map.groupBy(
    spans,
    ({ parentSpanId: id }) => id === "" || known.has(id) ? id : ELSEWHERE,
  );
  const rows: { readonly text: string; readonly ms: string }[] = [];
  const drawBelow = (parent: string, indent: string): void => {
    const below = (children.get(parent) ?? []).toSorted(byBeginning);
    below.forEach((span, at) => {
      const isLast = at === below.length - 1;
      const isRoot = parent === "";
      const branch = isRoot ? "" : isLast ? "└─ " : "├─ ";
      const ms = Number((span.endNs - span.startNs) / 10_000n) / 100;
      rows.push({
        text: `${indent}${branch}${describe(span, shown)}`,
        ms: `${ms.toFixed(1)} ms`,
      });
      drawBelow(
        span.spanId,
        isRoot ? indent : `${indent}${isLast ? "   " : "│  "}`,
      );
    });
  };
  drawBelow("", "");
  if (children.has(ELSEWHERE)) rows.push({ text: ELSEWHERE, ms: "" });
  drawBelow(ELSEWHERE, "");
  const width = Math.max(...rows.map(({ text }) => text.length));
  return rows.map(({ text, ms }) =>
    durations ? `${text.padEnd(width)}  ${ms.padStart(10)}` : text
  ).join("\n");
}

/** Stands for spans that another program sends. */
const ELSEWHERE = "(the program that started it)";

// Calls that begin within one tick of the clock stand in the order they were asked for.
function byBeginning(a: SeenSpan, b: SeenSpan): number {
  const call = ({ attributes }: SeenSpan): string =>
    String(attributes["gen_ai.tool.call.id"] ?? "");
  return Number(a.startNs - b.startNs) || call(a).localeCompare(call(b)) ||
    a.name.localeCompare(b.name);
}

function describe(
  { name, attributes, status }: SeenSpan,
  shown: readonly string[],
): string {
  const facts = shown.flatMap((key) =>
    attributes[key] === undefined ? [] : [`${key}=${attributes[key]}`]
  );
  const mark = status === 2 ? " FAILED" : "";
  return [`${name}${mark}`, ...facts].join("  ");
}
