/** `[[remote_sandbox_config]]`: other sandbox modes where the machine has a certain name. */
import { configError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { withTimeout } from "../../util/async.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Requirements } from "./requirements.ts";

/** The requirements with the modes of the first entry that names this machine. Throws UserError. */
export async function forThisHost(
  host: Host,
  { remote_sandbox_config: entries, ...requirements }: Requirements,
): Promise<Requirements> {
  if (entries === undefined) return requirements;
  const patterns = entries.flatMap((entry) => entry.hostname_patterns);
  const name = await findName(host, patterns.some((one) => one.includes(".")));
  const entry = entries.find(({ hostname_patterns }) =>
    hostname_patterns.some((pattern) => matchesName(pattern, name))
  );
  return entry === undefined ? requirements : {
    ...requirements,
    allowed_sandbox_modes: entry.allowed_sandbox_modes,
  };
}

// `*` is any text, `?` any character; names have no case.
function matchesName(pattern: string, name: string): boolean {
  const source = pattern.replace(/[^\w*?]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`, "is").test(name);
}

// hostname(1) asks the resolver for the full name; where it cannot, the kernel's is the name.
async function findName(host: Host, needsFull: boolean): Promise<string> {
  const full = await ask(host, ["-f"]);
  const name = full === "" || full === undefined ? await ask(host, []) : full;
  const kernel = name ?? await kernelName(host);
  if (kernel === undefined || (needsFull && full === undefined)) {
    throw configError(
      "Cannot obey remote_sandbox_config: the name of this machine is unknown, must be told by /bin/hostname",
    );
  }
  return kernel;
}

async function kernelName({ files }: Host): Promise<string | undefined> {
  const text = await files.readText("/proc/sys/kernel/hostname")
    .catch(() => undefined);
  return text?.trim();
}

// Empty when it fails, undefined when there is no such program.
async function ask(
  host: Host,
  args: readonly string[],
): Promise<string | undefined> {
  try {
    const child = host.spawn({
      command: "/bin/hostname",
      args: [...args],
      cwd: "/",
      env: {},
      stdin: "null",
      stdout: "pipe",
      stderr: "null",
      detached: true,
    });
    const text = new Response(child.stdout).text();
    const ended = await withTimeout(child.status, LIMITS.gitMs, host);
    if (ended === "timeout") child.kill("SIGKILL");
    return ended === "timeout" || ended.code !== 0
      ? ""
      : (await text).trim().replace(/\.$/, "");
  } catch {
    return undefined;
  }
}
