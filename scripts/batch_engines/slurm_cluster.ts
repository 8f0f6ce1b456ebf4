/** A Slurm of one node in a folder of its own, on loopback ports of its own. */
import assert from "node:assert/strict";
import { run } from "./run.ts";

const CPUS = 8;
const MEMORY_MB = 16_000;
const TRIES = 150;

/** Daemons that run until it is disposed of. */
export interface SlurmCluster extends AsyncDisposable {
  /** What its clients need. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts munged, slurmctld and slurmd, and waits until the node takes jobs. */
export async function startSlurm(folder: string): Promise<SlurmCluster> {
  for (const name of ["state", "spool", "log"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  const key = crypto.getRandomValues(new Uint8Array(128));
  await Deno.writeFile(`${folder}/munge.key`, key, { mode: 0o400 });
  const conf = `${folder}/slurm.conf`;
  await Deno.writeTextFile(conf, configOf(folder));
  const env = { SLURM_CONF: conf };
  const children: Deno.ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) {
      child.kill("SIGTERM");
      await child.status;
    }
  };
  try {
    children.push(startMunge(folder));
    await until(async () =>
      await Deno.stat(`${folder}/munge.sock`).then(() => true, () => false)
    );
    for (const name of ["slurmctld", "slurmd"]) {
      children.push(start(`/usr/sbin/${name}`, ["-D", "-f", conf], env));
    }
    await until(async () => {
      const info = await run(["sinfo", "-h", "-o", "%t"], {
        cwd: folder,
        env: { ...env, PATH: Deno.env.get("PATH") ?? "" },
        codes: [0, 1],
      });
      return info.trim() === "idle";
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, [Symbol.asyncDispose]: stop };
}

function startMunge(folder: string): Deno.ChildProcess {
  return start("/usr/sbin/munged", [
    "--foreground",
    "--force",
    `--socket=${folder}/munge.sock`,
    `--key-file=${folder}/munge.key`,
    `--pid-file=${folder}/munged.pid`,
    `--log-file=${folder}/log/munged`,
    `--seed-file=${folder}/munged.seed`,
  ]);
}

function start(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

function configOf(folder: string): string {
  const host = Deno.hostname().split(".")[0];
  const [controller, node] = [freePort(), freePort()];
  return `ClusterName=rondo
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.sock
CredType=cred/munge
SlurmctldPort=${controller}
SlurmdPort=${node}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/log/slurmctld
SlurmdLogFile=${folder}/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${CPUS} RealMemory=${MEMORY_MB} State=UNKNOWN
PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail("Slurm does not come up; its logs are in its folder");
}
