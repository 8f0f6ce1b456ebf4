/** A batch as an Indexed Job of Kubernetes, and a second one that joins its results. Pure. */
import { PROGRAM } from "../../protocol/version.ts";
import type { JsonObject } from "../../util/json/json.ts";
import {
  batchWords,
  type EnginePlan,
  mergeWords,
  TASK_GIB,
} from "./engine_plan.ts";
import { renderYaml } from "./yaml.ts";

/** Where the volume with tasks, repositories and results is mounted. */
const PLACE = "/batch";
/** Of the user in the images of scripts/containers. */
const USER = 65_532;
/** Pods of one index that may be lost before it counts as failed. */
const LOST_MAX = 3;
/** Tasks have failed, or would fail again: a further pod changes nothing. */
const SETTLED = [1, 2, 3, 4];

/** The text for `kubectl apply -f -`. */
export function renderKubernetes(plan: EnginePlan): string {
  const { name, secret } = plan;
  return renderYaml([
    {
      comment: [
        "Before: a volume claim that all pods can write, with the tasks file and what",
        `it names, and the image (scripts/containers):`,
        `  claim ${name}  (ReadWriteMany: a shared folder, or a bucket by its CSI driver)`,
        ...secret === undefined ? [] : [
          `  kubectl create secret generic --from-env-file=FILE ${PROGRAM}  (${secret}=…)`,
        ],
        `  kubectl create configmap --from-file=config.toml ${PROGRAM}  (if you have one)`,
        "Afterwards, when it is complete, or failed because some tasks have:",
        `  kubectl get job ${name} --watch`,
        `  kubectl patch job ${name}-merge -p '{"spec":{"suspend":false}}'`,
      ],
      value: buildBatchJob(plan),
    },
    { comment: [], value: buildMergeJob(plan) },
  ]);
}

function buildBatchJob(plan: EnginePlan): JsonObject {
  const { name, shards } = plan;
  return job(name, {
    completionMode: "Indexed",
    completions: shards,
    parallelism: shards,
    backoffLimitPerIndex: LOST_MAX,
    podFailurePolicy: {
      rules: [
        {
          action: "Ignore",
          onPodConditions: [{ type: "DisruptionTarget", status: "True" }],
        },
        {
          action: "FailIndex",
          onExitCodes: {
            containerName: PROGRAM,
            operator: "In",
            values: SETTLED,
          },
        },
      ],
    },
    template: podOf(plan, {
      args: argsOf(batchWords(plan)),
      env: [
        // The index comes from Kubernetes, the count does not.
        { name: "JOB_COMPLETION_COUNT", value: String(shards) },
        ...secretOf(plan),
      ],
      resources: {
        requests: { cpu: String(plan.jobs), memory: gib(plan.jobs) },
        limits: { memory: gib(2 * plan.jobs) },
      },
    }),
  });
}

function buildMergeJob(plan: EnginePlan): JsonObject {
  return job(`${plan.name}-merge`, {
    suspend: true,
    backoffLimit: 0,
    template: podOf(plan, {
      args: argsOf(mergeWords(plan)),
      env: [],
      resources: { requests: { cpu: "1", memory: gib(1) } },
    }),
  });
}

function job(name: string, spec: JsonObject): JsonObject {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels: { "app.kubernetes.io/name": PROGRAM } },
    spec,
  };
}

function podOf(
  plan: EnginePlan,
  container: {
    readonly args: readonly string[];
    readonly env: readonly JsonObject[];
    readonly resources: JsonObject;
  },
): JsonObject {
  const { args, env, resources } = container;
  return {
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        fsGroup: USER,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [{
        name: PROGRAM,
        image: plan.image ?? `${PROGRAM}:${plan.version}`,
        args: [...args],
        workingDir: PLACE,
        env: [{ name: "CODEX_HOME", value: "/tmp/codex" }, ...env],
        resources,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [
          { name: "batch", mountPath: PLACE },
          { name: "tmp", mountPath: "/tmp" },
          { name: "config", mountPath: "/etc/codex", readOnly: true },
        ],
      }],
      volumes: [
        { name: "batch", persistentVolumeClaim: { claimName: plan.name } },
        { name: "tmp", emptyDir: {} },
        { name: "config", configMap: { name: PROGRAM, optional: true } },
      ],
    },
  };
}

function secretOf({ secret }: EnginePlan): readonly JsonObject[] {
  if (secret === undefined) return [];
  return [{
    name: secret,
    valueFrom: { secretKeyRef: { name: PROGRAM, key: secret } },
  }];
}

// Kubernetes puts a variable in the place of $(NAME), and takes $$ for $ there.
function argsOf(words: readonly string[]): readonly string[] {
  return words.slice(1).map((word) => word.replaceAll("$(", () => "$$("));
}

function gib(tasks: number): string {
  return `${tasks * TASK_GIB}Gi`;
}
