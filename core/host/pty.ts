/** Terminals for children (pts(4)); one poll(2) waits for all of them. */
import type { TerminalSize } from "../protocol/host.ts";
import { fcntl, keepFromChildren, type Libc, openLibc } from "./system/libc.ts";
import { FCNTL } from "./system/fcntl.ts";

const { O_RDWR, O_NOCTTY, O_CLOEXEC } = FCNTL;

/** Our side of a terminal. */
export interface Pty {
  /** What a child opens. */
  readonly path: string;
  /** What is written to it; ends when nobody has it open any more. */
  readonly output: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Keys; waits where nobody reads them. */
  readonly input: WritableStream<Uint8Array>;
  resize(size: TerminalSize): void;
  /** After `release`: what was typed and nobody has read. */
  unread(): Uint8Array<ArrayBuffer>;
  /** The child has ended: the terminal ends with whoever else has it open. */
  release(): void;
  close(): void;
}

// <fcntl.h>, <asm-generic/ioctls.h>, <poll.h>: the same on x86-64 and ARM.
const F_SETFL = 4n;
const O_NONBLOCK = 0o4000n;
const TIOCSPTLCK = 0x40045431n;
const TIOCGPTN = 0x80045430n;
const TIOCSWINSZ = 0x5414n;
// <asm-generic/termbits.h>: struct termios is four words, the line discipline and c_cc.
const TCGETS = 0x5401n;
const TCSETS = 0x5402n;
const TERMIOS_BYTES = 36;
const LOCAL_FLAGS_AT = 12;
const ICANON = 0x2;
const CONTROLS_AT = 17;
const VTIME = 5;
const VMIN = 6;
const POLLIN = 1;
const POLLENDED = 0x8 | 0x10 | 0x20;

const CHUNK_BYTES = 64 * 1024;
/** Between two tries to write to a terminal that is full. */
const FULL_MS = 5;

/** A new terminal. Throws where there are none. */
export function openPty(size: TerminalSize): Pty {
  const libc = openLibc();
  const open = (path: string): number =>
    libc?.open(
      new TextEncoder().encode(`${path}\0`),
      O_RDWR | O_NOCTTY | O_CLOEXEC,
      0,
    ) ?? -1;
  const master = open("/dev/ptmx");
  if (libc === undefined || master < 0) {
    throw new Error(
      "Cannot open a terminal: /dev/ptmx cannot be opened, must be there (call again without one)",
    );
  }
  const number = new Int32Array(1);
  libc.ioctl(master, TIOCSPTLCK, new Uint8Array(number.buffer));
  libc.ioctl(master, TIOCGPTN, new Uint8Array(number.buffer));
  fcntl(master, F_SETFL, O_NONBLOCK);
  const path = `/dev/pts/${number[0]}`;
  return new Master(libc, { master, path, slave: open(path) }, size);
}

class Master implements Pty {
  readonly path: string;
  readonly output: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly input: WritableStream<Uint8Array>;
  /** Whether somebody waits for output. */
  isWanted = false;
  readonly #libc: Libc;
  readonly #master: number;
  /** Held open by us: until the child has it, the terminal would seem to have ended. */
  #slave: number;
  #isOpen = true;
  #isReleased = false;
  /** Typed, and not in the terminal yet, which is full. */
  #unwritten: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #unread: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #controller:
    | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
    | undefined;

  constructor(
    libc: Libc,
    ends: {
      readonly master: number;
      readonly slave: number;
      readonly path: string;
    },
    size: TerminalSize,
  ) {
    this.#libc = libc;
    this.#master = ends.master;
    this.#slave = ends.slave;
    this.path = ends.path;
    this.resize(size);
    this.output = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.isWanted = true;
        watch(this.#master, this);
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
    this.input = new WritableStream({ write: (bytes) => this.#write(bytes) });
  }

  resize({ rows, columns }: TerminalSize): void {
    if (!this.#isOpen) return;
    const size = new Uint16Array([rows, columns, 0, 0]);
    this.#libc.ioctl(this.#master, TIOCSWINSZ, new Uint8Array(size.buffer));
  }

  unread(): Uint8Array<ArrayBuffer> {
    return new Uint8Array([...this.#unread, ...this.#unwritten]);
  }

  release(): void {
    this.#isReleased = true;
    if (this.#slave < 0) return;
    this.#unread = this.#readUnread();
    this.#libc.close(this.#slave);
    this.#slave = -1;
  }

  close(): void {
    this.release();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    forget(this.#master);
    this.#libc.close(this.#master);
  }

  /** Takes what is there. */
  read(events: number): void {
    const bytes = new Uint8Array(CHUNK_BYTES);
    const count = Number(
      this.#libc.read(this.#master, bytes),
    );
    if (count > 0) {
      this.isWanted = false;
      this.#controller?.enqueue(bytes.slice(0, count));
    } else if (count === 0 || (events & POLLENDED) !== 0) {
      this.close();
      this.#controller?.close();
    }
  }

  #readUnread(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(CHUNK_BYTES);
    // Lines that have no end yet are only given to those who do not read lines.
    const modes = new Uint8Array(TERMIOS_BYTES);
    this.#libc.ioctl(this.#slave, TCGETS, modes);
    const view = new DataView(modes.buffer);
    const flags = view.getUint32(LOCAL_FLAGS_AT, true);
    view.setUint32(LOCAL_FLAGS_AT, flags & ~ICANON, true);
    modes[CONTROLS_AT + VMIN] = 0;
    modes[CONTROLS_AT + VTIME] = 0;
    // Without these modes a read would wait.
    if (this.#libc.ioctl(this.#slave, TCSETS, modes) !== 0) {
      return bytes.slice(0, 0);
    }
    // The kernel hands on what it could not take as there comes to be room.
    let length = 0;
    do {
      const count = this.#libc.read(this.#slave, bytes.subarray(length));
      length += Math.max(0, Number(count));
    } while (length < CHUNK_BYTES && this.#isReadable(this.#slave));
    return bytes.slice(0, length);
  }

  #isReadable(descriptor: number): boolean {
    const request = new Uint8Array(8);
    const view = new DataView(request.buffer);
    view.setInt32(0, descriptor, true);
    view.setInt16(4, POLLIN, true);
    return this.#libc.poll(request, 1, FULL_MS) > 0;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#unwritten = new Uint8Array([...this.#unwritten, ...bytes]);
    while (
      this.#unwritten.length > 0 && this.#isOpen && !this.#isReleased
    ) {
      const count = Number(this.#libc.write(this.#master, this.#unwritten));
      if (count > 0) this.#unwritten = this.#unwritten.subarray(count);
      else await new Promise((resolve) => setTimeout(resolve, FULL_MS));
    }
  }
}

const watched = new Map<number, Master>();
let waker: { readonly reader: number; readonly writer: number } | undefined;
let isWatching = false;

// A read that waits would keep a thread of the runtime for itself, and it has few.
function watch(descriptor: number, master: Master): void {
  watched.set(descriptor, master);
  if (isWatching) wake();
  else void watchAll();
}

function forget(descriptor: number): void {
  watched.delete(descriptor);
  if (isWatching) wake();
}

async function watchAll(): Promise<void> {
  const libc = openLibc();
  if (libc === undefined) return;
  isWatching = true;
  waker ??= openWaker(libc);
  while (watched.size > 0) {
    const wanted = [...watched].filter(([, { isWanted }]) => isWanted);
    const descriptors = [waker.reader, ...wanted.map(([one]) => one)];
    const request = new Uint8Array(8 * descriptors.length);
    const view = new DataView(request.buffer);
    descriptors.forEach((descriptor, at) => {
      view.setInt32(8 * at, descriptor, true);
      view.setInt16(8 * at + 4, POLLIN, true);
    });
    await libc.pollLater(request, descriptors.length);
    if (view.getInt16(6, true) !== 0) {
      libc.read(waker.reader, new Uint8Array(64));
    }
    wanted.forEach(([descriptor, master], at) => {
      const events = view.getInt16(8 * at + 14, true);
      // It may have been closed, and its number used again, while we waited.
      if (events !== 0 && watched.get(descriptor) === master) {
        master.read(events);
      }
    });
  }
  isWatching = false;
}

function wake(): void {
  if (waker !== undefined) {
    openLibc()?.write(waker.writer, new Uint8Array(1));
  }
}

function openWaker(
  libc: Libc,
): { readonly reader: number; readonly writer: number } {
  const ends = new Int32Array(2);
  libc.pipe(new Uint8Array(ends.buffer));
  const [reader = -1, writer = -1] = ends;
  for (const end of ends) {
    keepFromChildren(end);
    fcntl(end, F_SETFL, O_NONBLOCK);
  }
  return { reader, writer };
}
