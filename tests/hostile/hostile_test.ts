/** The quick ones of all situations; `deno task hostile` tries the rest. */
import assert from "node:assert/strict";
import { isCompiled } from "../support/run_agent.ts";
import { allSituations } from "./all.ts";
import { renderTable, tryAll } from "./table.ts";

Deno.test("nothing of what is tried here breaks the program", {
  ignore: Deno.build.os !== "linux" || !isCompiled(),
}, async () => {
  const quick = allSituations().filter(({ isQuick }) => isQuick);
  const table = await tryAll(quick, { atATime: 2 });
  const broken = table.broken.map(({ situation, why }) =>
    `${situation.kind}: ${situation.name}\n${why}`
  );
  assert.equal(broken.join("\n\n"), "", renderTable(table));
});
