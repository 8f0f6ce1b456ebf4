/** A tiny agent for tests that must put it somewhere odd, or kill it. Its argument is an AgentTask. */
import { denoHost } from "../../core/host/host.ts";
import {
  becomeSubreaper,
  closeInheritedDescriptors,
  openLibc,
  reapChild,
} from "../../core/host/system/libc.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { type BackendChoice, createSandbox } from "../../sandbox/mod.ts";
import { runLauncher } from "../../sandbox/backends/launcher.ts";

export interface AgentTask {
  readonly workspace: string;
  readonly script: string;
  readonly policy: SandboxPolicy;
  readonly backend?: BackendChoice;
  readonly isPlain?: boolean;
}

if (Deno.args[0] === "sandbox-exec-linux") runLauncher(Deno.args.slice(1));
else await runTask(JSON.parse(Deno.args[0] ?? "{}"));

async function runTask(task: AgentTask): Promise<void> {
  openLibc();
  closeInheritedDescriptors();
  becomeSubreaper();
  const host = {
    ...denoHost(),
    selfCommand: (args: readonly string[]) => [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-check",
      "--no-config",
      "--allow-all",
      decodeURIComponent(new URL(import.meta.url).pathname),
      ...args,
    ],
  };
  const { workspace, policy, backend = "auto" } = task;
  const codexHome = "/nonexistent/codex";
  const sandbox = createSandbox({ host, codexHome, backend, reapChild });
  const signal = new AbortController().signal;
  try {
    const sandboxStatus = await sandbox.sandboxStatus(policy, workspace);
    const result = await sandbox.run({
      argv: ["sh", "-c", task.script],
      cwd: workspace,
      workspace,
      env: host.envAll(),
      policy,
      sandboxed: task.isPlain !== true,
      timeoutMs: 60_000,
      signal,
      onOutput: (text) => console.error(text),
    });
    console.log(JSON.stringify({ sandboxStatus, result }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
