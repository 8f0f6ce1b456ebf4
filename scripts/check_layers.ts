/** Fails when an import goes up a layer, across one, or round in a circle. */

/** Layer of each folder or file; the longest matching prefix counts. */
const LAYERS: Readonly<Record<string, number>> = {
  "main.ts": 6,
  "core/app/": 4.5,
  "core/app.ts": 5,
  "core/session/": 4,
  "tools/": 4,
  "core/frontends/": 4,
  "core/policy/": 3,
  "core/context/": 3,
  "core/model/": 3,
  "core/config/": 3,
  "sandbox/": 3,
  "core/host/": 2,
  "core/protocol/": 1,
  "core/std/": 0,
  "core/util/": 0.5,
  "prompts/": 0,
};

export interface Edge {
  readonly from: string;
  readonly to: string;
}

if (import.meta.main) await main();

/** What is wrong with these imports, one sentence each; empty when nothing is. */
export function findLayerProblems(edges: readonly Edge[]): string[] {
  const problems = edges.flatMap(({ from, to }) => judge(from, to));
  return [...problems, ...findCircles(edges)];
}

/** All imports between our own files, type-only ones included. */
export async function loadEdges(root: string): Promise<Edge[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: root,
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(decoder.decode(stderr));
  const graph: Graph = JSON.parse(decoder.decode(stdout));
  const local = (url: string): string | undefined => {
    const prefix = `file://${root}/`;
    return url.startsWith(prefix) ? url.slice(prefix.length) : undefined;
  };
  return graph.modules.flatMap(({ specifier, dependencies = [] }) =>
    dependencies.flatMap(({ code, type }) =>
      [code?.specifier, type?.specifier].flatMap((url) => {
        const from = local(specifier);
        const to = url === undefined ? undefined : local(url);
        return from === undefined || to === undefined ? [] : [{ from, to }];
      })
    )
  );
}

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

async function main(): Promise<void> {
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const edges = await loadEdges(root);
  const problems = findLayerProblems(edges);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exit(1);
  console.log(`${edges.length} imports go down`);
}

function judge(from: string, to: string): string[] {
  const above = layerOf(from);
  const below = layerOf(to);
  if (above === undefined) return [`${from}: lies in no layer`];
  if (below === undefined) return [`${from} -> ${to}: the target has no layer`];
  if (folderOf(from) === folderOf(to)) return [];
  if (to.startsWith("core/host/") && above < 4.5) {
    return [`${from} -> ${to}: only the wiring may know the real world`];
  }
  return below < above ? [] : [
    `${from} (layer ${above}) -> ${to} (layer ${below}): imports must go down`,
  ];
}

function layerOf(path: string): number | undefined {
  const prefix = prefixOf(path);
  return prefix === undefined ? undefined : LAYERS[prefix];
}

function folderOf(path: string): string {
  return prefixOf(path) ?? path;
}

function prefixOf(path: string): string | undefined {
  return Object.keys(LAYERS).filter((prefix) => path.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
}

function findCircles(edges: readonly Edge[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    next.set(from, (next.get(from) ?? new Set()).add(to));
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      circles.push(`circle: ${[...path.slice(at), file].join(" -> ")}`);
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return circles;
}
