/** A real machine for tests of the sandbox: workspaces, hosts, and commands run in them. */
import assert from "node:assert/strict";
import { denoHost } from "../../core/host/host.ts";
import { becomeSubreaper, reapChild } from "../../core/host/system/libc.ts";
import type {
  CommandRequest,
  CommandResult,
} from "../../core/protocol/command.ts";
import type { Host } from "../../core/protocol/host.ts";
import {
  createSandbox,
  type SandboxOptions,
  type SessionSandbox,
} from "../../sandbox/mod.ts";
import { workspaceWrite } from "../support/settings.ts";

const LAUNCHER = decodeURIComponent(
  new URL("./launcher_main.ts", import.meta.url).pathname,
);

export const LINUX = { ignore: Deno.build.os !== "linux" };
export const HAS_BWRAP = isFile("/usr/bin/bwrap");

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** The back ends to test here; a missing bubblewrap is said, or a failure where required. */
export function backendsHere(): readonly ("bwrap" | "landlock" | "none")[] {
  if (HAS_BWRAP) return ["bwrap", "landlock", "none"];
  assert.notEqual(
    Deno.env.get("SANDBOX_REQUIRED"),
    "1",
    "bubblewrap is missing",
  );
  console.error("  SKIPPED: bubblewrap is not installed");
  return ["landlock", "none"];
}

/** This machine, with the launcher run from source. */
export function testHost(change: Partial<Host> = {}): Host {
  return {
    ...denoHost(),
    env: (name) => name === "TMPDIR" ? undefined : Deno.env.get(name),
    selfCommand: (args) => [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-check",
      "--no-config",
      "--allow-all",
      LAUNCHER,
      ...args,
    ],
    ...change,
  };
}

export interface Place extends AsyncDisposable {
  /** Not writable for commands, unless it says otherwise. */
  readonly base: string;
  readonly workspace: string;
  readonly sandbox: SessionSandbox;
  run(
    script: string,
    change?: Partial<CommandRequest>,
  ): Promise<CommandResult>;
}

/** A workspace outside of /tmp, and a sandbox for it. */
export async function openPlace(
  options: Partial<SandboxOptions> = {},
): Promise<Place> {
  becomeSubreaper();
  const base = await Deno.realPath(
    await Deno.makeTempDir({ dir: "/var/tmp", prefix: "rondo-sandbox-" }),
  );
  const workspace = `${base}/ws`;
  await Deno.mkdir(workspace);
  const sandbox = createSandbox({
    host: testHost(),
    codexHome: `${base}/codex`,
    reapChild,
    ...options,
  });
  return {
    base,
    workspace,
    sandbox,
    run: async (script, change = {}) =>
      await sandbox.run(request(workspace, ["sh", "-c", script], change)),
    [Symbol.asyncDispose]: async () => {
      await Deno.remove(base, { recursive: true });
    },
  };
}

/** A request with everything ordinary but what is changed. */
export function request(
  workspace: string,
  argv: readonly string[],
  change: Partial<CommandRequest> = {},
): CommandRequest {
  return {
    argv,
    cwd: workspace,
    workspace,
    env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    policy: workspaceWrite(),
    sandboxed: true,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    ...change,
  };
}

/** Processes whose command line holds the word, other than kernel threads. */
export async function processesWith(word: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() =>
      ""
    );
    if (line.includes(word) && Number(name) !== Deno.pid) {
      found.push(Number(name));
    }
  }
  return found;
}

/** Waits until the condition holds; fails after ten seconds. */
export async function eventually(
  holds: () => Promise<boolean>,
  what: string,
): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  assert.fail(`Never happened: ${what}`);
}

/** Names in a folder, sorted. */
export async function namesIn(path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.map(({ name }) => name).sort();
}
