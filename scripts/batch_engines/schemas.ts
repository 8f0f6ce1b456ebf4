/** What `batch emit` prints, held against what its readers publish, from npm. */
import assert from "node:assert/strict";
import { run } from "./run.ts";

const PACKAGES = [
  "kubernetes-models@5.1.0",
  "@action-validator/core@0.6.0",
  "gitlab-ci-local@4.75.1",
];

// Run by Node beside the packages: it reads YAML files and tells what is wrong with them.
const CHECK = `
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import { validate } from "kubernetes-models/_schemas/IoK8sApiBatchV1Job";
import { validateWorkflow } from "@action-validator/core";
const problems = [];
for (const document of parseAllDocuments(readFileSync("kubernetes.yaml", "utf8"))) {
  const job = document.toJS();
  if (!validate(job)) problems.push(["kubernetes", validate.errors]);
  // The same job with a word that none has must not pass.
  job.spec.template.spec.containers[0].image = 7;
  if (validate(job)) problems.push(["kubernetes", "takes anything"]);
}
const text = readFileSync("github.yaml", "utf8");
const { errors } = validateWorkflow(text);
if (errors.length > 0) problems.push(["github", errors]);
if (validateWorkflow(text.replace("runs-on", "runs-at")).errors.length === 0) {
  problems.push(["github", "takes anything"]);
}
console.log(JSON.stringify(problems));
`;

/** Throws where one of them is not what its schema says. */
export async function checkSchemas(
  emit: (engine: string) => Promise<string>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "rondo-engines-" });
  try {
    const words = ["install", "--no-audit", "--no-fund", "--prefix", folder];
    await run(["npm", ...words, ...PACKAGES, "yaml@2.9.1"], { cwd: folder });
    for (const engine of ["kubernetes", "github"]) {
      await Deno.writeTextFile(`${folder}/${engine}.yaml`, await emit(engine));
    }
    await Deno.writeTextFile(`${folder}/check.mjs`, CHECK);
    const said = await run(["node", "check.mjs"], { cwd: folder });
    assert.deepEqual(JSON.parse(said), []);
    await checkGitlab(folder, await emit("gitlab"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkGitlab(folder: string, text: string): Promise<void> {
  const cwd = `${folder}/project`;
  await Deno.mkdir(cwd);
  await run(["git", "init", "-q"], { cwd });
  const remote = "git@gitlab.example.com:group/project.git";
  await run(["git", "remote", "add", "origin", remote], { cwd });
  const list = async (pipeline: string, codes: number[]): Promise<string> => {
    await Deno.writeTextFile(`${cwd}/.gitlab-ci.yml`, pipeline);
    const program = `${folder}/node_modules/gitlab-ci-local/dist/index.js`;
    const words = [Deno.execPath(), "run", "--no-check", "-A", program];
    return await run([...words, "--list"], { cwd, codes });
  };
  assert.match(await list(text, [0]), /rondo-tasks/);
  await list(text.replace("parallel:", "parralel:"), [1]);
}
