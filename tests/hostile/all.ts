/** All situations. */
import { oddFiles } from "./odd_files.ts";
import type { Situation } from "./situation.ts";

/** Every situation there is, kind after kind. */
export function allSituations(): readonly Situation[] {
  return [...oddFiles()];
}
