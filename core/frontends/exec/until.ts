/** `--until` in the last line: what the command said that decides. Pure. */
import type { Flags } from "../../contract/command_line.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { UntilEvidence } from "../jsonl/lines.ts";
import type { TurnRecord } from "./turn_record.ts";

/** The evidence of a run; empty without such a command. */
export function untilOf(
  { until, maxRounds }: Flags,
  { check }: Pick<TurnRecord, "check">,
): { readonly until?: UntilEvidence } {
  if (until === undefined) return {};
  return {
    until: {
      command: until,
      passed: check?.hasPassed ?? false,
      rounds: check?.round ?? 0,
      rounds_max: maxRounds ?? LIMITS.checkRounds,
      exit_code: check?.exitCode ?? null,
      output: check?.tail ?? "",
    },
  };
}
