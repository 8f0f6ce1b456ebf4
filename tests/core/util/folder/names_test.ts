import assert from "node:assert/strict";
import fc from "fast-check";
import {
  FolderIndex,
  type FolderReader,
} from "../../../../core/util/folder/names.ts";

/** A tree in memory: folders with the time of their last change. */
class Tree implements FolderReader {
  nowMs = () => this.now;
  now = 10_000;
  lists = 0;
  readonly folders = new Map<string, { changed: number; names: Set<string> }>();
  readonly closed = new Set<string>();

  mkdir(path: string): void {
    this.touch(path);
    this.folders.set(path, { changed: this.now, names: new Set() });
  }

  touch(path: string): void {
    const at = path.lastIndexOf("/");
    const parent = this.folders.get(path.slice(0, at));
    parent?.names.add(path.slice(at + 1));
    if (parent !== undefined) parent.changed = this.now;
  }

  existsSync = (path: string): boolean => this.folders.has(path);

  stampSync = (path: string) => {
    const folder = this.folders.get(path);
    if (folder === undefined) return undefined;
    return { id: `${path} ${folder.changed}`, changedMs: folder.changed };
  };

  listSync = (path: string) => {
    this.lists++;
    if (this.closed.has(path)) return undefined;
    return [...this.folders.get(path)?.names ?? []].map((name) => ({
      name,
      isDirectory: this.folders.has(`${path}/${name}`),
    }));
  };
}

function indexOf(tree: Tree, foldersMax = 100): FolderIndex {
  return new FolderIndex(tree, {
    names: [".git", ".mcp.json"],
    marks: ["HEAD", "refs"],
    foldersMax,
  });
}

Deno.test("FolderIndex finds names at any depth, shallow ones first, and enters none of them", () => {
  const tree = new Tree();
  for (const path of ["/r", "/r/a", "/r/a/b", "/r/a/b/.git", "/r/a/b/.git/x"]) {
    tree.mkdir(path);
  }
  tree.touch("/r/a/b/.git/x/.mcp.json");
  tree.touch("/r/.mcp.json");
  tree.mkdir("/r/a/bare");
  tree.mkdir("/r/a/bare/refs");
  tree.touch("/r/a/bare/HEAD");
  tree.mkdir("/r/shut");
  tree.closed.add("/r/shut");
  assert.deepEqual(indexOf(tree).findSync(["/r", "/none"]), {
    named: ["/r/.mcp.json", "/r/a/b/.git"],
    marked: ["/r/a/bare"],
    closed: ["/r/shut"],
    isCut: false,
  });
});

Deno.test("FolderIndex does not read again what has not changed", () => {
  const tree = new Tree();
  for (const path of ["/r", "/r/a", "/r/b"]) tree.mkdir(path);
  const index = indexOf(tree);
  tree.now += 5_000;
  index.findSync(["/r"]);
  assert.equal(tree.lists, 3);
  index.findSync(["/r"]);
  assert.equal(tree.lists, 3);
  tree.mkdir("/r/b/.git");
  assert.deepEqual(index.findSync(["/r"]).named, ["/r/b/.git"]);
  assert.equal(tree.lists, 4);
});

Deno.test("FolderIndex keeps what it knew when the tree grows past the limit", () => {
  const tree = new Tree();
  for (const path of ["/r", "/r/z", "/r/z/y", "/r/z/y/.git"]) tree.mkdir(path);
  const index = indexOf(tree, 5);
  assert.equal(index.findSync(["/r"]).isCut, false);
  for (const name of "abcdef") tree.mkdir(`/r/${name}`);
  const { named, isCut } = index.findSync(["/r"]);
  assert.deepEqual([named, isCut], [["/r/z/y/.git"], true]);
});

Deno.test("FolderIndex finds the same as one that has seen nothing before (law)", () => {
  const name = fc.constantFrom("a", "b", ".git", "HEAD", "refs", ".mcp.json");
  const path = fc.array(name, { minLength: 1, maxLength: 4 });
  const step = fc.record({ path, isFolder: fc.boolean(), after: fc.nat(3000) });
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const tree = new Tree();
    tree.mkdir("/r");
    const index = indexOf(tree);
    for (const { path, isFolder, after } of steps) {
      const folders = isFolder ? path : path.slice(0, -1);
      for (let at = 1; at <= folders.length; at++) {
        const full = `/r/${folders.slice(0, at).join("/")}`;
        if (!tree.folders.has(full)) tree.mkdir(full);
      }
      if (!isFolder) tree.touch(`/r/${path.join("/")}`);
      const { named, marked } = indexOf(tree).findSync(["/r"]);
      const again = index.findSync(["/r"]);
      assert.deepEqual([again.named, again.marked], [named, marked]);
      tree.now += after;
    }
  }));
});
