import assert from "node:assert/strict";
import fc from "fast-check";
import { denoHost } from "../../core/host/host.ts";
import { ToolError } from "../../core/protocol/error.ts";
import { runApplyPatch } from "../../tools/patch/command.ts";
import { parsePatch } from "../../tools/patch/parse.ts";
import { PATCH_CASES } from "../tools/patch/cases.ts";
import { makeTree, readTree, writeTree } from "../tools/patch/support_tree.ts";
import { anyCharacter } from "../support/any_character.ts";

const host = denoHost();
const numRuns = Number(Deno.env.get("PATCH_RUNS") ?? 500);

/** What happens at one line: new lines before it, and whether it stays. */
interface LineEdit {
  readonly insert: readonly string[];
  readonly keep: boolean;
}

interface Script {
  readonly lines: readonly string[];
  readonly eols: readonly string[];
  readonly edits: readonly LineEdit[];
  readonly append: readonly string[];
  readonly encoding: "utf-8" | "bom" | "utf-16le" | "latin1";
  readonly move: boolean;
  /** Taste of the one who writes the patch: 0 to 3 lines of context, and so on. */
  readonly taste: readonly number[];
}

const LINE = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom("", "a", "b", "}", "  a", "a ", "\t"),
  },
  { weight: 1, arbitrary: fc.constantFrom("*** End Patch", "@@", "+x", "- y") },
  {
    weight: 3,
    arbitrary: fc.string({ unit: "grapheme", maxLength: 8 })
      .map((text) => text.replace(/[\r\n\ufeff]/g, "")),
  },
);
const LATIN1_LINE = fc.constantFrom("", "\u00e9", "x", "\u00e9 x", " \u00e9");

function scriptOf(encoding: Script["encoding"]): fc.Arbitrary<Script> {
  const line = encoding === "latin1" ? LATIN1_LINE : LINE;
  const some = fc.array(line, { maxLength: 2 });
  const insert = fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: some },
  );
  const edit = fc.record({
    insert,
    keep: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  });
  const eolStyle = fc.constantFrom(["\n"], ["\r\n"], ["\r"], [
    "\n",
    "\r\n",
    "\r",
  ]);
  return fc.tuple(fc.array(line, { maxLength: 24 }), eolStyle, fc.boolean())
    .chain(([lines, style, ended]) =>
      fc.record({
        lines: fc.constant(
          // Otherwise it would be UTF-8 as well.
          encoding === "latin1" ? ["\u00e9", ...lines] : lines,
        ),
        eols: fc.array(fc.constantFrom(...style), {
          minLength: lines.length + 1,
          maxLength: lines.length + 1,
        }).map((eols) => withoutLast(eols, ended)),
        edits: fc.array(edit, {
          minLength: lines.length + 1,
          maxLength: lines.length + 1,
        }),
        append: some,
        encoding: fc.constant(encoding),
        move: fc.boolean(),
        taste: fc.array(fc.nat(3), { minLength: 4, maxLength: 30 }),
      })
    ).map(tidy);
}

function withoutLast(eols: readonly string[], ended: boolean): string[] {
  return ended ? [...eols] : [...eols.slice(0, -1), ""];
}

// As many line ends and edits as lines; the unfinished line, if any, is the last.
function tidy(script: Script): Script {
  const count = script.lines.length;
  const open = script.eols.at(-1) === "" && script.lines.at(-1) !== "";
  const eols = script.eols.slice(0, count).map((eol) => eol || "\n");
  // CR, then an empty line that ends in LF: read back, that is one CRLF.
  const safe = eols.map((eol, at) =>
    eol === "\r" && script.lines[at + 1] === "" ? "\n" : eol
  );
  return {
    ...script,
    eols: open ? withoutLast(safe, false) : safe,
    edits: script.edits.slice(0, count),
  };
}

const SCRIPT = fc.constantFrom<Script["encoding"]>(
  "utf-8",
  "utf-8",
  "bom",
  "utf-16le",
  "latin1",
).chain(scriptOf);

function isChanged(script: Script): boolean {
  return script.append.length > 0 ||
    script.edits.some((edit) => edit.insert.length > 0 || !edit.keep);
}

/** The file as it is to become: kept lines with their own ends, new ones with the usual. */
function edited(script: Script): string {
  const usual = usualEol(script.eols);
  const out: string[] = [];
  for (const [at, { insert, keep }] of script.edits.entries()) {
    for (const line of insert) out.push(line, usual);
    if (keep) out.push(script.lines[at] ?? "", script.eols[at] || usual);
  }
  for (const line of script.append) out.push(line, usual);
  return out.join("");
}

function usualEol(eols: readonly string[]): string {
  const count = (eol: string): number =>
    eols.filter((one) => one === eol).length;
  const kinds = [...new Set(eols.filter((eol) => eol !== ""))];
  return kinds.reduce(
    (best, eol) => count(eol) > count(best) ? eol : best,
    kinds[0] ?? "\n",
  );
}

function encode(text: string, encoding: Script["encoding"]): Uint8Array {
  switch (encoding) {
    case "utf-8":
      return new TextEncoder().encode(text);
    case "bom":
      return new TextEncoder().encode(`\ufeff${text}`);
    case "utf-16le": {
      const marked = `\ufeff${text}`;
      const units = Uint16Array.from(
        { length: marked.length },
        (_, at) => marked.charCodeAt(at),
      );
      return new Uint8Array(units.buffer);
    }
    case "latin1":
      return Uint8Array.from(text, (char) => char.charCodeAt(0));
  }
}

/** Writes the patch as a careful model would: enough context to be found. */
class PatchWriter {
  readonly #script: Script;
  readonly #out: string[] = [];
  /** Lines above which the new ones stand already. */
  readonly #done = new Set<number>();
  #taste = 0;
  #cursor = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  write(): string {
    const { edits, move, lines, append } = this.#script;
    const changed = edits.flatMap((edit, at) =>
      edit.insert.length > 0 || !edit.keep ? [at] : []
    );
    for (const at of changed) {
      if (at >= this.#cursor) this.#chunk(at);
    }
    if (append.length > 0 && this.#cursor < lines.length + 1) {
      this.#out.push("@@", ...append.map((line) => `+${line}`));
      if (this.#next() > 1) this.#out.push("*** End of File");
    }
    return [
      "*** Begin Patch",
      "*** Update File: f",
      ...(move ? ["*** Move to: to/g"] : []),
      ...this.#out,
      "*** End Patch",
    ].join("\n");
  }

  #chunk(at: number): void {
    const { lines, edits } = this.#script;
    let end = at + 1;
    // Changes that follow closely may share the chunk.
    for (let next = end; next < Math.min(lines.length, end + 2); next++) {
      const edit = edits[next];
      if (edit && (edit.insert.length > 0 || !edit.keep)) end = next + 1;
    }
    if (this.#insertBelow(at, end)) return;
    const wanted = Math.min(lines.length, end + this.#next());
    while (end < wanted && this.#isPlain(end)) end++;
    let start = Math.max(this.#cursor, at - this.#next());
    const place = this.#place(start);
    // More lines before it, until this is the first place where they all stand.
    while (
      start > (place ?? this.#cursor) &&
      this.#firstMatch(start, end, place ?? this.#cursor) !== start
    ) start--;
    this.#out.push("@@");
    if (place !== undefined) {
      this.#out.push(`@@ ${lines[place - 1]}`);
    }
    for (let line = start; line < end; line++) this.#line(line);
    if (end === lines.length && this.#next() > 1) {
      this.#out.push("*** End of File");
    }
    this.#cursor = end;
  }

  #line(at: number): void {
    const { lines, edits } = this.#script;
    const edit = edits[at];
    const insert = this.#done.has(at) ? [] : edit?.insert ?? [];
    for (const line of insert) this.#out.push(`+${line}`);
    const text = lines[at] ?? "";
    if (edit?.keep === false) this.#out.push(`-${text}`);
    else this.#out.push(text === "" && this.#next() > 1 ? "" : ` ${text}`);
  }

  // Lines that are only added may just name the line above them.
  #insertBelow(at: number, end: number): boolean {
    const { lines, edits } = this.#script;
    const edit = edits[at];
    const above = at - 1;
    if (
      this.#next() < 2 || end !== at + 1 || edit?.keep !== true ||
      above < this.#cursor || !this.#isNameable(above)
    ) return false;
    this.#out.push(`@@ ${lines[above]}`);
    this.#out.push(...edit.insert.map((line) => `+${line}`));
    this.#done.add(at);
    this.#cursor = at;
    return true;
  }

  // Index after a line before `start` that can be named by `@@`.
  #place(start: number): number | undefined {
    if (this.#next() > 0) return undefined;
    for (let at = start - 1; at >= this.#cursor; at--) {
      if (this.#isNameable(at)) return at + 1;
    }
    return undefined;
  }

  #isNameable(at: number): boolean {
    const { lines } = this.#script;
    const text = lines[at] ?? "";
    return /\S$/u.test(text) && text.trim() === text.trimStart() &&
      lines.indexOf(text, this.#cursor) === at;
  }

  #isPlain(at: number): boolean {
    const edit = this.#script.edits[at];
    return edit !== undefined && edit.keep && edit.insert.length === 0;
  }

  #firstMatch(start: number, end: number, from: number): number {
    const { lines } = this.#script;
    for (let at = from; at < start; at++) {
      const same = lines.slice(start, end)
        .every((line, offset) => lines[at + offset] === line);
      if (same) return at;
    }
    return start;
  }

  #next(): number {
    const { taste } = this.#script;
    return taste[this.#taste++ % taste.length] ?? 0;
  }
}

Deno.test("a patch made from edits makes the edited file, whatever the file is", async () => {
  await using folder = await makeTree({});
  await fc.assert(
    fc.asyncProperty(SCRIPT.filter(isChanged), async (script) => {
      await using _cleared = cleared(folder.path);
      const before = script.lines.map((line, at) => line + script.eols[at])
        .join("");
      await writeTree(folder.path, { f: encode(before, script.encoding) });
      const patch = new PatchWriter(script).write();
      const result = await runApplyPatch({ host, patch, cwd: folder.path });
      assert.equal(result.stderr, "", patch);
      const name = script.move ? "to/g" : "f";
      assert.equal(
        result.stdout,
        `Success. Updated the following files:\nM ${name}\n`,
      );
      const after = encode(edited(script), script.encoding);
      const wanted = Array.from(after, (byte) => String.fromCharCode(byte));
      assert.deepEqual(
        await readTree(folder.path),
        { [name]: wanted.join("") },
        patch,
      );
    }),
    { numRuns },
  );
});

/** Texts that are nearly patches: real ones with pieces cut out, doubled and changed. */
const NEARLY_PATCH = fc.tuple(
  fc.constantFrom(...PATCH_CASES.map((one) => one.patch)),
  fc.array(
    fc.tuple(
      fc.nat(400),
      fc.nat(6),
      fc.constantFrom(
        "",
        "\n",
        "\n@@\n",
        "*** End of File\n",
        "\n*** Delete File: f\n",
        "\n*** Add File: d/n\n+x\n",
        "\n*** Move to: g\n",
        "+",
        "-",
        " ",
        "*",
        "\r",
        "\u2028",
        "\ud800",
      ),
    ),
    { maxLength: 4 },
  ),
).map(([text, cuts]) =>
  cuts.reduce(
    (one, [at, length, put]) => one.slice(0, at) + put + one.slice(at + length),
    text,
  )
);

Deno.test("parsePatch() throws nothing but ToolError", () => {
  const text = fc.oneof(
    NEARLY_PATCH,
    fc.string({ unit: anyCharacter, maxLength: 200 }),
    fc.array(fc.constantFrom("@@", "*** ", "\n", "+", "-", " ", "a", "EOF"))
      .map((parts) => `*** Begin Patch\n${parts.join("")}\n*** End Patch`),
  );
  let refused = 0;
  let parsed = 0;
  fc.assert(
    fc.property(text, (patch) => {
      try {
        parsePatch(patch);
        parsed++;
      } catch (error) {
        assert.ok(error instanceof ToolError, String(error));
        assert.match(error.message, /^invalid (patch: |hunk at line \d+, )/);
        refused++;
      }
    }),
    { numRuns: numRuns * 4 },
  );
  assert.ok(refused > numRuns / 4 && parsed > numRuns / 4);
});

Deno.test("a patch that is refused changes nothing on disk", async () => {
  await using folder = await makeTree({});
  let refused = 0;
  const tree = { f: "a\nb\nc\r\n", g: "x", "d/h": "a\n", l: { link: "g" } };
  await fc.assert(
    fc.asyncProperty(NEARLY_PATCH, async (patch) => {
      await using _cleared = cleared(folder.path);
      await writeTree(folder.path, tree);
      await Deno.chmod(`${folder.path}/g`, 0o640);
      const before = await readTree(folder.path);
      const result = await runApplyPatch({ host, patch, cwd: folder.path });
      if (result.exitCode === 0) return assert.equal(result.stderr, "");
      refused++;
      assert.equal(result.stdout, "");
      assert.deepEqual(await readTree(folder.path), before, patch);
      assert.equal(
        ((await Deno.stat(`${folder.path}/g`)).mode ?? 0) & 0o7777,
        0o640,
      );
    }),
    { numRuns },
  );
  assert.ok(refused > numRuns / 10, `${refused} refused`);
});

// Empties the folder when it goes out of scope, also when the check has failed.
function cleared(path: string): Disposable & AsyncDisposable {
  const clear = (): void => {
    for (const entry of Deno.readDirSync(path)) {
      Deno.removeSync(`${path}/${entry.name}`, { recursive: true });
    }
  };
  return {
    [Symbol.dispose]: clear,
    [Symbol.asyncDispose]: () => Promise.resolve(clear()),
  };
}
