/** What a task was given is no work of its own: its files are left out of the patch. Pure. */

/** The patch without the files that lie at these paths or below. Bytes stand as characters. */
export function dropInputs(patch: string, paths: readonly string[]): string {
  if (paths.length === 0) return patch;
  return patch.split(/^(?=diff --git )/m)
    .filter((part) => !isOf(part, paths))
    .join("");
}

function isOf(part: string, paths: readonly string[]): boolean {
  const end = part.indexOf("\n");
  const head = end < 0 ? part : part.slice(0, end);
  return paths.some((path) => {
    const name = bytesAsText(path);
    return head === `diff --git a/${name} b/${name}`;
  });
}

function bytesAsText(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => String.fromCharCode(byte)).join("");
}
