/** Fails when the tree breaks a rule of the house that the linter cannot see. */
import { findFormProblems } from "./checks/form.ts";
import { findImportProblems, findRoomProblems } from "./checks/layers.ts";
import { findReachProblems } from "./checks/reach.ts";
import { edgesOf, loadFiles } from "./checks/source.ts";
import { findUseProblems } from "./checks/use.ts";

if (import.meta.main) await main();

async function main(): Promise<void> {
  const root = decodeURIComponent(new URL("..", import.meta.url).pathname)
    .replace(/\/$/, "");
  const files = await loadFiles(root);
  const edges = edgesOf(files);
  const problems = [
    ...findImportProblems(edges),
    ...findRoomProblems(files.map(({ path }) => path), edges),
    ...findFormProblems(files),
    ...findReachProblems(files),
    ...findUseProblems(files),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exit(1);
  console.log(
    `The house is tidy: ${files.length} files, ${edges.length} imports`,
  );
}
