/** `deno task hostile [WORD…]`: tries every situation whose kind or name holds the words. */
import { allSituations } from "./all.ts";
import { renderTable, tryAll } from "./table.ts";

if (import.meta.main) {
  const words = Deno.args.filter((word) => word !== "--");
  const chosen = allSituations().filter(({ kind, name }) =>
    words.every((word) => `${kind}: ${name}`.includes(word))
  );
  const table = await tryAll(chosen, {
    atATime: 3,
    onBroken: ({ situation, why }) =>
      console.log(`BROKEN ${situation.kind}: ${situation.name}\n${why}\n`),
  });
  console.log(renderTable(table));
  Deno.exit(table.broken.length === 0 ? 0 : 1);
}
