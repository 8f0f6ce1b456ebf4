/** `rondo batch emit`: the file with which an engine runs a batch, on stdout. */
import { renderFlag } from "../../batch/child_command.ts";
import { parseTasks } from "../../batch/tasks.ts";
import { loadConfig } from "../../config/load.ts";
import { type Provider, providerOf } from "../../config/provider/providers.ts";
import type { CommandLine, Flags } from "../../contract/command_line.ts";
import type { FlagName } from "../../contract/flags.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { VERSION } from "../../protocol/version.ts";
import { isInside, relativeTo, resolvePath } from "../../util/path.ts";
import type { EngineName } from "../../batch/engines/emit.ts";
import { readTasks } from "./checks.ts";
import { defaultOut } from "./out.ts";

/** What the file says in words of its own, or is not meant for the jobs. */
const OWN: ReadonlySet<string> = new Set<FlagName>([
  "out",
  "jobs",
  "shards",
  "containerImage",
]);

/** Prints it. Throws UserError. */
export async function runEmit(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const [engine, file = ""] = args as readonly [EngineName, string];
  // Batches that are run here need none of it.
  const { jobName, renderEngine, shardCount } = await import(
    "../../batch/engines/emit.ts"
  );
  const tasksFile = resolvePath(host.cwd, file);
  const tasks = parseTasks(await readTasks(host, tasksFile), tasksFile);
  const loaded = await loadConfig(host, { flags, canAsk: false });
  const shards = shardCount(engine, {
    asked: flags.shards,
    tasks: tasks.length,
  });
  terminal.stdout.write(renderEngine(engine, {
    name: jobName(tasksFile),
    tasksFile: pathThere(host, engine, tasksFile),
    out: pathThere(host, engine, flags.out ?? defaultOut(tasksFile)),
    shards,
    jobs: flags.jobs ?? LIMITS.batchJobs,
    flags: wordsOf(flags),
    image: flags.containerImage,
    secret: secretOf(providerOf(loaded.config, host)),
    version: VERSION,
  }));
  return await terminal.stdout.flush() ? 0 : 1;
}

// Its jobs see what is below this folder, on nodes of Slurm all that is shared.
function pathThere(host: Host, engine: EngineName, path: string): string {
  const full = resolvePath(host.cwd, path);
  if (isInside(full, host.cwd)) return relativeTo(full, host.cwd);
  if (engine === "slurm") return full;
  throw usageError(
    `Cannot emit for ${engine}: ${full} lies outside of ${host.cwd}, must lie in it`,
  );
}

function wordsOf(flags: Flags): readonly string[] {
  return Object.entries(flags).filter(([name]) => !OWN.has(name))
    .flatMap(([name, value]) => renderFlag(name as FlagName, value));
}

function secretOf({ auth }: Provider): string | undefined {
  switch (auth.type) {
    case "env":
      return auth.name;
    case "login":
      return "OPENAI_API_KEY";
    default:
      return undefined;
  }
}
