/** A batch as an array of Slurm. Pure. */
import { quoteWords } from "../../policy/shell/quote.ts";
import { PROGRAM } from "../../protocol/version.ts";
import {
  batchLine,
  type EnginePlan,
  mergeLine,
  TASK_GIB,
} from "./engine_plan.ts";

/** Before the time is over, for tasks to end in good order. */
const WARN_SECONDS = 60;

/** The script for sbatch. */
export function renderSlurm(plan: EnginePlan): string {
  const { name, shards, jobs, secret } = plan;
  // Not the number of jobs that Slurm says: it is another one when a part is sent again.
  const shard = `"$((SLURM_ARRAY_TASK_ID + 1))/${shards}"`;
  const inside = plan.image === undefined
    ? ""
    : `${
      quoteWords(["apptainer", "exec", "--bind", "."])
        .replace(/\.$/, '"$PWD"')
    } ${quoteWords([`docker://${plan.image}`])} `;
  return `#!/bin/bash
# In the folder of the tasks, which all nodes share; the results come to it, too:
#   job=$(sbatch --parsable ${name}.sbatch)
#   sbatch --dependency=afterany:$job --wrap ${
    quoteWords([inside + mergeLine(plan)])
  }
# A part that was lost goes on where it was: sbatch --array=6 ${name}.sbatch
#SBATCH --job-name=${name}
#SBATCH --array=0-${shards - 1}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=${jobs}
#SBATCH --mem=${jobs * TASK_GIB}G
#SBATCH --time=1-00:00:00
#SBATCH --output=${name}-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:TERM@${WARN_SECONDS}
set -eu
${secretLines(secret)}exec ${inside}${batchLine(plan, shard)}
`;
}

function secretLines(secret: string | undefined): string {
  if (secret === undefined) return "";
  const file = `$HOME/.config/${PROGRAM}/key`;
  return `# The key stands in no script: in the environment of sbatch, or in a file of yours.
if [ -z "\${${secret}:-}" ]; then
  ${secret}=$(cat "${file}")
  export ${secret}
fi
`;
}
