/** Gives a child a session of its own without forking this process. */
import type { SpawnRequest } from "../protocol/host.ts";

interface SpawnPlan {
  readonly command: string;
  readonly args: string[];
  /** Whether the runtime is to begin the session. */
  readonly detached: boolean;
}

/** Folders that only the system writes: PATH is anybody's. */
const PLACES = ["/usr/bin/setsid", "/bin/setsid"];
const EXECUTABLE = 0o111;

let found: { readonly setsid: string | undefined } | undefined;

/**
 * What to hand to the runtime. For a session it forks, which copies the page tables of
 * the whole process, and then each page that is written to next: half a millisecond, more
 * with every item of a long history. Other children share our memory until they are
 * executed (posix_spawn(3)), so setsid(1) begins the session there and becomes the program.
 */
export function planSpawn(
  { command, detached }: Pick<SpawnRequest, "command" | "detached">,
  args: readonly string[],
): SpawnPlan {
  const setsid = detached && canStart(command) ? findSetsid() : undefined;
  return setsid === undefined
    ? { command, args: [...args], detached }
    : { command: setsid, args: [command, ...args], detached: false };
}

// What cannot be started has to fail here and now; setsid would only end with 126 or 127.
// Under /proc a name means something else to setsid than to us.
function canStart(command: string): boolean {
  return command.startsWith("/") && !command.startsWith("/proc/") &&
    isExecutable(command);
}

function findSetsid(): string | undefined {
  found ??= {
    setsid: Deno.build.os === "linux" ? PLACES.find(isExecutable) : undefined,
  };
  return found.setsid;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & EXECUTABLE) !== 0;
  } catch {
    return false;
  }
}
