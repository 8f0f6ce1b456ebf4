/** Reaching what is outside: network, sockets, processes, terminals, descriptors, environment. */
import {
  allowed,
  denied,
  type EscapeCase,
  type Gap,
  SIGNAL_GAP,
} from "./cases.ts";

const PYTHON = { needs: "python3" } as const;
/** There is no private network under Landlock: what would need one is closed. */
const NO_LOOPBACK: { gaps: readonly Gap[] } = { gaps: ["landlock"] };
/** New terminals and those of the person are of one kind there, so none may be written. */
const NO_TERMINALS: { gaps: readonly Gap[] } = { gaps: ["landlock"] };
/** Landlock before version 2 moves nothing from folder to folder; mv then copies. */
const NO_MOVES: { gaps: readonly Gap[] } = { gaps: ["landlock<2"] };
const SIGNALS = { gaps: SIGNAL_GAP };

export const OUTSIDE_CASES: readonly EscapeCase[] = [
  denied(
    "N01 a TCP server of the host",
    '"$T" tcp 127.0.0.1 "$(cat "$SERVE/tcp")"',
  ),
  // A private network has nobody to refuse a datagram: it is sent, and read by no one.
  denied(
    "N02 a UDP server of the host",
    '"$T" udp 127.0.0.1 "$(cat "$SERVE/udp")" && sleep 0.1 && "$T" udp 127.0.0.1 "$(cat "$SERVE/udp")"',
    { gaps: ["bwrap"] },
  ),
  denied("N03 a unix socket by path", '"$T" unix-stream "$SERVE/s"'),
  denied("N04 a unix datagram socket", '"$T" unix-dgram "$SERVE/d"'),
  denied("N05 an abstract socket", '"$T" unix-stream "$ABSTRACT"'),
  denied("N06 a datagram pair to a named socket", '"$T" unix-pair "$SERVE/d"'),
  denied("N07 send to a named socket", '"$T" unix-send "$SERVE/d"'),
  denied("N08 a socket of the hypervisor", '"$T" vsock'),
  denied("N09 raw packets", '"$T" socket 17 3 768', { rootOnly: true }),
  denied("N10 raw IP", '"$T" socket 2 3 1', { rootOnly: true }),
  denied("N11 the crypto interface", '"$T" socket 38 5'),
  denied("N12 a family with high bits set", '"$T" socket-high'),
  denied("N13 TIPC", '"$T" socket 30 1'),
  denied("N14 Bluetooth", '"$T" socket 31 3'),
  denied("N15 rings of requests", '"$T" uring'),
  denied(
    "N16 bash's own connections",
    'bash -c "exec 3<>/dev/tcp/127.0.0.1/$(cat "$SERVE/tcp")"',
  ),
  denied(
    "N17 python's connections",
    'python3 -c "import socket,sys; socket.create_connection((\'127.0.0.1\', int(open(sys.argv[1]).read())), 2)" "$SERVE/tcp"',
    PYTHON,
  ),
  denied(
    "N18 IPv4 mapped in IPv6",
    'python3 -c "import socket,sys; s=socket.socket(socket.AF_INET6); s.connect((\'::ffff:127.0.0.1\', int(open(sys.argv[1]).read())))" "$SERVE/tcp"',
    PYTHON,
  ),
  allowed(
    "N19 a unix socket with the network open",
    '"$T" unix-stream "$SERVE/s"',
    { policy: "network" },
  ),
  allowed(
    "N20 an abstract socket with the network open",
    '"$T" unix-stream "$ABSTRACT"',
    { policy: "network" },
  ),
  denied("N21 the hypervisor with the network open", '"$T" vsock', {
    policy: "network",
  }),
  allowed(
    "N22 a datagram pair with the network open",
    '"$T" unix-pair "$SERVE/d"',
    { policy: "network" },
  ),
  denied(
    "N23 TCP with unix sockets open",
    '"$T" tcp 127.0.0.1 "$(cat "$SERVE/tcp")"',
    { policy: "sockets" },
  ),
  denied("N24 the hypervisor with unix sockets open", '"$T" vsock', {
    policy: "sockets",
  }),
  allowed(
    "N25 TCP with the network open",
    '"$T" tcp 127.0.0.1 "$(cat "$SERVE/tcp")"',
    { policy: "network" },
  ),
  allowed(
    "N26 UDP with the network open",
    '"$T" udp 127.0.0.1 "$(cat "$SERVE/udp")"',
    { policy: "network" },
  ),
  allowed(
    "N27 unix sockets when they are open",
    '"$T" unix-stream "$SERVE/s"',
    { policy: "sockets" },
  ),
  allowed("N28 a server of its own", '"$T" loopback', NO_LOOPBACK),
  allowed("N29 a stream pair", '"$T" pair-stream'),

  denied("P01 signal a process", '"$T" kill "$VICTIM" 18', SIGNALS),
  denied("P02 signal a group", '"$T" kill "-$VICTIM" 18', SIGNALS),
  denied("P03 signal a thread", '"$T" tgkill "$VICTIM"', SIGNALS),
  denied("P04 queue a signal", '"$T" queue "$VICTIM"', SIGNALS),
  denied("P05 signal through a descriptor", '"$T" pidfd-signal "$VICTIM"'),
  denied("P06 take a descriptor", '"$T" pidfd-take "$VICTIM"'),
  denied("P07 trace a process", '"$T" attach "$VICTIM"'),
  denied("P08 be traced", '"$T" traceme'),
  denied(
    "P09 read memory by call",
    'a=$(head -n1 "/proc/$VICTIM/maps" | cut -d- -f1); "$T" memory "$VICTIM" "$a"',
  ),
  denied(
    "P10 read memory by file",
    'head -c1 "/proc/$VICTIM/mem" 2>&1 | grep -q "Input/output"',
  ),
  denied(
    "P11 read an environment",
    'tr "\\0" "\\n" < "/proc/$VICTIM/environ" | grep -q SECRET',
  ),
  denied(
    "P12 find the secret in any environment",
    'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep -q "^RONDO_TEST_SECRET="',
  ),
  denied(
    "P14 see another's command line",
    'grep -aq sleep "/proc/$VICTIM/cmdline"',
    { gaps: ["landlock", "bwrap-noproc"] },
  ),
  denied("P15 slow a process down", '"$T" nice "$VICTIM"'),
  denied("P16 change a process's limits", '"$T" limit "$VICTIM"'),
  denied("P17 change its scheduling", '"$T" sched "$VICTIM"'),
  denied("P18 change its I/O priority", '"$T" ioprio "$VICTIM"'),
  denied("P29 pin a process to processors", '"$T" affinity "$VICTIM"'),
  denied("P30 slow all processes of the user down", '"$T" nice-all', {
    gaps: ["bwrap"],
  }),
  denied(
    "P31 leave a program that runs as its owner",
    'cp /bin/true t; "$T" setuid t',
  ),
  denied("P32 make one while opening it", '"$T" open-setuid t'),
  denied("P33 make one as a node", '"$T" node-setuid t'),
  denied("P34 make one by descriptor", 'echo > t; "$T" fchmod-setuid t'),
  denied("P35 keep one with its mode", "cp -p /usr/bin/passwd t; test -u t"),
  denied(
    "P19 compare kernel objects",
    '"$T" reach 312 "$VICTIM" "$VICTIM" 0 0 0',
    { x86Only: true },
  ),
  denied("P20 inherit a stray descriptor", '"$T" stray "$STRAY"'),
  denied(
    "P21 keep capabilities",
    "grep -q 'CapEff:.*[1-9a-f]' /proc/self/status",
    { rootOnly: true },
  ),
  denied(
    "P22 gain privileges by exec",
    "grep -q 'NoNewPrivs:.*0' /proc/self/status",
  ),
  denied("P23 shared memory of another", '"$T" shm-find 32343'),
  denied("P24 keep a ring of keys", '"$T" keyring'),
  denied("P25 read the ring of keys", '"$T" keyctl'),
  denied("P26 become another user", '"$T" uid 65534', { rootOnly: true }),
  denied(
    "P27 see another's files",
    'readlink "/proc/$VICTIM/fd/9"',
  ),
  denied("P28 enter another's root", 'ls "/proc/$VICTIM/root/" | grep -q etc'),

  denied("T01 push a key into a terminal", '"$T" push-key'),
  denied("T02 push a key with high bits set", '"$T" push-key-high'),
  denied("T03 paste on a console", '"$T" console-key'),
  denied("T04 open a terminal outside", ': 3<>"$(cat "$SERVE/tty")"'),
  denied("T07 read a terminal outside", ': 3<"$(cat "$SERVE/tty")"'),
  denied("T08 write to a named pipe outside", '"$T" pipe-write "$SERVE/pipe"', {
    gaps: ["pipes"],
  }),
  denied("T05 run another architecture's calls", '"$T" int80', {
    x86Only: true,
  }),
  denied("T06 run x32 calls", '"$T" x32', { x86Only: true }),
];

const UNSHARED = [
  ["mount", "20000"],
  ["cgroup", "2000000"],
  ["host name", "4000000"],
  ["IPC", "8000000"],
  ["user", "10000000"],
  ["PID", "20000000"],
  ["network", "40000000"],
] as const;

/** Calls that reach the kernel's inner rooms; the arguments are such that nothing happens. */
const REACHED = [
  ["bpf", "321 0 0 0"],
  ["performance events", "298 0 0 0 0 0"],
  ["fault handling in user space", "323 0"],
  ["kernel log", "103 10 0 0"],
  ["mounting", "165 0 0 0 0 0"],
  ["unmounting", "166 0 0"],
  ["changing the root", "161 0"],
  ["turning the root", "155 0 0"],
  ["opening a tree", "428 -1 0 0"],
  ["moving a mount", "429 -1 0 -1 0 0"],
  ["opening a file system", "430 0 0"],
  ["picking a file system", "433 -1 0 0"],
  ["mount attributes", "442 -1 0 0 0 0"],
  ["loading a module", "313 -1 0 0"],
  ["loading a module from memory", "175 0 0 0"],
  ["removing a module", "176 0 0"],
  ["loading a kernel", "320 -1 -1 0 0 0"],
  ["swapping", "167 0 0"],
  ["ports", "173 0 1 0"],
  ["segments", "154 0 0 0"],
  ["quotas", "179 8388608 0 0 0"],
  ["opening by handle", "304 -1 0 0"],
  ["watching the file system", "300 0 0"],
  ["advising another process", "440 -1 0 0 0 0"],
  ["setting the clock", "164 0 0"],
  ["entering a ring", "426 -1 0 0 0 0"],
] as const;

export const KERNEL_CASES: readonly EscapeCase[] = [
  ...UNSHARED.map(([what, flag], index) =>
    denied(
      `K${pad(index + 1)} leave the ${what} namespace`,
      `"$T" unshare ${flag}`,
    )
  ),
  denied("K08 a new user namespace by clone", '"$T" clone 10000000'),
  denied("K09 a new user namespace by clone3", '"$T" clone3 10000000'),
  denied("K10 a new network by clone", '"$T" clone 40000000'),
  denied("K11 mounts by clone3", '"$T" clone3 10020000'),
  denied("K12 enter its own network again", '"$T" setns /proc/self/ns/net', {
    rootOnly: true,
  }),
  denied("K13 enter another's mounts", '"$T" setns "/proc/$VICTIM/ns/mnt"', {
    rootOnly: true,
  }),
  denied("K14 the unshare command", "unshare -r true"),
  denied("K15 the mount command", "mkdir m; mount -t tmpfs none m; umount m", {
    rootOnly: true,
  }),
  denied("K16 remount the root writable", "mount -o remount,rw /", {
    rootOnly: true,
  }),
  denied(
    "K17 bind a folder over another",
    'mkdir m; mount --bind "$OUT" m; umount m',
    { rootOnly: true },
  ),
  denied("K18 the chroot command", "chroot / /bin/true", { rootOnly: true }),
  ...REACHED.map(([what, call], index) =>
    denied(`S${pad(index + 1)} ${what}`, `"$T" reach ${call}`, {
      x86Only: true,
    })
  ),
];

export const USE_CASES: readonly EscapeCase[] = [
  allowed(
    "U01 make, append, move, remove",
    "echo a > f; echo b >> f; mv f g; cp g h; rm g; test -e h",
  ),
  allowed("U02 temporary files", 'f=$(mktemp); echo x > "$f"; rm "$f"'),
  allowed(
    "U03 rename between folders",
    "mkdir a b; echo x > a/f; mv a/f b/g; test -e b/g",
  ),
  allowed("U04 hard links", "echo x > f; ln f g; test f -ef g", NO_MOVES),
  allowed(
    "U05 metadata in the workspace",
    "echo x > f; chmod 600 f; touch -d 2001-01-01 f",
  ),
  allowed("U06 a broken pipe ends a program", "yes | head -n1"),
  allowed("U07 background jobs", "sleep 0.01 & wait"),
  allowed(
    "U08 pipes with names",
    "mkfifo p; cat p > o & echo x > p; wait; grep x o",
  ),
  allowed("U09 locks", "echo x > f; flock f true"),
  allowed(
    "U10 compile and run",
    'printf "int main(){return 0;}" > a.c; gcc a.c -o a; ./a',
    { needs: "gcc" },
  ),
  allowed(
    "U11 python and its processes",
    "python3 -c \"import multiprocessing as m; p=m.get_context('fork').Pool(2); assert p.map(abs,[-1,-2])==[1,2]; p.close(); p.join()\"",
    PYTHON,
  ),
  allowed(
    "U12 python's event loop",
    `python3 - <<'END'
import asyncio
async def run():
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
asyncio.run(run())
END`,
    PYTHON,
  ),
  allowed(
    "U13 archives",
    "mkdir t; echo x > t/f; tar cf t.tar t; rm -r t; tar xf t.tar; test -e t/f",
  ),
  allowed(
    "U14 copy with attributes",
    "mkdir t; echo x > t/f; cp -a t u; test -e u/f",
  ),
  allowed("U15 programs from memory", '"$T" exec-memory'),
  allowed(
    "U16 look at itself",
    "cat /proc/self/status > /dev/null; ls /proc/self/fd > /dev/null",
  ),
  // The /proc of the host is there, and its numbers are those of the host.
  allowed("U26 list processes", "ps > /dev/null", { gaps: ["bwrap-noproc"] }),
  allowed(
    "U17 pseudo terminals",
    "python3 -c \"import pty,os; m,s=pty.openpty(); os.write(s,b'x'); assert os.read(m,1)==b'x'\"",
    { ...PYTHON, ...NO_TERMINALS },
  ),
  allowed(
    "U18 random numbers and nothing",
    "head -c4 /dev/urandom > /dev/null; cat < /dev/null",
  ),
  allowed("U19 many processes", "seq 20 | xargs -P4 -n1 true"),
  allowed("U20 files of the host", "grep -q root /etc/passwd"),
  allowed("U21 signals among its own", "sleep 9 & kill $!; wait || true"),
  allowed(
    "U22 scripts with their own shell",
    'printf "#!/bin/sh\\nexit 0\\n" > s; chmod +x s; ./s',
  ),
  allowed("U23 limits of its own", "ulimit -n 64; ulimit -c 0; nice -n 1 true"),
  allowed(
    "U24 a program through the loader's variables",
    'LD_LIBRARY_PATH=/nowhere true; test "$LD_RONDO" = kept',
  ),
  allowed(
    "U25 awk, sort and sed",
    "seq 100 | awk '{print $1*2}' | sort -n | sed -n '$p' | grep -q 200",
  ),
];

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
