/** What a proof tries, as steps of a made program. Pure. */
import type { Step } from "../../core/util/program/call_program.ts";
import type { Attempts } from "./landlock.ts";

const DESCRIPTORS_MAX = 0xffffffff;
/** The number the kernel gives once all others are closed. */
const OPENED = 3;
const AT_FDCWD = -100;
const O_WRONLY_APPEND = 0x401;
const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const READ_BYTES = 256;
/** The port of a protocol that answers nothing (RFC 863). */
const DISCARD = 9;
const LOOPBACK = "127.0.0.1";

/** Says the version in force, and on one line each which of the attempts succeeded. */
export function makeAttempts(
  attempts: Attempts,
  abi: number | undefined,
): readonly Step[] {
  const say = (text: string): Step => {
    const bytes = new TextEncoder().encode(text);
    return { call: "write", args: [1, bytes, bytes.length] };
  };
  const said = (step: Step, word: string): Step[] => [
    { ...step, from: 0, otherwise: 1 },
    say(`${word}\n`),
  ];
  const open = (path: string, flags: number): Step => ({
    call: "openat",
    args: [AT_FDCWD, path, flags, 0],
  });
  // struct sockaddr_in: family, port in network order, address.
  const connect = (
    [type, address, port]: readonly [number, string, number],
    word: string,
  ): Step[] => {
    const place = new Uint8Array(16);
    place.set([AF_INET, 0, 0, port, ...address.split(".").map(Number)]);
    return [
      {
        call: "socket",
        args: [AF_INET, type, 0],
        from: OPENED,
        to: OPENED,
        otherwise: 2,
      },
      ...said({ call: "connect", args: [OPENED, place, 16] }, word),
      closeAll,
    ];
  };
  const { address, ports } = attempts;
  const closeAll: Step = {
    call: "close_range",
    args: [OPENED, DESCRIPTORS_MAX, 0],
  };
  return [
    closeAll,
    ...(abi === undefined ? [] : [say(`abi ${abi}\n`)]),
    say("read "),
    { ...open(attempts.read, 0), from: OPENED, to: OPENED, otherwise: 1 },
    { call: "sendfile", args: [1, OPENED, 0, READ_BYTES] },
    say("\n"),
    ...said(open(attempts.write, O_WRONLY_APPEND), "wrote"),
    closeAll,
    ...connect([SOCK_DGRAM, address, DISCARD], "connected"),
    ...(ports === undefined ? [] : [
      ...connect([SOCK_STREAM, LOOPBACK, ports.within], "met"),
      ...connect([SOCK_STREAM, LOOPBACK, ports.beyond], "crossed"),
    ]),
    ...said({ call: "socket", args: [AF_UNIX, SOCK_STREAM, 0] }, "unix"),
    ...said({ call: "kill", args: [attempts.pid, 0] }, "signalled"),
    { call: "exit_group", args: [0] },
  ];
}
