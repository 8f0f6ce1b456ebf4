/** A socket in the file system that only its owner may open. */
import { systemError } from "../protocol/error.ts";
import type { TerminalOutput } from "../protocol/terminal.ts";
import { QueuedOutput } from "./terminal/queued_output.ts";

/** One peer, both directions. */
interface SocketPeer {
  readonly input: {
    /** The next bytes, or null at the end. */
    read(): Promise<Uint8Array | null>;
  };
  readonly output: TerminalOutput;
  readonly close: () => void;
}

export interface LocalSocket {
  /** Those who connect; ends when the socket is closed. */
  readonly peers: AsyncIterable<SocketPeer>;
  close(): void;
}

const READ_BYTES = 64 * 1024;
const OWNER_ONLY = 0o177;

/**
 * Listens there. What a dead process left is replaced; anything else in that place is
 * EEXIST or EADDRINUSE. Throws the platform's error.
 */
export async function openLocalSocket(path: string): Promise<LocalSocket> {
  await removeStale(path);
  // The mode holds from the first moment on, and not from a chmod on.
  const before = Deno.umask(OWNER_ONLY);
  let listener: Deno.UnixListener;
  try {
    listener = Deno.listen({ transport: "unix", path });
  } finally {
    Deno.umask(before);
  }
  return {
    peers: acceptPeers(listener),
    close: () => {
      try {
        listener.close();
      } catch {
        // Closed already: the runtime says so by an error.
      }
      removeQuietly(path);
    },
  };
}

async function* acceptPeers(
  listener: Deno.UnixListener,
): AsyncGenerator<SocketPeer> {
  try {
    for await (const connection of listener) yield toPeer(connection);
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function toPeer(connection: Deno.UnixConn): SocketPeer {
  const buffer = new Uint8Array(READ_BYTES);
  return {
    input: {
      read: async () => {
        try {
          const count = await connection.read(buffer);
          return count === null ? null : buffer.slice(0, count);
        } catch {
          // Reset or closed by us: nothing more comes.
          return null;
        }
      },
    },
    output: new QueuedOutput({
      write: (bytes) => connection.write(bytes),
      isTerminal: () => false,
      isOpen: () => true,
    }),
    // A read that waits keeps the socket open: the peer is told by the end of our side.
    close: () => {
      connection.closeWrite().then(() => connection.close())
        .catch(() => {});
    },
  };
}

async function removeStale(path: string): Promise<void> {
  let isSocket: boolean | null;
  try {
    ({ isSocket } = await Deno.lstat(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (isSocket !== true) {
    throw systemError("EEXIST", `something else is there: ${path}`);
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    return await Deno.remove(path);
  }
  throw systemError("EADDRINUSE", `a server listens there: ${path}`);
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Removed by somebody else.
  }
}
