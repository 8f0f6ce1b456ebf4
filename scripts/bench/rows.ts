/** What was measured, kept for scripts/bench/RESULTS.md: a row for each figure. */
import { cpus, release, totalmem } from "node:os";

/** One program's values of a figure. */
export interface Cell {
  readonly subject: string;
  readonly median: number;
  readonly least: number;
  /** The program's own value by this one's: the median of what was measured in turns. */
  readonly share?: number;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly runs: number;
  readonly cells: readonly Cell[];
}

/** Where the benchmarks leave their rows, a line of JSON each; set by mod.ts. */
export const ROWS_VARIABLE = "BENCH_ROWS";

/** The program under measurement, among the subjects. */
export const OWN = "rondo";

/** Prints a row, and leaves it for the table. */
export function recordRow(row: Row): void {
  for (const { subject, median, least, share } of row.cells) {
    const words = share === undefined ? "" : `  own share ${ratio(share)}`;
    console.log(
      `${row.name.padEnd(48)} ${subject.padEnd(14)} ${
        format(median).padStart(8)
      } ${row.unit}, least ${format(least)}, n=${row.runs}${words}`,
    );
  }
  const path = Deno.env.get(ROWS_VARIABLE);
  if (path === undefined) return;
  Deno.writeTextFileSync(path, `${JSON.stringify(row)}\n`, { append: true });
}

/** A row with the values of one thing alone. */
export function recordValues(
  name: string,
  unit: string,
  measured: readonly number[],
): void {
  // What had ended before it was looked at.
  const values = measured.filter(Number.isFinite);
  if (values.length === 0) return;
  const cell = {
    subject: OWN,
    median: medianOf(values),
    least: Math.min(...values),
  };
  recordRow({ name, unit, runs: values.length, cells: [cell] });
}

/** The middle value; the upper of two. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** The page that says what was measured, of what, where and how. */
export function renderResults(rows: readonly Row[], facts: {
  readonly at: Date;
  readonly command: string;
  /** Name and first line of `--version` of each program. */
  readonly subjects: readonly (readonly [name: string, version: string])[];
}): string {
  const names = [
    ...new Set(rows.flatMap(({ cells }) => cells.map((cell) => cell.subject))),
  ];
  const others = names.slice(1);
  const heads = [
    ...["figure", "unit", "runs", ...names],
    ...others.map((name) => `share of ${name}`),
  ];
  const lines = rows.map(({ name, unit, runs, cells }) => {
    const of = (subject: string): Cell | undefined =>
      cells.find((cell) => cell.subject === subject);
    const values = names.map((subject) => of(subject)?.median);
    const shares = others.map((subject) => of(subject)?.share);
    return [
      ...[name, unit, `${runs}`],
      ...values.map((value) => value === undefined ? "" : format(value)),
      ...shares.map((share) => share === undefined ? "" : ratio(share)),
    ];
  });
  const table = [heads, heads.map(() => "---"), ...lines]
    .map((words) => `| ${words.join(" | ")} |`);
  const [cpu] = cpus();
  const programs = facts.subjects.map(([name, version]) =>
    `- ${name}: \`${version}\``
  );
  return `# Results

Written by \`deno task bench --write\`; not by hand. Medians; the programs take
turns, and a share is the median of what two runs beside each other give.

- ${facts.at.toISOString().slice(0, 10)}, \`${facts.command}\`
- ${cpus().length} cores of ${cpu?.model.trim()}, ${
    Math.round(totalmem() / 2 ** 30)
  } GiB, Linux ${release()}
${programs.join("\n")}

${table.join("\n")}
`;
}

function format(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

function ratio(value: number): string {
  return value.toFixed(2);
}
