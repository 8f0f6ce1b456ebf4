/** `deno run -A tests/dialect_table.ts BEFORE AFTER [WORD]`: runs two programs against the same servers, and prints what held with each as Markdown; with a word only the kinds of cases that hold it. */
import { SERVER_CASES, type ServerCase } from "./support/server_case.ts";
import { DIALECT_CASES } from "./support/dialect_cases.ts";
import "./e2e/server_shapes_test.ts";
import "./e2e/server_outages_test.ts";
import "./e2e/server_refusals_test.ts";
import "./e2e/chat_shapes_test.ts";

const CASE_MS = 40_000;

if (import.meta.main) await main(Deno.args);

async function main(
  [before = "", after = "", word = ""]: readonly string[],
): Promise<void> {
  const dialects = Object.keys(DIALECT_CASES);
  const kinds = Object.keys(DIALECT_CASES[dialects[0] ?? ""] ?? {});
  const sign = async (run: () => Promise<void>): Promise<string> => {
    const [was, is] = [await holds(before, run), await holds(after, run)];
    return `${was ? "✓" : "✗"} ${is ? "✓" : "✗"}`;
  };
  console.log("Each pair: before, after.\n");
  print(["case", ...dialects]);
  print(["---", ...dialects.map(() => "---")]);
  for (const kind of kinds.filter((kind) => kind.includes(word))) {
    const cells: string[] = [];
    for (const dialect of dialects) {
      const run = DIALECT_CASES[dialect]?.[kind];
      cells.push(run === undefined ? "" : await sign(run));
    }
    print([kind, ...cells]);
  }
  console.log("");
  print(["shapes, refusals, outages", "cases", "held before", "hold after"]);
  print(["---", "---", "---", "---"]);
  const chosen = SERVER_CASES.filter(({ kind }) => kind.includes(word));
  for (const [kind, cases] of Map.groupBy(chosen, ({ kind }) => kind)) {
    print([
      kind,
      `${cases.length}`,
      `${await count(before, cases)}`,
      `${await count(after, cases)}`,
    ]);
  }
  Deno.exit();
}

async function count(
  program: string,
  cases: readonly ServerCase[],
): Promise<number> {
  let held = 0;
  for (const { name, run } of cases) {
    if (await holds(program, run)) held++;
    else console.error(`${program}: ${name}`);
  }
  return held;
}

// A case that hangs does not hold.
async function holds(
  program: string,
  run: () => Promise<void>,
): Promise<boolean> {
  Deno.env.set("AGENT_BIN", program);
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error("late")), CASE_MS)
  );
  try {
    await Promise.race([run(), late]);
    return true;
  } catch {
    return false;
  }
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
