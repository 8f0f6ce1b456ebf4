/** A patch in git's form, of whoever made it, as data. No I/O. */
import { usageError, type UserError } from "../../protocol/error.ts";
import { textOfBytes } from "../../util/text/byte_text.ts";
import type { BinaryHalf } from "./binary.ts";
import type {
  Content,
  FilePatch,
  Hunk,
  HunkLine,
  PatchGroup,
} from "./file_patch.ts";
import { type Names, parseGitNames, parseHeaderName } from "./header_names.ts";
import { nameProblem } from "./names.ts";
import type { FileMode } from "./version.ts";

/** Throws UserError that names the line. */
export function parsePatch(bytes: Uint8Array): readonly PatchGroup[] {
  return new PatchParser(textOfBytes(bytes).split("\n")).parse();
}

class Draft {
  names: Names = {};
  isCopy = false;
  isMoved = false;
  oldMode: string | undefined;
  newMode: string | undefined;
  ids: readonly [string, string] | undefined;
  content: Content = { kind: "same" };
  line = 0;
}

const MAIL = /^From [0-9a-f]{40,64} /;
const SECTION = /^diff --git /;
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

class PatchParser {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  parse(): readonly PatchGroup[] {
    const groups: FilePatch[][] = [[]];
    while (this.#at < this.#lines.length) {
      const line = this.#line();
      if (MAIL.test(line)) groups.push([]);
      if (/^diff --(cc|combined) /.test(line)) {
        throw this.#problem(
          "is of a merge",
          "be of a change between two states",
        );
      }
      const isPlain = line.startsWith("--- ") &&
        this.#line(1).startsWith("+++ ");
      if (SECTION.test(line) || isPlain) groups.at(-1)?.push(this.#section());
      else this.#at++;
    }
    const found = groups.filter((group) => group.length > 0);
    const isEmpty = this.#lines.every((line) => line.trim() === "");
    if (found.length > 0 || isEmpty) return found;
    throw usageError(
      "Cannot read the patch: it changes no file, must be a patch as git diff writes it",
    );
  }

  #section(): FilePatch {
    const draft = new Draft();
    draft.line = this.#at + 1;
    const hasHead = SECTION.test(this.#line());
    let strips: boolean | undefined;
    if (hasHead) {
      const found = parseGitNames(this.#line().slice("diff --git ".length));
      draft.names = found;
      strips = found.strips;
      this.#at++;
      while (this.#header(draft)) this.#at++;
    }
    if (
      this.#line().startsWith("--- ") && this.#line(1).startsWith("+++ ")
    ) {
      this.#sides(draft, strips);
      draft.content = { kind: "text", hunks: this.#hunks() };
    } else if (this.#line() === "GIT binary patch") {
      this.#at++;
      draft.content = this.#binary();
    } else if (/^Binary files .* differ$/.test(this.#line())) {
      throw this.#problem(
        "is of a binary file without its content",
        "come from git diff --binary",
      );
    }
    return this.#finish(draft);
  }

  // Extended header lines of git-diff(1), "Generating patch text with -p".
  #header(draft: Draft): boolean {
    const line = this.#line();
    const word = (start: string): string | undefined =>
      line.startsWith(start) ? line.slice(start.length) : undefined;
    const mode = /^(old|new|deleted file|new file) mode (\d{6})$/.exec(line);
    if (mode !== null) {
      const [, kind = "", value] = mode;
      if (kind === "old" || kind === "deleted file") draft.oldMode = value;
      else draft.newMode = value;
      if (kind === "deleted file") draft.names = { old: draft.names.old };
      if (kind === "new file") draft.names = { fresh: draft.names.fresh };
      return true;
    }
    const index = /^index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d{6}))?$/.exec(line);
    if (index !== null) {
      const [, old = "", fresh = "", kept] = index;
      draft.ids = [old, fresh];
      draft.oldMode ??= kept;
      draft.newMode ??= kept;
      return true;
    }
    const from = word("rename from ") ?? word("copy from ");
    const to = word("rename to ") ?? word("copy to ");
    if (line.startsWith("copy ")) draft.isCopy = true;
    if (from !== undefined || to !== undefined) draft.isMoved = true;
    if (from !== undefined) {
      draft.names = { ...draft.names, old: parseHeaderName(from, false) };
    }
    if (to !== undefined) {
      draft.names = { ...draft.names, fresh: parseHeaderName(to, false) };
    }
    return from !== undefined || to !== undefined ||
      /^(dis)?similarity index \d+%$/.test(line);
  }

  #sides(draft: Draft, strips: boolean | undefined): void {
    const [old, fresh] = [this.#line().slice(4), this.#line(1).slice(4)];
    const isGit = strips ?? (/^("?a\/|\/dev\/null)/.test(old) &&
      /^("?b\/|\/dev\/null)/.test(fresh));
    const side = (text: string): string | undefined =>
      /^\/dev\/null(\t|$)/.test(text)
        ? undefined
        : parseHeaderName(text, isGit);
    // Those of a rename are whole.
    if (!draft.isMoved) draft.names = { old: side(old), fresh: side(fresh) };
    this.#at += 2;
  }

  #hunks(): readonly Hunk[] {
    const hunks: Hunk[] = [];
    for (;;) {
      const head = HUNK.exec(this.#line());
      if (head === null) break;
      const [, oldStart, oldCount = "1", newStart, newCount = "1"] = head;
      this.#at++;
      hunks.push({
        oldStart: Number(oldStart),
        newStart: Number(newStart),
        lines: this.#hunkLines(Number(oldCount), Number(newCount)),
      });
    }
    if (hunks.length === 0) {
      throw this.#problem("follows a head without lines", "be a line with @@");
    }
    return hunks;
  }

  #hunkLines(oldCount: number, newCount: number): readonly HunkLine[] {
    const lines: HunkLine[] = [];
    let [old, fresh] = [oldCount, newCount];
    while (old > 0 || fresh > 0) {
      const line = this.#line();
      // Mail programs drop the blank of an empty line.
      const sign = line === "" ? " " : line.charAt(0);
      if (sign !== " " && sign !== "-" && sign !== "+") {
        throw this.#problem("is where it breaks off", "go on as its head says");
      }
      if (this.#at >= this.#lines.length - 1) {
        throw this.#problem("is where it breaks off", "go on as its head says");
      }
      if (sign !== "+") old--;
      if (sign !== "-") fresh--;
      this.#at++;
      const isOpen = this.#line().startsWith("\\ ");
      if (isOpen) this.#at++;
      lines.push({ sign, text: line.slice(1) + (isOpen ? "" : "\n") });
    }
    if (old < 0 || fresh < 0) {
      throw this.#problem("goes on longer than its head says", "be as long");
    }
    return lines;
  }

  #binary(): Content {
    const forward = this.#half();
    if (forward === undefined) {
      throw this.#problem("is where it breaks off", "go on as its head says");
    }
    const reverse = this.#half();
    return { kind: "binary", forward, ...(reverse && { reverse }) };
  }

  #half(): BinaryHalf | undefined {
    const head = /^(literal|delta) (\d+)$/.exec(this.#line());
    if (head === null) return undefined;
    const lines: string[] = [];
    while (this.#line(1) !== "" && this.#at < this.#lines.length) {
      lines.push(this.#line(1));
      this.#at++;
    }
    this.#at += 2;
    const kind = head[1] === "delta" ? "delta" : "literal";
    return { kind, lines, size: Number(head[2]) };
  }

  #finish({ names, line, content, isCopy, ...draft }: Draft): FilePatch {
    const { old, fresh } = names;
    this.#check([old, fresh], line);
    const [oldId, newId] = draft.ids ?? [];
    const oldMode = this.#mode(draft.oldMode, line);
    const newMode = this.#mode(draft.newMode, line);
    return {
      content,
      isCopy,
      ...(old !== undefined && { oldName: old }),
      ...(fresh !== undefined && { newName: fresh }),
      ...(oldMode !== undefined && { oldMode }),
      ...(newMode !== undefined && { newMode }),
      ...(oldId !== undefined && { oldId }),
      ...(newId !== undefined && { newId }),
    };
  }

  #check(names: readonly (string | undefined)[], line: number): void {
    const given = names.filter((name) => name !== undefined);
    if (given.length === 0) {
      throw problemAt(line, "names no file that can be read", "name one");
    }
    for (const name of given) {
      const problem = nameProblem(name);
      if (problem === undefined) continue;
      throw problemAt(
        line,
        `names ${JSON.stringify(name)}: ${problem}`,
        "name a file below the folder",
      );
    }
  }

  #mode(text: string | undefined, line: number): FileMode | undefined {
    switch (text) {
      case undefined:
      case "100644":
      case "100755":
      case "120000":
        return text;
      case "100664":
        return "100644";
      case "160000":
        throw problemAt(line, "is of a submodule", "be of a file or link");
      default:
        throw problemAt(line, `has the mode ${text}`, "be of a file or link");
    }
  }

  #line(ahead = 0): string {
    return this.#lines[this.#at + ahead] ?? "";
  }

  #problem(state: string, wanted: string): UserError {
    return problemAt(this.#at + 1, state, wanted);
  }
}

function problemAt(line: number, state: string, wanted: string): UserError {
  return usageError(
    `Cannot read the patch: line ${line} ${state}, must ${wanted}`,
  );
}
