/** A network of its own, without any process in it: nothing but loopback, and no way out. */
import type {
  Child,
  Host,
  Namespace,
  SpawnRequest,
} from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { withTimeout } from "../../core/util/async.ts";
import { renderProgram } from "../../core/util/program/call_program.ts";
import {
  enterNamespaces,
  type NetworkOwner,
  offerNetwork,
  READY,
  testNetwork,
} from "./network_steps.ts";

export { TEST_PORTS } from "./network_steps.ts";

export type NetworkHost = Pick<
  Host,
  "arch" | "files" | "holdNamespace" | "pid" | "sleep" | "spawn" | "uid"
>;

/** How a command comes into a network. */
export type Entry = Pick<SpawnRequest, "before" | "inherits">;

/** Commands in it reach each other's ports and nobody else's. */
export interface Network {
  readonly entry: Entry;
  /** What is in it runs on; nothing enters it any more. */
  readonly release: () => void;
}

interface NetworkOptions {
  /** Absent, only root can make one. */
  readonly userNamespace: boolean;
}

/** Into a new one with a server on one of TEST_PORTS; one on the other is elsewhere. */
export async function enterTestNetwork(
  host: NetworkHost,
  options: NetworkOptions,
): Promise<Entry> {
  return { before: testNetwork(await readOwner(host, options)), inherits: [] };
}

/** Throws the reason when it cannot be made. */
export async function openNetwork(
  host: NetworkHost,
  options: NetworkOptions,
): Promise<Network> {
  const { arch, pid } = host;
  const steps = offerNetwork(await readOwner(host, options), pid);
  const maker = host.spawn({
    command: "/bin/false",
    args: [],
    image: renderProgram(steps, arch),
    cwd: "/",
    env: {},
    stdin: "null",
    stdout: "pipe",
    stderr: "pipe",
    detached: false,
  });
  try {
    await untilReady(maker, host);
    return hold(host, maker.pid, options);
  } finally {
    maker.kill("SIGKILL");
    await maker.status;
  }
}

async function untilReady(
  { stdout, stderr }: Child,
  host: NetworkHost,
): Promise<void> {
  const reader = stdout?.getReader();
  const first = await withTimeout(
    reader?.read() ?? Promise.resolve(undefined),
    LIMITS.probeMs,
    host,
  );
  await reader?.cancel();
  if (first === "timeout") throw new Error("no answer");
  if (new TextDecoder().decode(first?.value).startsWith(READY)) {
    return await stderr?.cancel();
  }
  const reason = (await new Response(stderr).text()).trim();
  throw new Error(reason === "" ? "no made program can run here" : reason);
}

function hold(
  host: NetworkHost,
  pid: number,
  { userNamespace }: NetworkOptions,
): Network {
  const namespaces: Namespace[] = [];
  const release = (): void => namespaces.forEach((one) => one.release());
  const kinds = userNamespace
    ? ["user", "network"] as const
    : ["network"] as const;
  try {
    for (const kind of kinds) {
      const held = host.holdNamespace?.(pid, kind);
      if (held === undefined) throw new Error("namespaces cannot be held here");
      namespaces.push(held);
    }
    return { entry: enterNamespaces(namespaces), release };
  } catch (error) {
    release();
    throw error;
  }
}

// The group is the effective one, which files and namespaces go by.
async function readOwner(
  { files, pid, uid }: NetworkHost,
  { userNamespace }: NetworkOptions,
): Promise<NetworkOwner> {
  const status = await files.readText(`/proc/${pid}/status`);
  const gid = Number(/^Gid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
  return { userNamespace, uid, gid };
}
