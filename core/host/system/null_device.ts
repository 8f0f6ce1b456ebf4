/** What children get for /dev/null where it cannot be opened, as in a bare root file system. */

/** Of a child's streams, those that are to be nothing. */
type Nothing = Readonly<
  Partial<Record<"stdin" | "stdout" | "stderr", boolean>>
>;

let isThere = false;

/** How such a stream is started: by the device, or as a pipe for `standIn()`. */
export function nothingKind(): "null" | "piped" {
  if (isThere || Deno.build.os === "windows") return "null";
  try {
    Deno.openSync("/dev/null", { read: true, write: true }).close();
    isThere = true;
    return "null";
  } catch {
    return "piped";
  }
}

/** Ends the input and takes the output away, as the device would. */
export function standIn(child: Deno.ChildProcess, nothing: Nothing): void {
  if (nothing.stdin) child.stdin.close().catch(() => {});
  if (nothing.stdout) discard(child.stdout);
  if (nothing.stderr) discard(child.stderr);
}

function discard(output: ReadableStream<Uint8Array>): void {
  output.pipeTo(new WritableStream()).catch(() => {});
}
