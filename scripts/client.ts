/** Makes the typed client for Node: plain JavaScript and its types, without a loader. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runScript, toPath } from "./run_script.ts";

const FOLDER = fileURLToPath(new URL("client", import.meta.url));

/** Deno and others find the types by it; to Node it is a comment. */
const TYPES = '// @ts-self-types="./rondo.d.mts"\n';

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: { out: { type: "string", default: "build/client" } },
  });
  await runScript(() => writeNodeClient(toPath(values.out)));
}

/** Writes `rondo.mjs` and `rondo.d.mts` into the folder. */
export async function writeNodeClient(out: string): Promise<void> {
  const words = ["--no-config", "--quiet", "--declaration", "--outdir", out];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["transpile", ...words, "rondo.ts"],
    cwd: FOLDER,
  }).output();
  if (!success) {
    throw new Error(
      `Cannot build the client: ${new TextDecoder().decode(stderr)}`,
    );
  }
  const text = await Deno.readTextFile(`${out}/rondo.js`);
  await Deno.writeTextFile(`${out}/rondo.mjs`, TYPES + text);
  await Deno.remove(`${out}/rondo.js`);
  await Deno.rename(`${out}/rondo.d.ts`, `${out}/rondo.d.mts`);
}
