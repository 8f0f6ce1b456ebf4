/** `rondo batch emit`: the file that an engine is given to run a batch. Pure. */
import { usageError } from "../../protocol/error.ts";
import { unreachable } from "../../util/assert.ts";
import type { EnginePlan } from "./engine_plan.ts";
import { GITHUB_SHARDS, renderGithub } from "./github.ts";
import { GITLAB_SHARDS, renderGitlab } from "./gitlab.ts";
import { renderKubernetes } from "./kubernetes.ts";
import { renderSlurm } from "./slurm.ts";

/** As the command line names them. */
export type EngineName = "kubernetes" | "slurm" | "github" | "gitlab";

/** Shards where nobody says how many, unless there are fewer tasks. */
const SHARDS = 20;
/** Of names in Kubernetes, room for an end left. */
const NAME_CHARS = 50;

/** How many parts a batch is cut into. Throws UserError for more than tasks or engine allow. */
export function shardCount(
  engine: EngineName,
  { asked, tasks }: {
    readonly asked: number | undefined;
    readonly tasks: number;
  },
): number {
  const max = {
    kubernetes: Infinity,
    slurm: Infinity,
    github: GITHUB_SHARDS,
    gitlab: GITLAB_SHARDS,
  }[engine];
  if (asked === undefined) return Math.min(SHARDS, tasks);
  if (asked > tasks) {
    throw usageError(
      `Cannot use --shards ${asked}: there are ${tasks} tasks, must be at most as many`,
    );
  }
  if (asked > max) {
    throw usageError(
      `Cannot use --shards ${asked}: ${engine} makes at most ${max} jobs of one, must be no more`,
    );
  }
  return asked;
}

/** A name for jobs, from that of the tasks file. */
export function jobName(tasksFile: string): string {
  const base = tasksFile.replace(/^.*\//, "").replace(/\.jsonl?$/, "");
  const plain = base.toLowerCase().replace(/[^a-z0-9]+/g, "-")
    .slice(0, NAME_CHARS).replace(/^-|-$/g, "");
  return plain === "" ? "rondo-batch" : `rondo-${plain}`;
}

/** The text. Throws UserError for words that would mean something else there. */
export function renderEngine(engine: EngineName, plan: EnginePlan): string {
  const { tasksFile, out, flags, image = "", secret } = plan;
  for (const word of [tasksFile, out, image, ...flags]) {
    refuseOdd(engine, word);
  }
  if (secret !== undefined && !/^[A-Za-z_]\w*$/.test(secret)) {
    throw usageError(
      `Cannot emit for ${engine}: the key is in the variable ${
        JSON.stringify(secret)
      }, must have a name of letters, digits and _`,
    );
  }
  switch (engine) {
    case "kubernetes":
      return renderKubernetes(plan);
    case "slurm":
      return renderSlurm(plan);
    case "github":
      return renderGithub(plan);
    case "gitlab":
      return renderGitlab(plan);
    default:
      return unreachable(engine);
  }
}

// A line break would end a comment or a list of paths; GitHub puts values in before a shell
// reads its quotes.
function refuseOdd(engine: EngineName, word: string): void {
  const odd = /\p{Cc}/u.test(word)
    ? "a line break or another control character"
    : engine === "github" && word.includes("${{")
    ? "${{"
    : undefined;
  if (odd === undefined) return;
  throw usageError(
    `Cannot emit for ${engine}: ${
      JSON.stringify(word)
    } has ${odd} in it, must have none`,
  );
}
