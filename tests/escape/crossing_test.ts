import assert from "node:assert/strict";
import { compileTricks, isThere, placeProgram, skipLoudly } from "./machine.ts";
import type { CrossingResult, CrossingTask } from "./crossing_main.ts";

interface CrossingCase {
  readonly id: string;
  readonly what: string;
  /** In single quotes: it must have none. */
  readonly script: string;
  /** Whoever has the same rights is to succeed. */
  readonly isShared?: boolean;
  /** Only root could do it without a sandbox. */
  readonly rootOnly?: boolean;
}

const CASES: readonly CrossingCase[] = [
  shared("X01", "a TCP server", '"$T" tcp 127.0.0.1 "$TCP"'),
  shared(
    "X02",
    "a UDP server",
    'python3 -c "import socket,sys; s=socket.socket(2,2); s.settimeout(1); s.sendto(bytes(1), (chr(49)+chr(50)+chr(55)+\\".0.0.1\\", int(sys.argv[1]))); s.recv(9)" "$UDP"',
  ),
  shared("X03", "an abstract socket", '"$T" unix-stream "@$NAME"'),
  shared(
    "X04",
    "a TCP server of IPv6",
    'python3 -c "import socket,sys; socket.create_connection((\\"::1\\", int(sys.argv[1])), 2)" "$TCP"',
  ),
  shared(
    "X05",
    "the list of its ports",
    'grep -qi ":$(printf %04x "$TCP") " /proc/net/tcp',
  ),
  closed("X06", "its shared memory of System V", '"$T" shm-find "$KEY"'),
  closed("X07", "its shared memory by name", 'test -e "/dev/shm/$NAME"'),
  closed("X08", "a signal to it", '"$T" kill "$VICTIM" 18'),
  closed("X09", "a signal by descriptor", '"$T" pidfd-signal "$VICTIM"'),
  closed("X10", "a signal to its group", '"$T" kill "-$VICTIM" 18'),
  closed("X11", "tracing it", '"$T" attach "$VICTIM"'),
  closed("X12", "its descriptors", '"$T" pidfd-take "$VICTIM"'),
  closed("X13", "its environment", 'grep -aq SECRET "/proc/$VICTIM/environ"'),
  closed("X14", "its root", 'ls "/proc/$VICTIM/root/" | grep -q etc'),
  closed(
    "X15",
    "its memory",
    'head -c1 "/proc/$VICTIM/mem" 2>&1 | grep -q "Input/output"',
  ),
  closed("X16", "its open files", 'readlink "/proc/$VICTIM/fd/1"'),
  closed("X17", "its priority", '"$T" nice "$VICTIM"'),
  closed("X18", "its terminal", 'echo x > "$TTY"'),
  closed("X19", "its network", '"$T" setns "/proc/$VICTIM/ns/net"', true),
  closed(
    "X20",
    "the networks that the agent holds",
    'for f in /proc/"$AGENT"/fd/*; do case "$(readlink "$f")" in net:*) "$T" setns "$f" && exit 0 ;; esac; done; exit 1',
    true,
  ),
  closed("X21", "raw packets", '"$T" socket 17 3 768', true),
  closed("X22", "raw IP", '"$T" socket 2 3 1', true),
  closed("X23", "taking loopback down", '$OWN "$T" lo-down'),
  closed("X24", "another address", '$OWN "$T" lo-address'),
  closed("X25", "a route", '$OWN sh -c "\\"$T\\" lo-up; \\"$T\\" route"'),
];

function shared(id: string, what: string, script: string): CrossingCase {
  return { id, what, script, isShared: true };
}

function closed(
  id: string,
  what: string,
  script: string,
  rootOnly = false,
): CrossingCase {
  return { id, what, script, rootOnly };
}

const MAIN = decodeURIComponent(
  new URL("./crossing_main.ts", import.meta.url).pathname,
);
const AS_NOBODY = "setpriv --reuid 65534 --regid 65534 --clear-groups";
const IS_SLOW = Deno.env.get("ESCAPE_FORMS") === "all";

for (const user of ["root", "nobody"] as const) {
  Deno.test({
    name:
      `commands of different rights do not reach each other, those of the same their servers, as ${user}`,
    ignore: Deno.build.os !== "linux",
    fn: async (test) => {
      for (const program of ["bwrap", "gcc", "/usr/bin/python3"]) {
        if (!await isThere(program)) {
          return skipLoudly(`crossing without ${program}`);
        }
      }
      if (user === "root" && Deno.uid() !== 0) {
        return skipLoudly("crossing as root: these tests run as somebody else");
      }
      const base = await Deno.makeTempDir({
        dir: "/var/tmp",
        prefix: "rondo-cross-",
      });
      try {
        await playAll(test, base, user);
      } finally {
        await Deno.remove(base, { recursive: true });
      }
    },
  });
}

async function playAll(
  test: Deno.TestContext,
  base: string,
  user: "root" | "nobody",
): Promise<void> {
  const tricks = await compileTricks(base);
  assert.ok(tricks !== undefined, "tricks.c does not compile");
  const deno = await placeProgram(base, Deno.execPath());
  const cases = CASES.filter(({ rootOnly }) => !rootOnly || user === "root");
  for (const name of ["ws", "extra", "cache"]) {
    await Deno.mkdir(`${base}/${name}`);
    await Deno.chmod(`${base}/${name}`, 0o777);
  }
  await Deno.chmod(base, 0o755);
  const play = async (
    backend: CrossingTask["backend"],
    isPlain = false,
  ): Promise<CrossingResult> => {
    const task: CrossingTask = {
      workspace: `${base}/ws`,
      extra: `${base}/extra`,
      ...{ tricks, backend, isPlain, cases },
    };
    const prefix = user === "nobody" && Deno.uid() === 0
      ? AS_NOBODY.split(" ")
      : [];
    const { stdout, stderr } = await new Deno.Command("env", {
      args: [
        ...prefix,
        deno,
        ...["run", "--quiet", "--no-check", "--no-config", "--allow-all", MAIN],
        JSON.stringify(task),
      ],
      env: { DENO_DIR: `${base}/cache`, HOME: "/nonexistent" },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.notEqual(text, "", new TextDecoder().decode(stderr));
    return JSON.parse(text);
  };
  const control = await play("none", true);
  const proving = cases.filter(({ id }) => control["same"]?.[id] === true);
  for (const { id, what } of cases.filter((one) => !proving.includes(one))) {
    console.error(`  no control on this machine: ${id} ${what}`);
  }
  assert.ok(proving.length > cases.length - 4, "too few cases prove anything");
  const slow = [
    ...["bwrap-noproc", "bwrap-landlock"] as const,
    ...(user === "root" ? ["bwrap-nouserns"] as const : []),
  ];
  const forms = ["bwrap", ...(IS_SLOW ? slow : [])] as const;
  for (const backend of forms) {
    await test.step(`under ${backend}`, async () => {
      const result = await play(backend);
      const surprises = Object.entries(result).flatMap(([who, came]) =>
        proving.flatMap(({ id, what, isShared }) => {
          const mustBe = isShared === true && who === "same";
          if (came[id] === mustBe) return [];
          return [`${mustBe ? "BROKEN" : "ESCAPED"}: ${id} ${what}, ${who}`];
        })
      );
      assert.deepEqual(surprises, []);
      assert.deepEqual(Object.keys(result), ["same", "wider", "read"]);
    });
  }
}
