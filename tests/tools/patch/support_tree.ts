/** Files in a folder of their own: made from a table, and read back as one. */
import type { Tree } from "./cases.ts";

export interface TreeFolder extends AsyncDisposable {
  readonly path: string;
}

/** A temporary folder with these files; removed when disposed. */
export async function makeTree(tree: Tree): Promise<TreeFolder> {
  const made = await Deno.makeTempDir({ prefix: "rondo-patch-" });
  const path = await Deno.realPath(made);
  await writeTree(path, tree);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

export async function writeTree(folder: string, tree: Tree): Promise<void> {
  for (const [name, content] of Object.entries(tree)) {
    const path = `${folder}/${name}`;
    const parent = path.slice(0, path.lastIndexOf("/"));
    await Deno.mkdir(content === null ? path : parent, { recursive: true });
    if (content === null) continue;
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else if (content instanceof Uint8Array) await Deno.writeFile(path, content);
    else await Deno.symlink(content.link, path);
  }
}

/** Every file as its bytes in Latin-1, every link as `-> target`, empty folders as null. */
export async function readTree(
  folder: string,
): Promise<Record<string, string | null>> {
  const found: [string, string | null][] = [];
  const walk = async (path: string, prefix: string): Promise<void> => {
    let empty = true;
    for await (const entry of Deno.readDir(path)) {
      empty = false;
      const inner = `${path}/${entry.name}`;
      const name = prefix + entry.name;
      if (entry.isSymlink) {
        found.push([name, `-> ${await Deno.readLink(inner)}`]);
      } else if (entry.isDirectory) await walk(inner, `${name}/`);
      else found.push([name, latin1(await Deno.readFile(inner))]);
    }
    if (empty && prefix !== "") found.push([prefix.slice(0, -1), null]);
  };
  await walk(folder, "");
  return Object.fromEntries(found.sort(([a], [b]) => a < b ? -1 : 1));
}

/** What readTree() would find after makeTree(). */
export function viewTree(tree: Tree): Record<string, string | null> {
  const entries = Object.entries(tree).map(([name, content]) => {
    if (content === null) return [name, null];
    if (typeof content === "string") {
      return [name, latin1(new TextEncoder().encode(content))];
    }
    if (content instanceof Uint8Array) return [name, latin1(content)];
    return [name, `-> ${content.link}`];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => a! < b! ? -1 : 1));
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
