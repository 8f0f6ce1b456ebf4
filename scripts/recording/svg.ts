/** A terminal's screen as an SVG: plain text elements, no script, no font that must be there. */

/** What stands on the screen, and how each cell is drawn: parameters of SGR. */
export interface Cells {
  readonly rows: readonly (readonly string[])[];
  readonly styles: readonly (readonly string[])[];
}

interface Run {
  readonly column: number;
  readonly style: string;
  readonly text: string;
}

const CELL = { width: 8.4, height: 18 };
const MARGIN = { side: 16, top: 42, bottom: 14 };
const INK = "#d8dee9";
const PAPER = "#1f2430";

/** Colours of SGR 31 to 36 on a dark ground. */
const COLOURS: Readonly<Record<string, string>> = {
  31: "#ff7b72",
  32: "#8fd07f",
  33: "#e8c26a",
  34: "#7fb2f0",
  35: "#d59ff0",
  36: "#6fd3d3",
};

const ATTRIBUTES: Readonly<Record<string, string>> = {
  1: 'font-weight="bold"',
  2: 'opacity="0.62"',
  3: 'font-style="italic"',
  4: 'text-decoration="underline"',
};

/** Draws the screen in a window with that title. Throws on a style that it does not know. */
export function renderSvg(
  { rows, styles }: Cells,
  { columns, title }: { readonly columns: number; readonly title: string },
): string {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN.side);
  const height = MARGIN.top + rows.length * CELL.height + MARGIN.bottom;
  const lines = rows.flatMap((row, at) =>
    runsOf(row, styles[at] ?? []).map((run) => renderRun(run, at))
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${
      escape(title)
    }">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>`,
    ...["#ff7b72", "#e8c26a", "#8fd07f"].map((colour, at) =>
      `<circle cx="${20 + 18 * at}" cy="18" r="5.5" fill="${colour}"/>`
    ),
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="${INK}" xml:space="preserve">`,
    `<text x="${width / 2}" y="23" text-anchor="middle" opacity="0.6">${
      escape(title)
    }</text>`,
    ...lines,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

// Cells of one style that stand together, without blanks around them.
function runsOf(row: readonly string[], styles: readonly string[]): Run[] {
  const runs: Run[] = [];
  for (const [column, cell = " "] of row.entries()) {
    const style = styles[column] ?? "";
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) {
      runs[runs.length - 1] = { ...last, text: last.text + cell };
    } else {
      runs.push({ column, style, text: cell });
    }
  }
  return runs.flatMap(({ column, style, text }) => {
    const shown = text.trimStart();
    const start = column + text.length - shown.length;
    return shown === ""
      ? []
      : [{ column: start, style, text: shown.trimEnd() }];
  });
}

function renderRun({ column, style, text }: Run, row: number): string {
  const x = (MARGIN.side + column * CELL.width).toFixed(1);
  const y = MARGIN.top + (row + 0.75) * CELL.height;
  // Whatever font there is, the columns stand where they stood.
  const length = (text.length * CELL.width).toFixed(1);
  const drawn = style.split(";").filter((one) => one !== "").map(attributeOf);
  return `<text ${
    [`x="${x}"`, `y="${y}"`, `textLength="${length}"`, ...drawn].join(" ")
  }>${escape(text)}</text>`;
}

function attributeOf(parameter: string): string {
  const colour = COLOURS[parameter];
  const attribute = colour === undefined
    ? ATTRIBUTES[parameter]
    : `fill="${colour}"`;
  if (attribute === undefined) throw new Error(`unknown SGR ${parameter}`);
  return attribute;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
