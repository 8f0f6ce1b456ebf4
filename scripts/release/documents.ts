/** What is handed out beside the program: the README and every page and picture that its links lead to. */
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where the links begin. */
const FIRST = ["LICENSE", "CHANGELOG.md", "README.md"];

export interface Document {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** All of them, by path. Throws where a link leads to no file of the repository. */
export async function loadDocuments(): Promise<readonly Document[]> {
  const found = new Map<string, Uint8Array>();
  const open = [...FIRST];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    const bytes = await Deno.readFile(`${root}/${path}`);
    found.set(path, bytes);
    if (path.endsWith(".md")) open.push(...linksOf(path, bytes));
  }
  return [...found].map(([path, bytes]) => ({ path, bytes }))
    .sort((a, b) => a.path < b.path ? -1 : 1);
}

/** The files that a page leads to, by their paths in the repository; no addresses. */
function linksOf(page: string, bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(bytes);
  return [...text.matchAll(/\]\(([^)\s#]+)/g)].flatMap(([, to = ""]) =>
    /^[a-z]+:/.test(to) ? [] : [normalize(join(dirname(page), to))]
  );
}
