/** Networks with nothing in them but loopback, as steps of a made program. Pure. */
import type { Namespace, SpawnRequest } from "../../core/protocol/host.ts";
import {
  type Argument,
  endWith,
  type Step,
} from "../../core/util/program/call_program.ts";

export interface NetworkOwner {
  /** It belongs to a new user namespace; without one only root can make it. */
  readonly userNamespace: boolean;
  /** Numbers of the user and group that makes it, which keep their meaning. */
  readonly uid: number;
  readonly gid: number;
}

/** What the program says once all is in place. */
export const READY = "ready";
/** Of a server in the network, and of one in another network made the same way. */
export const TEST_PORTS = { within: 1, beyond: 2 } as const;

// <linux/sched.h>
const CLONE_NEW = { user: 0x10000000, network: 0x40000000 } as const;
const EINVAL = -22;
/** The number that the kernel gives next, once it is closed: stdin is of no use here. */
const OPENED = 0;
/** Numbers that nothing else has. */
const SERVERS = { within: 200, beyond: 201 } as const;
const AT_FDCWD = -100;
const O_WRONLY = 1;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const SIGCHLD = 17;
const SERVING_SECONDS = 5;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
// <linux/sockios.h>, <linux/if.h>
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFNAMSIZ = 16;
const IFREQ = 40;
const FAILED_CODE = 1;

const CLOSE: Step = { call: "close", args: [OPENED] };

// The child that has the servers: it ends with its parent, or after some seconds.
const SERVING: readonly Step[] = [
  { call: "close_range", args: [0, SERVERS.within - 1, 0] },
  { call: "prctl", args: [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0] },
  { call: "ppoll", args: [0, 0, [SERVING_SECONDS, 0], 0] },
  { call: "exit_group", args: [FAILED_CODE] },
];

/** Makes a network, says so and waits to be killed: it is to be taken from it before. */
export function offerNetwork(
  owner: NetworkOwner,
  agentPid: number,
): readonly Step[] {
  const ready = new TextEncoder().encode(`${READY}\n`);
  return [
    CLOSE,
    ...makeUsers(owner),
    ...makeNetwork(),
    mustWork("prctl", [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0], "PR_SET_PDEATHSIG"),
    // The agent may have died before the line above took effect.
    {
      call: "getppid",
      from: agentPid,
      to: agentPid,
      otherwise: endWith("the agent has ended", FAILED_CODE),
    },
    { call: "write", args: [1, ready, ready.length] },
    { call: "ppoll", args: [0, 0, 0, 0] },
    { call: "exit_group", args: [FAILED_CODE] },
  ];
}

/**
 * Makes a network with a server in it, and before that another one with another server, and
 * goes on in the first. What enters networks later is tried as far as it can be from inside.
 */
export function testNetwork(owner: NetworkOwner): readonly Step[] {
  return [
    CLOSE,
    ...makeUsers(owner),
    ...makeNetwork(),
    ...serve("beyond"),
    ...makeNetwork(),
    ...serve("within"),
    mustOpen("/proc/self/ns/net", 0),
    mustWork("setns", [OPENED, CLONE_NEW.network], "entering a network"),
    CLOSE,
    ...(owner.userNamespace ? reenterUsers() : []),
    { call: "clone", args: [SIGCHLD, 0, 0, 0, 0], from: 1, otherwise: SERVING },
    mustOpen("/dev/null", 0),
  ];
}

/** By which a command enters them, users first; it gets none of the descriptors. */
export function enterNamespaces(
  namespaces: readonly Namespace[],
): Pick<SpawnRequest, "before" | "inherits"> {
  return {
    inherits: namespaces.map(({ descriptor }) => descriptor),
    before: namespaces.flatMap(({ kind, descriptor }) => [
      mustWork("setns", [descriptor, CLONE_NEW[kind]], `entering a ${kind}`),
      mustWork("close", [descriptor], "closing a namespace"),
    ]),
  };
}

// Nobody enters the namespace he is in, but to be told so he must be let ask.
function reenterUsers(): readonly Step[] {
  return [
    mustOpen("/proc/self/ns/user", 0),
    {
      ...mustWork("setns", [OPENED, CLONE_NEW.user], "entering a namespace"),
      from: EINVAL,
      to: EINVAL,
    },
    CLOSE,
  ];
}

function makeUsers(
  { userNamespace, uid, gid }: NetworkOwner,
): readonly Step[] {
  if (!userNamespace) return [];
  const write = (name: string, text: string): readonly Step[] => {
    const bytes = new TextEncoder().encode(text);
    const path = `/proc/self/${name}`;
    return [
      mustOpen(path, O_WRONLY),
      mustWork("write", [OPENED, bytes, bytes.length], path),
      CLOSE,
    ];
  };
  return [
    mustWork("unshare", [CLONE_NEW.user], "a user namespace"),
    ...write("setgroups", "deny"),
    ...write("uid_map", `${uid} ${uid} 1`),
    ...write("gid_map", `${gid} ${gid} 1`),
  ];
}

function makeNetwork(): readonly Step[] {
  // struct ifreq: the name, then the flags.
  const loopback = new Uint8Array(IFREQ);
  loopback.set(new TextEncoder().encode("lo"));
  loopback[IFNAMSIZ] = IFF_UP;
  return [
    mustWork("unshare", [CLONE_NEW.network], "a network namespace"),
    openSocket(SOCK_DGRAM),
    mustWork("ioctl", [OPENED, SIOCSIFFLAGS, loopback], "the interface lo"),
    CLOSE,
  ];
}

// It stays in the network that the process is in now.
function serve(where: keyof typeof SERVERS): readonly Step[] {
  // struct sockaddr_in: family, port in network order, address.
  const place = new Uint8Array(16);
  place.set([AF_INET, 0, 0, TEST_PORTS[where], 127, 0, 0, 1]);
  return [
    openSocket(SOCK_STREAM),
    mustWork("bind", [OPENED, place, place.length], "a port"),
    mustWork("listen", [OPENED, 1], "a server"),
    mustWork("dup3", [OPENED, SERVERS[where], 0], "a descriptor"),
    CLOSE,
  ];
}

function openSocket(type: number): Step {
  const open = mustWork("socket", [AF_INET, type, 0], "a socket");
  return { ...open, from: OPENED, to: OPENED };
}

function mustOpen(path: string, flags: number): Step {
  const open = mustWork("openat", [AT_FDCWD, path, flags, 0], path);
  return { ...open, from: OPENED, to: OPENED };
}

function mustWork(
  call: Step["call"],
  args: readonly Argument[],
  what: string,
): Step {
  return {
    call,
    args,
    from: 0,
    otherwise: endWith(
      `${what} is refused`,
      FAILED_CODE,
    ),
  };
}
