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

Deno.test("the README names the two commands for a fresh machine", async () => {
  const lines = (await read("README.md")).split("\n");
  for (const task of ["demo", "test"]) {
    assert.ok(lines.includes(`npx -y deno@2.8.3 task ${task}`), task);
  }
});

Deno.test("what the README says was measured stands in the results", async () => {
  const cellsOf = (line: string): string[] =>
    line.split("|").slice(1, -1).map((cell) => cell.trim());
  const linesOf = (text: string): string[][] =>
    text.split("\n").filter((line) => line.startsWith("|")).map(cellsOf);
  const results = linesOf(await read("scripts/bench/RESULTS.md"));
  const [, part = ""] = (await read("README.md")).split("\n## Measured\n");
  const [section = ""] = part.split("\n## ");
  const [, , ...rows] = linesOf(section);
  const [heads = []] = results;
  const columns = ["unit", "rondo", "codex-cli 0.171.0", "share of codex-cli"]
    .map((name) => heads.findIndex((head) => head.startsWith(name)));
  assert.ok(rows.length > 3);
  for (const [figure = "", ...values] of rows) {
    const line = results.find(([name]) => name === figure) ?? [];
    assert.deepEqual(values, columns.map((at) => line[at]), figure);
  }
});
