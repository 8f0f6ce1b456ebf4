/** The pages about the code name files that are there, and all rooms. */
import assert from "node:assert/strict";
import { readerPages } from "./support/snippets.ts";
import { ROOMS } from "../scripts/checks/rooms.ts";

const ROOT = new URL("..", import.meta.url);
const PAGES = [
  "AGENTS.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "REVIEW.md",
  "SECURITY.md",
  ...await readerPages(),
];

async function read(page: string): Promise<string> {
  return await Deno.readTextFile(new URL(page, ROOT));
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, ROOT)).then(() => true, () => false);
}

Deno.test("every path that a page names exists", async () => {
  const missing: string[] = [];
  for (const page of PAGES) {
    const text = await read(page);
    const paths = text.matchAll(
      /(?<![\w/])(?:core|tools|sandbox|scripts|tests|prompts)\/[\w./-]*\w|\bmain\.ts\b/g,
    );
    for (const [path] of paths) {
      // `slash_*.ts` and `NAME.ts` stand for many.
      const isPattern = text.includes(`${path}*`) || /[A-Z]{2}/.test(path);
      if (!isPattern && !await isThere(path)) missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("ARCHITECTURE.md names every room, with a file to start with", async () => {
  const tree = /## Where things are[^]*?```\n([^]*?)```/.exec(
    await read("ARCHITECTURE.md"),
  )?.[1] ?? "";
  const named: string[] = [];
  let area = "";
  for (const line of tree.split("\n")) {
    const folders = /^\s*((?:[\w/]+\/(?:\s+|$))+)/.exec(line)?.[1]?.trim()
      .split(
        / +/,
      );
    if (folders === undefined || /^(scripts|tests)\//.test(line)) continue;
    if (!line.startsWith(" ")) area = folders[0] ?? "";
    const rooms = folders.map((folder) =>
      folder === area ? area : `${area}${folder}`
    );
    named.push(
      ...rooms.filter((room) => !/^core\/(session|frontends)\/$/.test(room)),
    );
    const files = line.match(/\w+\.ts/g) ?? [];
    for (const [at, file] of files.entries()) {
      assert.ok(await isThere(`${rooms[at]}${file}`), `${rooms[at]}${file}`);
    }
  }
  assert.deepEqual(named.sort(), Object.keys(ROOMS).sort());
});
