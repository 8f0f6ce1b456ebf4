/** Files that end with the process, also where nobody gets to remove them. */

const left = new Set<string>();
let isWatched = false;

/** Makes a private file that must not exist; it is removed when the process ends by itself. */
export function writeTemporary(path: string, text: string): void {
  if (!isWatched) {
    isWatched = true;
    globalThis.addEventListener("unload", removeAll);
  }
  // At once: what is still being written when the process ends would stay.
  Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
  left.add(path);
}

/** The file is gone, or somebody else's. */
export function forgetTemporary(path: string): void {
  left.delete(path);
}

function removeAll(): void {
  for (const path of left) {
    try {
      Deno.removeSync(path);
    } catch {
      // It is gone already.
    }
  }
  left.clear();
}
