/** A batch as a parallel job of GitLab, and one that joins its results. Pure. */
import type { JsonObject } from "../../util/json/json.ts";
import { batchLine, type EnginePlan, mergeLine } from "./engine_plan.ts";
import { renderYaml } from "./yaml.ts";

/** Jobs that `parallel` may make. */
export const GITLAB_SHARDS = 200;

const PACKAGE = "@rondo-cli/rondo";

/** The text of a .gitlab-ci.yml, or of a file that one includes. */
export function renderGitlab(plan: EnginePlan): string {
  const { name, shards, out, secret } = plan;
  return renderYaml([{
    comment: [
      "Each job finds its part in CI_NODE_INDEX and CI_NODE_TOTAL.",
      ...secret === undefined ? [] : [
        `The key is the masked CI/CD variable ${secret} of the project or group.`,
      ],
    ],
    value: {
      stages: ["batch", "merge"],
      [name]: {
        stage: "batch",
        ...(shards > 1 && { parallel: shards }),
        ...placeOf(plan),
        variables: { GIT_DEPTH: "0" },
        retry: {
          max: 2,
          when: ["runner_system_failure", "stuck_or_timeout_failure"],
        },
        // Tasks have failed: their results are there like those of the others.
        allow_failure: { exit_codes: [1] },
        script: [batchLine(plan)],
        artifacts: artifacts(out),
      },
      [`${name}-merge`]: {
        stage: "merge",
        when: "always",
        needs: [{ job: name, artifacts: true }],
        ...placeOf(plan),
        variables: { GIT_STRATEGY: "none" },
        script: [mergeLine(plan)],
        artifacts: artifacts(`${out}/all`),
      },
    },
  }]);
}

function placeOf({ image, version }: EnginePlan): JsonObject {
  if (image !== undefined) return { image: { name: image, entrypoint: [""] } };
  return {
    image: "node:22-bookworm",
    before_script: [`npm install -g ${PACKAGE}@${version}`],
  };
}

function artifacts(path: string): JsonObject {
  return { when: "always", paths: [path], expire_in: "1 week" };
}
