/** Managed policy: what the machine's administrator allows, over every flag and file. */
import { configError, errorReason } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { withTimeout } from "../../util/async.ts";
import { dirname } from "../../util/path.ts";
import { readOptional } from "../file/files.ts";
import { parseToml, type TomlTable } from "../file/toml.ts";
import { isKnownServer, refusalOf, type ServerIdentity } from "./allowed.ts";
import { type Requirements, RequirementsFile, UNHELD } from "./requirements.ts";

export interface Managed {
  readonly requirements: Requirements;
  /** The file, for messages. */
  readonly file: string;
  /** Why settings may not be chosen; undefined when they may. */
  readonly refusal: (patch: Partial<TurnSettings>) => string | undefined;
  /** Why a server of that name and identity may not be started; undefined when it may. */
  readonly serverRefusal: (
    name: string,
    server: ServerIdentity,
  ) => string | undefined;
}

/** Reads `requirements.toml`; one that cannot be read or held ends the run. Throws UserError. */
export async function readManaged(
  host: Host,
  folder: string,
  legacy: TomlTable | undefined,
): Promise<Managed | undefined> {
  const file = `${folder}/requirements.toml`;
  await refuseLost(host, file);
  const text = await readOptional(host, file);
  const parsed = text === undefined
    ? {}
    : parseRequirements(parseToml(text, file), file);
  const requirements = withLegacy(await forThisHost(host, parsed), legacy);
  if (Object.keys(requirements).length === 0) return undefined;
  const source = text === undefined ? `${folder}/managed_config.toml` : file;
  checkHeld(requirements, source);
  return {
    requirements,
    file: source,
    refusal: (patch) => refusalOf(requirements, source, patch),
    serverRefusal: (name, server) =>
      isKnownServer(requirements, name, server)
        ? undefined
        : `"${name}" is not a server that ${source} allows`,
  };
}

/** A file of policy that is there and leads nowhere is no absent one. Throws UserError. */
export async function refuseLost(
  { files }: Host,
  file: string,
): Promise<void> {
  const refuse = (state: string, wanted: string): never => {
    throw configError(`Cannot obey ${file}: ${state}, must ${wanted}`);
  };
  const folder = dirname(file);
  for (const path of [folder, file]) {
    if (await files.lstat(path) === undefined) return;
    const stat = await files.stat(path).catch((error) =>
      refuse(`${path} is out of reach (${errorReason(error)})`, "be readable")
    );
    if (stat === undefined) {
      refuse(`the link ${path} leads nowhere`, "lead to what is there");
    } else if (path === folder && !stat.isDirectory) {
      refuse(`${path} is no folder`, "be one");
    }
  }
}

function parseRequirements(tree: TomlTable, file: string): Requirements {
  const { success, data, error } = RequirementsFile.safeParse(tree);
  if (success) return data;
  const issue = error.issues[0];
  const keys = issue?.code === "unrecognized_keys"
    ? issue.keys.map((key) => [...issue.path, key].join(".")).join(", ")
    : issue?.path.join(".") ?? "";
  const state = issue?.code === "unrecognized_keys"
    ? UNHELD[keys] ?? "is not known, or not built, here"
    : "has a wrong value";
  throw configError(
    `Cannot obey ${file}: "${keys}" ${state}; no run is better than one outside of the policy`,
  );
}

// The old file's two settings allow that one value, and reading.
function withLegacy(
  requirements: Requirements,
  legacy: TomlTable | undefined,
): Requirements {
  const mode = legacy?.["sandbox_mode"];
  const approval = legacy?.["approval_policy"];
  const old = {
    ...(mode !== undefined && { allowed_sandbox_modes: ["read-only", mode] }),
    ...(approval !== undefined && { allowed_approval_policies: [approval] }),
  };
  return { ...old as Requirements, ...requirements };
}

function checkHeld(requirements: Requirements, file: string): void {
  const { allowed_sandbox_modes: modes } = requirements;
  const { allowed_login_methods: logins, allowed_approvals_reviewers: who } =
    requirements;
  const problem = modes !== undefined && !modes.includes("read-only")
    ? 'allowed_sandbox_modes: it lacks "read-only", must have it'
    : logins !== undefined && !logins.includes("api")
    ? 'allowed_login_methods: it lacks "api", and only API keys are supported'
    : who !== undefined && !who.includes("user")
    ? 'allowed_approvals_reviewers: it lacks "user", and nobody else reviews'
    : isDefaultMissing(requirements)
    ? 'allowed_permission_profiles: default_permissions is missing, must be set unless ":workspace" and ":read-only" are both allowed'
    : undefined;
  if (problem === undefined) return;
  throw configError(`Cannot obey ${problem} (${file})`);
}

// With both, ":workspace" is the default.
function isDefaultMissing(
  { allowed_permission_profiles: allowed, default_permissions: chosen }:
    Requirements,
): boolean {
  return allowed !== undefined && chosen === undefined &&
    !(allowed[":workspace"] && allowed[":read-only"]);
}

/** The requirements with the modes of the first entry that names this machine. Throws UserError. */
async function forThisHost(
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
