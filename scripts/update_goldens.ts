/** Rewrites every golden file and the generated types of the client. */
import { loadFiles } from "./checks/source.ts";
import { writeClient } from "./schema.ts";

/** What a test that holds a golden file says. */
const HOLDS_GOLDEN = /\bcheckGolden(Json)?\(|UPDATE_GOLDEN/;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
  const files = (await loadFiles(root.replace(/\/$/, ""))).filter((file) =>
    file.path.endsWith("_test.ts") && HOLDS_GOLDEN.test(file.text)
  ).map(({ path }) => path);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--allow-all", ...files],
    cwd: root,
    env: { UPDATE_GOLDEN: "1" },
  }).spawn().status;
  await writeClient();
  console.log(
    `Rewrote the goldens of ${files.length} tests and the client's types; read: git diff`,
  );
  if (!success) Deno.exit(1);
}
