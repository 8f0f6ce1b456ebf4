/** A tiny agent: one command with servers lives, others with more, less or the same rights try to reach it. Its argument is a CrossingTask. */
import { denoHost } from "../../core/host/host.ts";
import {
  becomeSubreaper,
  closeInheritedDescriptors,
  openLibc,
  reapChild,
} from "../../core/host/system/libc.ts";
import type { CommandRequest } from "../../core/protocol/command.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { type BackendChoice, createSandbox } from "../../sandbox/mod.ts";

export interface CrossingTask {
  readonly workspace: string;
  /** Writable as well for those with more rights. */
  readonly extra: string;
  readonly tricks: string;
  readonly backend: BackendChoice;
  /** Without any sandbox: the positive control. */
  readonly isPlain: boolean;
  readonly cases: readonly { readonly id: string; readonly script: string }[];
}

/** By whom, then by case: whether what the script tries came to pass. */
export type CrossingResult = Readonly<
  Record<string, Readonly<Record<string, boolean>>>
>;

const SERVERS = `
import os, pty, socket, subprocess, sys, threading
name, tricks, key = sys.argv[1:]
def accept(server):
    while True: server.accept()[0].close()
def echo(server):
    while True: server.sendto(*server.recvfrom(64))
tcp = socket.create_server(("127.0.0.1", 0))
port = tcp.getsockname()[1]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0" + name)
abstract.listen()
servers = [tcp, abstract]
try: servers.append(socket.create_server(("::1", port), family=socket.AF_INET6))
except OSError: pass
for one in servers: threading.Thread(target=accept, args=(one,), daemon=True).start()
threading.Thread(target=echo, args=(udp,), daemon=True).start()
open("/dev/shm/" + name, "w").write("x")
subprocess.run([tricks, "shm-make", key])
master, slave = pty.openpty()
print("ready", port, udp.getsockname()[1], os.ttyname(slave), flush=True)
threading.Event().wait()
`;

const WRITE = {
  mode: "workspace-write",
  writableRoots: [],
  networkAccess: false,
  excludeTmpdirEnvVar: false,
  excludeSlashTmp: false,
  gitCommits: false,
  allowUnixSockets: true,
  denyRead: [],
} as const satisfies SandboxPolicy;

await play(JSON.parse(Deno.args[0] ?? "{}"));

async function play(task: CrossingTask): Promise<void> {
  openLibc();
  closeInheritedDescriptors();
  becomeSubreaper();
  const host = {
    ...denoHost(),
    selfCommand: () => ["/nonexistent/launcher"],
  };
  const { backend, isPlain, tricks, workspace } = task;
  const codexHome = "/nonexistent/codex";
  const sandbox = createSandbox({ host, codexHome, backend, reapChild });
  const run = (
    argv: readonly string[],
    policy: SandboxPolicy,
    more: Partial<CommandRequest>,
  ) =>
    sandbox.run({
      argv,
      cwd: workspace,
      workspace,
      threadId: "one",
      policy,
      sandboxed: !isPlain,
      timeoutMs: 120_000,
      signal: new AbortController().signal,
      onStart: () => {},
      ...more,
      env: { ...env, ...more.env },
    });
  const name = `rondo-cross-${host.newId()}`;
  const key = String(33_000_000 + Deno.pid);
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };
  const over = new AbortController();
  const said = Promise.withResolvers<string>();
  const servers = run(
    ["/usr/bin/python3", "-c", SERVERS, name, tricks, key],
    WRITE,
    {
      signal: over.signal,
      env: { RONDO_TEST_SECRET: "hidden" },
      onOutput: said.resolve,
    },
  );
  servers.then(({ output }) => said.reject(new Error(output.head)));
  const [, tcp = "", udp = "", tty = ""] = (await said.promise).trim().split(
    " ",
  );
  // The control has one of the kind, too.
  const held = host.holdNamespace?.(Deno.pid, "network");
  const results: Record<string, Record<string, boolean>> = {};
  const attackers: Readonly<Record<string, SandboxPolicy>> = {
    same: WRITE,
    wider: { ...WRITE, writableRoots: [task.extra] },
    read: { mode: "read-only", networkAccess: false, denyRead: [] },
  };
  for (const [who, policy] of Object.entries(attackers)) {
    const script = task.cases.map(({ id, script }) =>
      `(timeout -k 1 10 sh -ec '${script}') </dev/null >/dev/null 2>&1\necho "CASE ${id} $?"`
    ).join("\n");
    const { output } = await run(["sh", "-c", script], policy, {
      env: {
        T: tricks,
        TCP: tcp,
        UDP: udp,
        TTY: tty,
        NAME: name,
        KEY: key,
        VICTIM: String(await findProcess(name)),
        AGENT: String(Deno.pid),
        OWN: isPlain ? "unshare -Urn" : "env",
      },
    });
    results[who] = Object.fromEntries(
      [...output.head.matchAll(/^CASE (\w+) (\d+)$/gm)]
        .map(([, id, code]) => [id, code === "0"]),
    );
  }
  held?.release();
  await run([tricks, "shm-drop", key], WRITE, {});
  await Deno.remove(`/dev/shm/${name}`).catch(() => {});
  over.abort();
  await servers;
  console.log(JSON.stringify(results));
}

/** The python that has the name as its word; what starts it has it, too. */
async function findProcess(name: string): Promise<number> {
  for await (const { name: pid } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() =>
      ""
    );
    if (line.startsWith("/usr/bin/python3\0") && line.includes(name)) {
      return Number(pid);
    }
  }
  throw new Error(`no process of ${name}`);
}
