/** Tries situations, a few at a time, and counts which held. */
import type { Situation } from "./situation.ts";

export interface Row {
  readonly kind: string;
  readonly tried: number;
  readonly held: number;
}

export interface Broken {
  readonly situation: Situation;
  readonly why: string;
}

export interface Table {
  readonly rows: readonly Row[];
  readonly broken: readonly Broken[];
}

/** Runs all of them; one that does not hold keeps none from being tried. */
export async function tryAll(
  situations: readonly Situation[],
  options: {
    readonly atATime: number;
    readonly onBroken?: (one: Broken) => void;
  },
): Promise<Table> {
  const broken: Broken[] = [];
  const waiting = [...situations];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      try {
        await next.run();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const one = { situation: next, why };
        broken.push(one);
        options.onBroken?.(one);
      }
    }
  };
  await Promise.all(Array.from({ length: options.atATime }, work));
  const kinds = [...new Set(situations.map(({ kind }) => kind))];
  const rows = kinds.map((kind) => {
    const tried = situations.filter((one) => one.kind === kind).length;
    const lost = broken.filter((one) => one.situation.kind === kind).length;
    return { kind, tried, held: tried - lost };
  });
  return { rows, broken };
}

/** The table as text. */
export function renderTable({ rows }: Table): string {
  const width = Math.max(...rows.map(({ kind }) => kind.length), 4);
  const total = rows.reduce(
    (sum, { tried, held }) => ({
      tried: sum.tried + tried,
      held: sum.held + held,
    }),
    { tried: 0, held: 0 },
  );
  return [
    { kind: "kind", tried: "tried", held: "held" },
    ...rows,
    { kind: "all", ...total },
  ].map(({ kind, tried, held }) =>
    `${kind.padEnd(width)}  ${String(tried).padStart(6)}  ${
      String(held).padStart(6)
    }`
  ).join("\n");
}
