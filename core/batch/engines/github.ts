/** A batch as a matrix of GitHub Actions. Pure. */
import { PROGRAM } from "../../protocol/version.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { batchLine, type EnginePlan, mergeLine } from "./engine_plan.ts";
import { renderYaml } from "./yaml.ts";

/** Jobs that one matrix may make. */
export const GITHUB_SHARDS = 256;

const RUNNER = "ubuntu-24.04";
const PACKAGE = "@rondo-cli/rondo";

/** The text of a file below .github/workflows. */
export function renderGithub(plan: EnginePlan): string {
  const { name, secret } = plan;
  return renderYaml([{
    comment: [
      `.github/workflows/${name}.yml: started by hand, in the Actions tab or by gh workflow run.`,
      ...secret === undefined ? [] : [
        `The key is the secret ${secret} of the repository or organization.`,
      ],
      "The image needs a shell; its user must be able to write the workspace.",
    ].slice(0, plan.image === undefined ? -1 : undefined),
    value: {
      name,
      on: { workflow_dispatch: {} },
      permissions: { contents: "read" },
      jobs: { batch: buildBatch(plan), merge: buildMerge(plan) },
    },
  }]);
}

function buildBatch(plan: EnginePlan): JsonObject {
  const { shards, secret, out } = plan;
  const matrix = Array.from({ length: shards }, (_, at) => at + 1);
  return {
    ...placeOf(plan),
    "timeout-minutes": 360,
    strategy: { "fail-fast": false, matrix: { shard: matrix } },
    steps: [
      checkout(),
      ...installSteps(plan, { needsSandbox: true }),
      {
        name: "Run the tasks of this shard",
        run: batchLine(plan, `\${{ matrix.shard }}/${shards}`),
        ...(secret !== undefined && {
          env: { [secret]: `\${{ secrets.${secret} }}` },
        }),
      },
      // Also what a job got done that was stopped.
      {
        if: "always()",
        ...upload(`${plan.name}-\${{ matrix.shard }}`, out),
      },
    ],
  };
}

function buildMerge(plan: EnginePlan): JsonObject {
  const { name, out } = plan;
  return {
    needs: "batch",
    // Tasks that failed have results, too.
    if: "${{ !cancelled() }}",
    ...placeOf(plan),
    steps: [
      ...installSteps(plan, { needsSandbox: false }),
      {
        uses: "actions/download-artifact@v4",
        with: { pattern: `${name}-*`, path: out, "merge-multiple": true },
      },
      { name: "Join the results", run: mergeLine(plan) },
      upload(name, `${out}/all`),
    ],
  };
}

function placeOf({ image }: EnginePlan): JsonObject {
  if (image === undefined) return { "runs-on": RUNNER };
  return { "runs-on": RUNNER, container: { image, options: "--user 0" } };
}

function checkout(): JsonObject {
  // Tasks may begin with any commit.
  return { uses: "actions/checkout@v4", with: { "fetch-depth": 0 } };
}

function installSteps(
  { image, version }: EnginePlan,
  { needsSandbox }: { readonly needsSandbox: boolean },
): readonly JsonObject[] {
  if (image !== undefined) return [];
  const lines = [
    `npm install -g ${PACKAGE}@${version}`,
    ...needsSandbox
      ? ["sudo apt-get update && sudo apt-get install -y bubblewrap"]
      : [],
  ];
  return [{ name: `Install ${PROGRAM}`, run: lines.join("\n") }];
}

function upload(name: string, path: string): JsonObject {
  return {
    uses: "actions/upload-artifact@v4",
    with: { name, path, "if-no-files-found": "error" },
  };
}
