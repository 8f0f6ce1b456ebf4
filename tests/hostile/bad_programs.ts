/** Programs that the person named, and that behave badly: they hang, flood, die, or leave children. */
import assert from "node:assert/strict";
import { newMarker } from "../e2e/support.ts";
import { call, say } from "../support/mock_model.ts";
import {
  openStage,
  runJson,
  type RunOptions,
  type Situation,
  type Stage,
} from "./situation.ts";
import { renderToml } from "./odd_places.ts";

/** Shell scripts. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "fails": "exit 3",
  "is not found": "exit 127",
  "kills itself": "kill -KILL $$",
  "aborts": "kill -ABRT $$",
  "stops itself": "kill -STOP $$",
  "hangs": "exec sleep 600",
  "hangs, deaf to SIGTERM": "trap '' TERM INT HUP; while :; do sleep 600; done",
  "closes its outputs and hangs": "exec >&- 2>&-; exec sleep 600",
  "closes its input and hangs": "exec <&-; exec sleep 600",
  "floods stdout": "exec yes",
  "floods stderr": "exec yes >&2",
  "floods stdout with one line": "exec cat /dev/zero",
  "writes bytes that are no text": "printf '\\377\\376\\000\\300\\200\\n'",
  "writes JSON nested deeply": "head -c 200000 /dev/zero | tr '\\0' '['; echo",
  "writes a megabyte of braces":
    "head -c 1000000 /dev/zero | tr '\\0' '{'; echo",
  "writes an answer without an end":
    `printf '{"decision":"approve"'; exec sleep 600`,
  "writes control characters": "printf '\\033]0;x\\007\\033[2J\\r\\b\\n'",
  "leaves a child that holds its outputs": "sleep 600 & exit 0",
  "leaves a child of another session":
    "setsid sleep 600 >/dev/null 2>&1 & exit 0",
  "reads nothing and ends late": "exec 0</dev/null; sleep 1; exit 0",
  "writes to a terminal": "echo rondo-bad >/dev/tty; exit 0",
};

interface Use {
  /** Arguments and what the model does, so that the program is run. */
  readonly ready: (
    stage: Stage,
    path: string,
  ) => readonly string[] | Promise<readonly string[]>;
  readonly env?: (path: string) => NonNullable<RunOptions["env"]>;
  /** It may leave a sound that plays, a server: it is the person's program, and has ended. */
  readonly mayLeave?: true;
  /** Nobody waits for it: it is started when all is over. */
  readonly isLast?: true;
  /** Its stderr is the person's own. */
  readonly isHeard?: true;
}

const TOUCH = call("shell", { command: ["touch", "made"] });

const USES: Readonly<Record<string, Use>> = {
  "notify": {
    ready: (_stage, path) => settings({ notify: [path] }),
    isLast: true,
  },
  "an MCP server": {
    ready: (_stage, path) =>
      settings({ "mcp_servers.m": { command: path, startup_timeout_sec: 1 } }),
  },
  "the key's command": {
    ready: (_stage, path) =>
      settings({
        "model_providers.mock.auth": { command: path, timeout_ms: 1000 },
      }),
  },
  "the approvals program": {
    ready: (stage, path) => {
      stage.model.add(TOUCH);
      return [
        "--approvals",
        `exec:${path}`,
        "--sandbox",
        "workspace-write",
        "-c",
        'approval_policy="untrusted"',
        "--timeout",
        "4s",
      ];
    },
    isHeard: true,
  },
  ...Object.fromEntries(
    [
      "SessionStart",
      "UserPromptSubmit",
      "PreToolUse",
      "PostToolUse",
      "Stop",
      "SessionEnd",
    ]
      .map((event): [string, Use] => [`a hook of ${event}`, {
        ready: async (stage, path) => {
          if (event.endsWith("ToolUse")) stage.model.add(TOUCH);
          const hook = { type: "command", command: path, timeout: 1 };
          await Deno.writeTextFile(
            `${stage.home.codexHome}/hooks.json`,
            JSON.stringify({ hooks: { [event]: [{ hooks: [hook] }] } }),
          );
          return [];
        },
        mayLeave: true,
      }]),
  ),
  "the shell of the login": {
    ready: (stage) => {
      stage.model.add(call("shell", { command: ["bash", "-lc", "true"] }));
      return ["--timeout", "4s"];
    },
    env: (path) => ({ SHELL: path }),
  },
};

function settings(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([key, value]) => [
    "-c",
    `${key}=${renderToml(value)}`,
  ]);
}

const QUICK = /^(an MCP server|a hook of Stop): (hangs|floods stdout|closes)/;

/** Every such program, wherever one can be named. */
export function badPrograms(): Situation[] {
  return Object.entries(USES).flatMap(([place, use]) =>
    Object.entries(PROGRAMS).filter(([name]) =>
      use.isHeard !== true || name !== "floods stderr"
    ).map(([name, script]) => ({
      kind: "programs that behave badly",
      name: `${place}: ${name}`,
      isQuick: QUICK.test(`${place}: ${name}`),
      run: () => tryProgram(use, script),
    }))
  );
}

async function tryProgram(use: Use, script: string): Promise<void> {
  await using stage = await openStage({ script: () => say("done") });
  const path = `${stage.home.root}/program`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const mark = newMarker();
  const args = await use.ready(stage, path);
  const env = { MARK: mark, ...use.env?.(path) };
  let left: readonly number[] = [];
  try {
    await runJson(stage, args, { env });
  } finally {
    left = await leftOf(mark);
    left.forEach(end);
  }
  const mayStay = use.isLast === true || /setsid/.test(script) ||
    (use.mayLeave === true && script.includes("sleep 600 &"));
  assert.ok(mayStay || left.length === 0, `${left.length} left: ${script}`);
}

/** The processes that have the mark in their environment, when it had time to end them. */
async function leftOf(mark: string): Promise<readonly number[]> {
  for (let waitedMs = 0;; waitedMs += 100) {
    const left = processesOf(mark);
    if (left.length === 0 || waitedMs > 5_000) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function processesOf(mark: string): readonly number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name))
    .filter((pid) => pid > 0 && environmentOf(pid).includes(`MARK=${mark}`));
}

function end(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has just come to its end.
  }
}

function environmentOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`);
  } catch {
    return "";
  }
}
