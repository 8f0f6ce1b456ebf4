/** Which process is meant by a pid: of that start, boot and space. */

interface ProcessHost {
  readonly pid: number;
  readonly files: {
    readText(path: string): Promise<string>;
    readLink(path: string): Promise<string>;
  };
  isAlive(pid: number): boolean;
}

/** Where a pid means something; parts are empty where they are unknown. */
interface PidPlace {
  readonly machine: string;
  readonly boot: string;
  readonly pidSpace: string;
}

/** Two processes are the same when all of it is. */
export interface ProcessIdentity extends PidPlace {
  readonly pid: number;
  /** When the process started, in the kernel's own ticks; empty where unknown. */
  readonly processStart: string;
}

/** This process. */
export async function readIdentity(
  host: ProcessHost,
): Promise<ProcessIdentity> {
  return {
    pid: host.pid,
    processStart: await readProcessStart(host, host.pid),
    ...await readPlace(host),
  };
}

/** `foreign`: of another container or machine, where its pid says nothing here. */
export async function readLife(
  host: ProcessHost,
  owner: ProcessIdentity,
): Promise<"alive" | "dead" | "foreign"> {
  const here = await readPlace(host);
  if (owner.machine === here.machine && owner.boot !== here.boot) return "dead";
  if (owner.boot !== here.boot || owner.pidSpace !== here.pidSpace) {
    return "foreign";
  }
  if (!host.isAlive(owner.pid)) return "dead";
  if (await isDefunct(host, owner.pid)) return "dead";
  const start = await readProcessStart(host, owner.pid);
  return start === owner.processStart || start === "" ? "alive" : "dead";
}

/** Whether it has ended and nobody has asked how: as long as that takes, its pid stays. */
export async function isDefunct(
  host: Pick<ProcessHost, "files">,
  pid: number,
): Promise<boolean> {
  const [state = ""] = await readStat(host, pid);
  return state === "Z" || state === "X";
}

async function readProcessStart(
  host: ProcessHost,
  pid: number,
): Promise<string> {
  return (await readStat(host, pid))[19] ?? "";
}

// Fields 3 and later of /proc/PID/stat, proc_pid_stat(5); the name in field 2 may hold spaces.
async function readStat(
  { files }: Pick<ProcessHost, "files">,
  pid: number,
): Promise<readonly string[]> {
  const text = await readOrEmpty(() => files.readText(`/proc/${pid}/stat`));
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

async function readPlace(host: ProcessHost): Promise<PidPlace> {
  const kernel = "/proc/sys/kernel";
  const [machine, boot, pidSpace] = await Promise.all([
    readOrEmpty(() => host.files.readText(`${kernel}/hostname`)),
    readOrEmpty(() => host.files.readText(`${kernel}/random/boot_id`)),
    readOrEmpty(() => host.files.readLink("/proc/self/ns/pid")),
  ]);
  return { machine: machine.trim(), boot: boot.trim(), pidSpace };
}

async function readOrEmpty(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch {
    return "";
  }
}
