/** What a sandbox costs: medians of running `true`, plainly and under each back end. */
import { denoHost } from "../../core/host/host.ts";
import {
  becomeSubreaper,
  closeInheritedDescriptors,
  reapChild,
} from "../../core/host/system/libc.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { createSandbox } from "../../sandbox/mod.ts";
import {
  type BackendChoice,
  tryBackends,
} from "../../sandbox/probe/candidates.ts";

import { recordValues } from "./rows.ts";

const RUNS = 50;
/** They prove the back end and warm the caches. */
const WARM_RUNS = 3;
const POLICY: SandboxPolicy = {
  mode: "workspace-write",
  writableRoots: [],
  networkAccess: false,
  excludeTmpdirEnvVar: false,
  excludeSlashTmp: false,
  gitCommits: false,
  allowUnixSockets: false,
  denyRead: [],
};

if (import.meta.main) await main();

async function main(): Promise<void> {
  closeInheritedDescriptors();
  becomeSubreaper();
  const built = decodeURIComponent(
    new URL("../../build/rondo", import.meta.url).pathname,
  );
  const host = {
    ...denoHost(),
    selfCommand: (args: readonly string[]) => [built, ...args],
  };
  const base = await Deno.makeTempDir({ dir: "/var/tmp" });
  const workspace = `${base}/work`;
  await Deno.mkdir(workspace);
  const start = performance.now();
  await tryBackends(host, { choice: "bwrap" });
  recordValues("proof of bwrap", "ms", [performance.now() - start]);
  const names = ["none", "bwrap", "landlock", "bwrap-landlock"] as const;
  const backends = names.map((name) => openBackend(name, { host, workspace }));
  const times = backends.map((): number[] => []);
  // In turns, so that all see the same machine.
  for (let run = 0; run < RUNS + WARM_RUNS; run++) {
    for (const [at, runTrue] of backends.entries()) {
      const startMs = performance.now();
      await runTrue();
      times[at]?.push(performance.now() - startMs);
    }
  }
  for (const [at, name] of names.entries()) {
    const values = times[at]?.slice(WARM_RUNS) ?? [];
    recordValues(`\`true\`, back end ${name}`, "ms", values);
  }
  await Deno.remove(base, { recursive: true });
}

function openBackend(
  backend: BackendChoice,
  { host, workspace }: {
    readonly host: ReturnType<typeof denoHost>;
    readonly workspace: string;
  },
): () => Promise<unknown> {
  const codexHome = `${workspace}-none`;
  const sandbox = createSandbox({ host, codexHome, backend, reapChild });
  return () =>
    sandbox.run({
      argv: ["true"],
      cwd: workspace,
      workspace,
      env: { PATH: "/usr/bin:/bin" },
      policy: POLICY,
      sandboxed: backend !== "none",
      timeoutMs: 10_000,
      signal: new AbortController().signal,
    });
}
