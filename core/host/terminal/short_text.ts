/** A few words on stdout, without what a program needs that goes on. */

/** A pipe takes as much whole or not at all, whatever else is true of it (POSIX, PIPE_BUF). */
const WHOLE_BYTES = 512;

/**
 * Writes a short ASCII text in one call and gives what of it is still to be written: all of
 * it where a stream takes nothing now, or never. Opening libc, for streams that others have
 * made non-blocking, costs a tenth of `--version`.
 */
export function writeShort(text: string): string {
  if (text.length > WHOLE_BYTES) return text;
  try {
    return text.slice(Deno.stdout.writeSync(new TextEncoder().encode(text)));
  } catch {
    return text;
  }
}
