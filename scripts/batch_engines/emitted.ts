/** The jobs of emitted files, run as their engines would run them, one after the other. */
import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import * as z from "zod";
import { quoteWords } from "../../core/policy/shell/quote.ts";
import { FLAGS, type Scripted } from "./scripted.ts";

const SHARDS = 5;
const Job = z.object({
  spec: z.object({
    completions: z.optional(z.number()),
    template: z.object({
      spec: z.object({
        containers: z.tuple([z.object({
          args: z.array(z.string()),
          env: z.array(z.object({
            name: z.string(),
            value: z.optional(z.string()),
          })),
        })]),
      }),
    }),
  }),
});
const Workflow = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      strategy: z.optional(
        z.object({ matrix: z.object({ shard: z.array(z.number()) }) }),
      ),
      steps: z.array(z.object({ run: z.optional(z.string()) })),
    }),
  ),
});

/** Containers with the index that Kubernetes gives them, then the one that joins. */
export async function runKubernetes(scripted: Scripted): Promise<void> {
  const documents = parseAllDocuments(await emit(scripted, "kubernetes"));
  for (const document of documents) {
    const { completions = 1, template } = Job.parse(document.toJS()).spec;
    const [{ args, env }] = template.spec.containers;
    // Paths of the pod, which is not there.
    const variables = env.filter(({ name, value }) =>
      value !== undefined && name !== "CODEX_HOME"
    ).map(({ name, value }) => `${name}=${value}`);
    for (let index = 0; index < completions; index++) {
      const own = completions > 1 ? [`JOB_COMPLETION_INDEX=${index}`] : [];
      const words = ["env", ...variables, ...own, "rondo", ...args];
      await scripted.shell(quoteWords(words), { codes: [0, 1] });
    }
  }
}

/** The steps of a workflow for each value of its matrix; artifacts stay where they are. */
export async function runGithub(scripted: Scripted): Promise<void> {
  const workflow = Workflow.parse(parse(await emit(scripted, "github")));
  for (const { strategy, steps } of Object.values(workflow.jobs)) {
    const lines = steps.flatMap(({ run }) => run ?? [])
      .filter((line) => line.startsWith("rondo "));
    assert.equal(lines.length, 1);
    for (const shard of strategy?.matrix.shard ?? [0]) {
      for (const line of lines) {
        const own = line.replace(/\$\{\{ matrix\.shard \}\}/g, String(shard));
        await scripted.shell(own, { codes: [0, 1] });
      }
    }
  }
}

async function emit({ shell }: Scripted, engine: string): Promise<string> {
  const flags = ["--shards", String(SHARDS), ...FLAGS];
  const words = ["rondo", "batch", "emit", engine, "tasks.jsonl", ...flags];
  return await shell(quoteWords(words));
}
