/** Patches with what they make of files: one table for the whole engine. */

/** Files by path; a text is UTF-8, `null` an empty folder, `{ link }` a symbolic link. */
export type Tree = Readonly<
  Record<string, string | Uint8Array | null | { readonly link: string }>
>;

export interface PatchCase {
  readonly name: string;
  readonly before: Tree;
  /** The whole text. */
  readonly patch: string;
  /** All files afterwards; absent when the patch fails and nothing changes. */
  readonly after?: Tree;
  /** Lines after the headline; compared when given. */
  readonly summary?: readonly string[];
  /** All of stderr but the newline; `{dir}` stands for the folder. */
  readonly error?: string;
  /** Why the result is not that of the program this engine follows. */
  readonly own?: string;
}

/** The lines between the begin and the end marker. */
function patch(...lines: readonly string[]): string {
  return ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
}

/** An update of the file `f`. */
function update(...lines: readonly string[]): string {
  return patch("*** Update File: f", ...lines);
}

function bytes(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (char) => char.charCodeAt(0));
}

const ABCDE = "a\nb\nc\nd\ne\n";

function missing(...lines: readonly string[]): string {
  return `Failed to find expected lines in {dir}/f:\n${lines.join("\n")}`;
}

const GRAMMAR: readonly PatchCase[] = [
  {
    name: "white space around the whole text and the markers",
    before: { f: "a\n" },
    patch:
      "\n\n  *** Begin Patch  \n*** Update File: f\n@@\n-a\n+A\n *** End Patch \n\n",
    after: { f: "A\n" },
  },
  {
    name: "no begin marker",
    before: { f: "a\n" },
    patch: "*** Update File: f\n@@\n-a\n+A\n*** End Patch",
    error:
      "Invalid patch: The first line of the patch must be '*** Begin Patch'",
  },
  {
    name: "no end marker",
    before: { f: "a\n" },
    patch: "*** Begin Patch\n*** Update File: f\n@@\n-a\n+A",
    error: "Invalid patch: The last line of the patch must be '*** End Patch'",
  },
  {
    name: "nothing at all",
    before: {},
    patch: "",
    error: "Invalid patch: The last line of the patch must be '*** End Patch'",
  },
  {
    name: "the begin marker alone",
    before: {},
    patch: "*** Begin Patch",
    error: "Invalid patch: The last line of the patch must be '*** End Patch'",
  },
  {
    name: "both markers on one line",
    before: {},
    patch: "*** Begin Patch *** End Patch",
    error:
      "Invalid patch: The first line of the patch must be '*** Begin Patch'",
  },
  {
    name: "no hunks",
    before: { f: "a\n" },
    patch: patch(),
    error: "No files were modified.",
  },
  {
    name: "the end marker said twice",
    before: { f: "a\n" },
    patch: update("@@", "-a", "+A", "*** End Patch"),
    after: { f: "A\n" },
  },
  {
    name: "a hunk after the end marker",
    before: { f: "a\n" },
    patch: update("@@", "-a", "+A", "*** End Patch", "*** Add File: g", "+x"),
    error: "Invalid patch: The last line of the patch must be '*** End Patch'",
  },
  {
    name: "a heredoc in single quotes",
    before: { f: "a\n" },
    patch: `<<'EOF'\n${update("@@", "-a", "+A")}\nEOF`,
    after: { f: "A\n" },
  },
  {
    name: "a heredoc with a bare word",
    before: { f: "a\n" },
    patch: `<<EOF\n${update("@@", "-a", "+A")}\nEOF\n`,
    after: { f: "A\n" },
  },
  {
    name: "a heredoc in double quotes, its end not alone on the line",
    before: { f: "a\n" },
    patch: `<<"EOF"\n${update("@@", "-a", "+A")}\n  xEOF`,
    after: { f: "A\n" },
  },
  {
    name: "a heredoc with a space before the word is none",
    before: { f: "a\n" },
    patch: `<< 'EOF'\n${update("@@", "-a", "+A")}\nEOF`,
    error:
      "Invalid patch: The first line of the patch must be '*** Begin Patch'",
  },
  {
    name: "a heredoc without its end",
    before: { f: "a\n" },
    patch: `<<'EOF'\n${update("@@", "-a", "+A")}\nEND`,
    error:
      "Invalid patch: The first line of the patch must be '*** Begin Patch'",
  },
  {
    name: "a heredoc around something else",
    before: {},
    patch: "<<'EOF'\nx\ny\nEOF",
    error:
      "Invalid patch: The first line of the patch must be '*** Begin Patch'",
  },
  {
    name: "a heredoc of three lines",
    before: {},
    patch: "<<'EOF'\n*** Begin Patch\nEOF",
    error:
      "Invalid patch: The first line of the patch must be '*** Begin Patch'",
  },
  {
    name: "an unknown header",
    before: {},
    patch: patch("*** Foo: f"),
    error:
      "Invalid patch hunk on line 2: '*** Foo: f' is not a hunk header, must be one of '*** Add File: {path}', '*** Delete File: {path}', '*** Update File: {path}'",
  },
  {
    name: "a header without a path",
    before: {},
    patch: patch("*** Add File: ", "+x"),
    error:
      "Invalid patch hunk on line 2: '*** Add File:' is not a hunk header, must be one of '*** Add File: {path}', '*** Delete File: {path}', '*** Update File: {path}'",
  },
  {
    name: "an indented header, white space after the path",
    before: { f: "a\n" },
    patch: patch("  *** Update File: f \u00a0 ", "@@", "-a", "+A"),
    after: { f: "A\n" },
  },
  {
    name: "a line without plus in an added file",
    before: {},
    patch: patch("*** Add File: g", "+a", "b"),
    error:
      "Invalid patch hunk on line 4: 'b' is not a hunk header, must be one of '*** Add File: {path}', '*** Delete File: {path}', '*** Update File: {path}'",
  },
  {
    name: "a blank line after an added file",
    before: { f: "a\n" },
    patch: patch("*** Add File: g", "+a", "", "*** Delete File: f"),
    error:
      "Invalid patch hunk on line 4: '' is not a hunk header, must be one of '*** Add File: {path}', '*** Delete File: {path}', '*** Update File: {path}'",
  },
  {
    name: "an update without a change",
    before: { f: "a\n" },
    patch: patch("*** Add File: g", "+x", "*** Update File: f"),
    error:
      "Invalid patch hunk on line 4: Update file hunk for path 'f' is empty",
  },
  {
    name: "a move without a change",
    before: { f: "a\n" },
    patch: update("*** Move to: g"),
    error:
      "Invalid patch hunk on line 2: Update file hunk for path 'f' is empty",
  },
  {
    name: "a place without a change",
    before: { f: "a\n" },
    patch: update("@@ a"),
    error:
      "Invalid patch hunk on line 4: The update has no lines after its '@@'",
  },
  {
    name: "an end-of-file marker without a change",
    before: { f: "a\n" },
    patch: update("@@", "*** End of File"),
    error:
      "Invalid patch hunk on line 4: The update has no lines after its '@@'",
  },
  {
    name: "a first line with none of the three signs",
    before: { f: "a\n" },
    patch: update("@@", "xyz"),
    error:
      "Invalid patch hunk on line 4: Unexpected line in an update: 'xyz', must start with ' ' (context), '+' (added) or '-' (removed)",
  },
  {
    name: "a second change without its place",
    before: { f: ABCDE },
    patch: update("@@", "-a", "+A", "foo"),
    error:
      "Invalid patch hunk on line 6: Expected '@@' before more lines of the update, got 'foo'",
  },
  {
    name: "a line with a tab in front",
    before: { f: "\ta\n" },
    patch: update("@@", "\ta", "+A"),
    error:
      "Invalid patch hunk on line 4: Unexpected line in an update: '\ta', must start with ' ' (context), '+' (added) or '-' (removed)",
  },
  {
    name: "the first change without its place",
    before: { f: ABCDE },
    patch: update(" a", "-b", "+B"),
    after: { f: "a\nB\nc\nd\ne\n" },
  },
  {
    name: "a place with nothing but white space",
    before: { f: "a\nb\n" },
    patch: update("@@   ", "-b", "+B"),
    after: { f: "a\nB\n" },
  },
  {
    name: "a place that is glued to its text",
    before: { f: "b\n" },
    patch: update("@@b", "-b", "+B"),
    error:
      "Invalid patch hunk on line 3: Unexpected line in an update: '@@b', must start with ' ' (context), '+' (added) or '-' (removed)",
  },
  {
    name: "line numbers of another format are looked for as text",
    before: { f: ABCDE },
    patch: update("@@ -1,3 +1,3 @@", "-c", "+C"),
    error: "Failed to find context '-1,3 +1,3 @@' in {dir}/f",
  },
  {
    name: "an empty line in a change is empty context",
    before: { f: "a\n\nb\n" },
    patch: update("@@", " a", "", "-b", "+B"),
    after: { f: "a\n\nB\n" },
  },
  {
    name: "an end-of-file marker before any change is passed over",
    before: { f: "a\n" },
    patch: update("*** End of File", "@@", "-a", "+A"),
    after: { f: "A\n" },
  },
  {
    name: "blank lines after an end-of-file marker",
    before: { f: "a\nb\n" },
    patch: update("@@", "-b", "+B", "*** End of File  ", "", "  ", "@@", "+c"),
    after: { f: "a\nB\nc\n" },
  },
  {
    name: "an indented header is context",
    before: { f: ABCDE },
    patch: update("@@", "-a", "+A", "  *** Add File: g", "+x"),
    error: missing("a", " *** Add File: g"),
  },
  {
    name: "an indented move is context",
    before: { f: "a\n" },
    patch: update("  *** Move to: g", "@@", "-a", "+A"),
    error: missing(" *** Move to: g"),
  },
  {
    name: "a blank line before the move",
    before: { f: "a\n" },
    patch: update("", "*** Move to: g", "@@", "-a", "+A"),
    error:
      "Invalid patch hunk on line 4: Expected '@@' before more lines of the update, got '*** Move to: g'",
  },
  {
    name: "a patch with CRLF line ends on a file with LF",
    before: { f: "a\nb\nc\n" },
    patch: update("@@", " a", "-b", "+B").replaceAll("\n", "\r\n"),
    after: { f: "a\nB\nc\n" },
  },
  {
    name: "an added file from a patch with CRLF line ends",
    before: {},
    patch: patch("*** Add File: g", "+a", "+b").replaceAll("\n", "\r\n"),
    after: { g: "a\nb\n" },
  },
];

const MATCHING: readonly PatchCase[] = [
  {
    name: "first pass: exact, though looser ones would match earlier",
    before: { f: "  a\na  \na\n" },
    patch: update("@@", "-a", "+A"),
    after: { f: "  a\na  \nA\n" },
  },
  {
    name: "second pass: white space at the end, before the third",
    before: { f: "  a\na  \n" },
    patch: update("@@", "-a", "+A"),
    after: { f: "  a\nA\n" },
  },
  {
    name: "third pass: white space at both ends",
    before: { f: "x\n\t a \n" },
    patch: update("@@", "-a", "+A"),
    after: { f: "x\nA\n" },
  },
  {
    name: "fourth pass: dashes, quotes and spaces as ASCII",
    before: {
      f: "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f.\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000.\n",
    },
    patch: update("@@", `-${"-".repeat(7)}''''"""".${" ".repeat(13)}.`, "+ok"),
    after: { f: "ok\n" },
  },
  {
    name: "fourth pass: the patch has the typographic form",
    before: { f: "x - y\n" },
    patch: update("@@", "-x \u2013 y", "+ok"),
    after: { f: "ok\n" },
  },
  {
    name: "an ellipsis is not folded",
    before: { f: "a\u2026b\n" },
    patch: update("@@", "-a...b", "+ok"),
    error: missing("a...b"),
  },
  {
    name: "U+0085 is white space",
    before: { f: "a\u0085\n" },
    patch: update("@@", "-a", "+ok"),
    after: { f: "ok\n" },
  },
  {
    name: "U+FEFF inside the file is not white space",
    before: { f: "x\na\ufeff\n" },
    patch: update("@@", "-a", "+ok"),
    error: missing("a"),
  },
  {
    name: "context lines keep the file's own text",
    before: { f: "a \n  b\nc\t\n\u201cd\u201d\n" },
    patch: update("@@", " a", "-b", "+B", " c", ' "d"', "+e"),
    after: { f: "a \nB\nc\t\n\u201cd\u201d\ne\n" },
  },
  {
    name: "added lines are taken as they are",
    before: { f: "    a\n" },
    patch: update("@@", " a", "+ \tb  "),
    after: { f: "    a\n \tb  \n" },
  },
  {
    name: "the place narrows where the lines are looked for",
    before: { f: "def x:\n  p\ndef y:\n  p\n" },
    patch: update("@@ def y:", "-  p", "+  q"),
    after: { f: "def x:\n  p\ndef y:\n  q\n" },
  },
  {
    name: "the place is matched loosely too",
    before: { f: "p\n  def \u201cy\u201d:  \np\n" },
    patch: update('@@ def "y":', "-p", "+q"),
    after: { f: "p\n  def \u201cy\u201d:  \nq\n" },
  },
  {
    name: "indentation of the place counts in the stricter passes",
    before: { f: "a\n1\n  a\n1\n" },
    patch: update("@@   a", "-1", "+2"),
    after: { f: "a\n1\n  a\n2\n" },
  },
  {
    name: "a place that is not there",
    before: { f: ABCDE },
    patch: update("@@ zzz", " a", "+x"),
    error: "Failed to find context 'zzz' in {dir}/f",
  },
  {
    name: "lines that stand before the place",
    before: { f: ABCDE },
    patch: update("@@ c", " a", "-b"),
    error: missing("a", "b"),
  },
  {
    name: "places in a row narrow one after the other",
    before: {
      f: "class A\n  def run\n    x\nclass B\n  def stop\n    x\n  def run\n    x\n",
    },
    patch: update("@@ class B", "@@   def run", "-    x", "+    y"),
    after: {
      f: "class A\n  def run\n    x\nclass B\n  def stop\n    x\n  def run\n    y\n",
    },
    own: "places in a row are accepted",
  },
  {
    name: "three places, one of them bare",
    before: { f: "a\nx\nb\nx\nc\nx\n" },
    patch: update("@@ a", "@@", "@@ b", "@@ c", "-x", "+y"),
    after: { f: "a\nx\nb\nx\nc\ny\n" },
    own: "places in a row are accepted",
  },
  {
    name: "the second of two places is not there",
    before: { f: ABCDE },
    patch: update("@@ c", "@@ a", "-d"),
    error: "Failed to find context 'a' in {dir}/f",
    own: "places in a row are accepted",
  },
  {
    name: "places in a row without a change",
    before: { f: ABCDE },
    patch: update("@@ a", "@@ b"),
    error:
      "Invalid patch hunk on line 5: The update has no lines after its '@@'",
    own: "places in a row are accepted",
  },
  {
    name: "changes are looked for in the order of the patch",
    before: { f: ABCDE },
    patch: update("@@", " b", "-c", "+C", "@@", " a", "-b", "+B"),
    error: missing("a", "b"),
  },
  {
    name: "the same lines twice: the second change finds the second place",
    before: { f: "x\nx\nx\n" },
    patch: update("@@", "-x", "+1", "@@", "-x", "+2"),
    after: { f: "1\n2\nx\n" },
  },
  {
    name: "end of file: only the very end counts",
    before: { f: "b\na\nb\n" },
    patch: update("@@", "-b", "+B", "*** End of File"),
    after: { f: "b\na\nB\n" },
  },
  {
    name: "end of file: lines that stand elsewhere",
    before: { f: "a\nb\n" },
    patch: update("@@", "-a", "+A", "*** End of File"),
    error: missing("a"),
  },
  {
    name: "end of file: not before the place",
    before: { f: "a\nb\n" },
    patch: update("@@ b", "-b", "+B", "*** End of File"),
    error: missing("b"),
  },
  {
    name: "end of file: more lines than the file has",
    before: { f: "a\n" },
    patch: update("@@", " x", "-a", "*** End of File"),
    error: missing("x", "a"),
  },
  {
    name: "end of file: an indented marker is context",
    before: { f: "a\nb\n" },
    patch: update("@@", "-b", "+B", "  *** End of File"),
    error: missing("b", " *** End of File"),
  },
  {
    name: "trailing empty: a blank line before the next change",
    before: { f: "a\nb\nc\nd\n" },
    patch: update("@@", " a", "-b", "+B", "", "@@", "-d", "+D"),
    after: { f: "a\nB\nc\nD\n" },
  },
  {
    name: "trailing empty: a blank line at the end of the patch",
    before: { f: "a\n" },
    patch: update("@@", "-a", "+A", ""),
    after: { f: "A\n" },
  },
  {
    name: "trailing empty: kept where the file has the line",
    before: { f: "a\n\nb\n" },
    patch: update("@@", "-a", "+A", ""),
    after: { f: "A\n\nb\n" },
  },
  {
    name: "trailing empty: an empty context line becomes an empty new one",
    before: { f: "a\nb\n" },
    patch: update("@@", " a", "-b", " ", "+c"),
    after: { f: "a\n\nc\n" },
  },
  {
    name: "trailing empty: a removed one, and an empty new one with it",
    before: { f: "a\nb\n" },
    patch: update("@@", " a", "-b", "-", "+c", "+"),
    after: { f: "a\nc\n" },
  },
  {
    name: "trailing empty: with the end-of-file marker",
    before: { f: "a\nb\n" },
    patch: update("@@", "-b", "+B", " ", "*** End of File"),
    after: { f: "a\nB\n" },
  },
  {
    name: "trailing empty: two are one too many",
    before: { f: ABCDE },
    patch: update("@@", "-a", "+A", "", ""),
    error: missing("a", "", ""),
  },
  {
    name: "trailing empty: white space is not empty",
    before: { f: "a\n" },
    patch: update("@@", "-a", "+A", "   "),
    error: missing("a", "  "),
  },
  {
    name: "nothing but an empty line stands everywhere",
    before: { f: "a\nb\n" },
    patch: update("@@", "-", "+c"),
    after: { f: "c\na\nb\n" },
  },
  {
    name: "nothing but an empty line stands everywhere, not just at the end",
    before: { f: "a\nb\n" },
    patch: update("@@", "+c", " ", "*** End of File"),
    after: { f: "c\na\nb\n" },
  },
];

const INSERTING: readonly PatchCase[] = [
  {
    name: "an insertion below its place",
    before: { f: ABCDE },
    patch: update("@@ b", "+x", "+y"),
    after: { f: "a\nb\nx\ny\nc\nd\ne\n" },
    own: "an insertion goes right below its place",
  },
  {
    name: "an insertion below two places",
    before: { f: "a\nb\na\nb\n" },
    patch: update("@@ b", "@@ b", "+x"),
    after: { f: "a\nb\na\nb\nx\n" },
    own: "places in a row are accepted",
  },
  {
    name: "an insertion below its place, then a change of the next line",
    before: { f: ABCDE },
    patch: update("@@ b", "+x", "@@", "-c", "+C"),
    after: { f: "a\nb\nx\nC\nd\ne\n" },
    own: "an insertion goes right below its place",
  },
  {
    name: "an insertion below a last line without newline",
    before: { f: "a\nb" },
    patch: update("@@ b", "+x"),
    after: { f: "a\nb\nx\n" },
  },
  {
    name: "an insertion with a place and the end-of-file marker",
    before: { f: ABCDE },
    patch: update("@@ b", "+x", "*** End of File"),
    after: { f: "a\nb\nc\nd\ne\nx\n" },
  },
  {
    name: "an insertion without a place",
    before: { f: ABCDE },
    patch: update("@@", "+x"),
    after: { f: "a\nb\nc\nd\ne\nx\n" },
  },
  {
    name: "an insertion into an empty file",
    before: { f: "" },
    patch: update("@@", "+x"),
    after: { f: "x\n" },
  },
  {
    name: "an insertion after trailing empty lines",
    before: { f: "a\n\n\n" },
    patch: update("@@", "+x"),
    after: { f: "a\n\n\nx\n" },
  },
  {
    name: "an insertion at the end, then a change before it",
    before: { f: "a\nb\n" },
    patch: update("@@", "+z", "@@", "-a", "+A"),
    after: { f: "A\nb\nz\n" },
  },
  {
    name: "two insertions at the end keep their order",
    before: { f: "a\n" },
    patch: update("@@", "+1", "@@", "+2"),
    after: { f: "a\n1\n2\n" },
  },
];

const LINE_ENDS: readonly PatchCase[] = [
  {
    name: "no final newline: there is one afterwards",
    before: { f: "a\nb" },
    patch: update("@@", "-a", "+A"),
    after: { f: "A\nb\n" },
  },
  {
    name: "no final newline: the last line goes",
    before: { f: "a\nb" },
    patch: update("@@", "-b"),
    after: { f: "a\n" },
  },
  {
    name: "all lines go",
    before: { f: "a\nb" },
    patch: update("@@", "-a", "-b"),
    after: { f: "" },
  },
  {
    name: "context alone gives the file its final newline",
    before: { f: "a" },
    patch: update("@@", " a"),
    after: { f: "a\n" },
  },
  {
    name: "a file of one newline",
    before: { f: "\n" },
    patch: update("@@", "-", "+x"),
    after: { f: "x\n" },
  },
  {
    name: "CRLF: changed, inserted and appended lines",
    before: { f: "a\r\nb\r\nc\r\n" },
    patch: update("@@", " a", "-b", "+B", "+B2", "@@", "+d"),
    after: { f: "a\r\nB\r\nB2\r\nc\r\nd\r\n" },
  },
  {
    name: "CRLF without a final one",
    before: { f: "a\r\nb" },
    patch: update("@@", "-a", "+A"),
    after: { f: "A\r\nb\r\n" },
  },
  {
    name: "CRLF in the patch and in the file",
    before: { f: "a\r\nb\r\n" },
    patch: update("@@", "-a", "+A").replaceAll("\n", "\r\n"),
    after: { f: "A\r\nb\r\n" },
  },
  {
    name: "mixed, mostly CRLF: untouched lines stay, new ones get CRLF",
    before: { f: "a\r\nb\nc\r\nd\r\n" },
    patch: update("@@", " a", "-b", "+B", "+B2", " c"),
    after: { f: "a\r\nB\r\nB2\r\nc\r\nd\r\n" },
  },
  {
    name: "mixed, mostly LF: untouched lines stay, new ones get LF",
    before: { f: "a\nb\r\nc\nd\n" },
    patch: update("@@", " b", "-c", "+C"),
    after: { f: "a\nb\r\nC\nd\n" },
  },
  {
    name: "mixed, the first line end is the rarer one",
    before: { f: "a\r\nb\nc\n" },
    patch: update("@@", "+d"),
    after: { f: "a\r\nb\nc\nd\n" },
    own: "the most frequent line end counts, not the first",
  },
  {
    name: "mixed, as many of each: the first",
    before: { f: "a\r\nb\n" },
    patch: update("@@", "+c"),
    after: { f: "a\r\nb\nc\r\n" },
  },
  {
    name: "CR alone ends lines too",
    before: { f: "a\rb\rc\r" },
    patch: update("@@", "-b", "+B"),
    after: { f: "a\rB\rc\r" },
  },
  {
    name: "CR before CRLF",
    before: { f: "a\r\r\nb\r\r\n" },
    patch: update("@@", "-b", "+B"),
    after: { f: "a\r\r\nB\r\r\n" },
  },
];

const ENCODINGS: readonly PatchCase[] = [
  {
    name: "a byte order mark stays when the first line changes",
    before: { f: "\ufeffa\nb\n" },
    patch: update("@@", "-a", "+A"),
    after: { f: "\ufeffA\nb\n" },
    own: "the byte order mark is not part of the first line",
  },
  {
    name: "a byte order mark that the patch has too is not doubled",
    before: { f: "\ufeffa\nb\n" },
    patch: update("@@", "-\ufeffa", "+\ufeffA"),
    after: { f: "\ufeffA\nb\n" },
  },
  {
    name: "a byte order mark with CRLF",
    before: { f: "\ufeffa\r\nb\r\n" },
    patch: update("@@", " a", "+x"),
    after: { f: "\ufeffa\r\nx\r\nb\r\n" },
    own: "the byte order mark is not part of the first line",
  },
  {
    name: "Latin-1: untouched lines stay, new ones are Latin-1",
    before: { f: bytes("caf\xe9\nb\n\x93q\x94\n") },
    patch: update("@@", " caf\u00e9", "-b", "+th\u00e9"),
    after: { f: bytes("caf\xe9\nth\xe9\n\x93q\x94\n") },
    own: "files that are not UTF-8 can be changed",
  },
  {
    name: "Latin-1: a character it does not have",
    before: { f: bytes("caf\xe9\nb\n") },
    patch: update("@@", "-b", "+\u2014"),
    error:
      "Cannot write U+2014 to {dir}/f: the file is in Latin-1, must be in UTF-8 for that character",
    own: "files that are not UTF-8 can be changed",
  },
  {
    name: "UTF-8 with one damaged line: that line stays",
    before: { f: bytes("\xc3\xa9\n\xff\xfe!\nb\n") },
    patch: update("@@", "-b", "+\u00fc"),
    after: { f: bytes("\xc3\xa9\n\xff\xfe!\n\xc3\xbc\n") },
    own: "files that are not UTF-8 can be changed",
  },
  {
    name: "UTF-16, little end first",
    before: { f: bytes("\xff\xfea\0\r\0\n\0\xe9\0\r\0\n\0") },
    patch: update("@@", "-a", "+\u2014", " \u00e9"),
    after: { f: bytes("\xff\xfe\x14\x20\r\0\n\0\xe9\0\r\0\n\0") },
    own: "files that are not UTF-8 can be changed",
  },
  {
    name: "UTF-16, big end first",
    before: { f: bytes("\xfe\xff\0a\0\n\xd8\0\0\n") },
    patch: update("@@", " a", "+b"),
    after: { f: bytes("\xfe\xff\0a\0\n\0b\0\n\xd8\0\0\n") },
    own: "files that are not UTF-8 can be changed",
  },
  {
    name: "NUL inside a line",
    before: { f: "a\0b\nc\n" },
    patch: update("@@", " a\0b", "-c", "+C"),
    after: { f: "a\0b\nC\n" },
  },
  {
    name: "astral characters and combining marks",
    before: { f: "\u{1f600}\ne\u0301\n\u00e9\n" },
    patch: update("@@", "-\u00e9", "+\u{1f468}\u200d\u{1f469}"),
    after: { f: "\u{1f600}\ne\u0301\n\u{1f468}\u200d\u{1f469}\n" },
  },
  {
    name: "U+2028 is no line end",
    before: { f: "a\u2028b\nc\n" },
    patch: update("@@", "-a\u2028b", "+x"),
    after: { f: "x\nc\n" },
  },
];

const FILES: readonly PatchCase[] = [
  {
    name: "a new file in new folders",
    before: {},
    patch: patch("*** Add File: x/y/g", "+1", "+", "+3"),
    after: { "x/y/g": "1\n\n3\n" },
    summary: ["A x/y/g"],
  },
  {
    name: "a new empty file",
    before: {},
    patch: patch("*** Add File: g"),
    after: { g: "" },
  },
  {
    name: "a new file over an old one",
    before: { f: "old\nold\n" },
    patch: patch("*** Add File: f", "+new"),
    after: { f: "new\n" },
    summary: ["A f"],
  },
  {
    name: "a deleted file",
    before: { f: "a\n", g: "b\n" },
    patch: patch("*** Delete File: f"),
    after: { g: "b\n" },
    summary: ["D f"],
  },
  {
    name: "a deleted file that is not text",
    before: { f: bytes("\xff\0\xfe") },
    patch: patch("*** Delete File: f"),
    after: {},
  },
  {
    name: "a move",
    before: { f: "a\nb\n" },
    patch: update("*** Move to: x/g  ", "@@", "-a", "+A"),
    after: { "x/g": "A\nb\n" },
    summary: ["M x/g"],
  },
  {
    name: "a move over an old file",
    before: { f: "a\n", g: "old\n" },
    patch: update("*** Move to: g", "@@", "-a", "+A"),
    after: { g: "A\n" },
    summary: ["M g"],
  },
  {
    name: "a move onto itself keeps the file",
    before: { f: "a\n" },
    patch: update("*** Move to: ./f", "@@", "-a", "+A"),
    after: { f: "A\n" },
    summary: ["M ./f"],
    own: "a move onto itself does not delete the file",
  },
  {
    name: "files are listed by what happened, then in order",
    before: { f: "a\n", g: "b\n", h: "c\n" },
    patch: patch(
      "*** Delete File: g",
      "*** Update File: f",
      "@@",
      "-a",
      "+A",
      "*** Add File: n",
      "+x",
      "*** Update File: h",
      "@@",
      "-c",
      "+C",
      "*** Add File: m",
    ),
    after: { f: "A\n", h: "C\n", m: "", n: "x\n" },
    summary: ["A n", "A m", "M f", "M h", "D g"],
  },
  {
    name: "two updates of one file: the second sees the first",
    before: { f: "a\n" },
    patch: update("@@", "-a", "+b", "*** Update File: f", "@@", "-b", "+c"),
    after: { f: "c\n" },
    summary: ["M f", "M f"],
  },
  {
    name: "an update of a file that was added before",
    before: {},
    patch: patch(
      "*** Add File: g",
      "+1",
      "*** Update File: g",
      "@@",
      "-1",
      "+2",
    ),
    after: { g: "2\n" },
    summary: ["A g", "M g"],
  },
  {
    name: "deleted, then added",
    before: { f: "a\n" },
    patch: patch("*** Delete File: f", "*** Add File: f", "+b"),
    after: { f: "b\n" },
    summary: ["A f", "D f"],
  },
  {
    name: "added, then deleted",
    before: {},
    patch: patch("*** Add File: f", "+b", "*** Delete File: f"),
    after: {},
  },
  {
    name: "a file gives way to a folder of its name",
    before: { f: "a\n" },
    patch: patch("*** Delete File: f", "*** Add File: f/g", "+b"),
    after: { "f/g": "b\n" },
  },
  {
    name: "moved away, then updated under the old name",
    before: { f: "a\n" },
    patch: update(
      "*** Move to: g",
      "@@",
      "-a",
      "+A",
      "*** Update File: f",
      "@@",
      "+x",
    ),
    error:
      "Failed to read file to update {dir}/f: No such file or directory (os error 2)",
    own: "nothing of it is applied",
  },
  {
    name: "the file to update is not there",
    before: { f: "a\n" },
    patch: patch("*** Update File: g", "@@", "-a"),
    error:
      "Failed to read file to update {dir}/g: No such file or directory (os error 2)",
  },
  {
    name: "the file to update is a folder",
    before: { f: null },
    patch: update("@@", "-a"),
    error:
      "Failed to read file to update {dir}/f: path `{dir}/f` is not a file",
  },
  {
    name: "the file to delete is not there",
    before: {},
    patch: patch("*** Delete File: x/g"),
    error:
      "Failed to delete file {dir}/x/g: No such file or directory (os error 2)",
    own: "the message says why",
  },
  {
    name: "the file to delete is a folder",
    before: { d: null },
    patch: patch("*** Delete File: d"),
    error: "Failed to delete file {dir}/d: path `{dir}/d` is not a file",
    own: "the message says why",
  },
  {
    name: "the file to add is a folder",
    before: { d: null },
    patch: patch("*** Add File: d", "+x"),
    error: "Failed to write file {dir}/d: path `{dir}/d` is not a file",
    own: "the message says why",
  },
  {
    name: "the file to add lies below a file",
    before: { f: "a\n" },
    patch: patch("*** Add File: f/x/g", "+x"),
    error: "Failed to write file {dir}/f/x/g: Not a directory (os error 20)",
    own: "the message says why",
  },
  {
    name: "the third of three fails: nothing is applied",
    before: { f: "a\n", g: "b\n" },
    patch: update(
      "@@",
      "-a",
      "+A",
      "*** Add File: n",
      "+x",
      "*** Update File: g",
      "@@",
      "-zz",
    ),
    error: "Failed to find expected lines in {dir}/g:\nzz",
    own: "nothing of it is applied",
  },
  {
    name: "dots in a path",
    before: { f: "a\n" },
    patch: patch("*** Update File: ./x/../f", "@@", "-a", "+A"),
    after: { f: "A\n" },
    summary: ["M ./x/../f"],
  },
  {
    name: "white space before a path belongs to it",
    before: {},
    patch: patch("*** Add File:   g h", "+x"),
    after: { "  g h": "x\n" },
  },
  {
    name: "a link to a file: the file is changed, the link stays",
    before: { real: "a\n", f: { link: "real" } },
    patch: update("@@", "-a", "+A"),
    after: { real: "A\n", f: { link: "real" } },
    summary: ["M f"],
  },
  {
    name: "a link through a folder",
    before: { "d/g": "a\n", l: { link: "d" } },
    patch: patch("*** Update File: l/g", "@@", "-a", "+A"),
    after: { "d/g": "A\n", l: { link: "d" } },
  },
  {
    name: "a deleted link: what it points to stays",
    before: { real: "a\n", f: { link: "real" } },
    patch: patch("*** Delete File: f"),
    after: { real: "a\n" },
  },
  {
    name: "a moved link: the link goes, what it points to stays",
    before: { real: "a\n", f: { link: "real" } },
    patch: update("*** Move to: g", "@@", "-a", "+A"),
    after: { real: "a\n", g: "A\n" },
  },
  {
    name: "a file added over a link that points nowhere",
    before: { f: { link: "x" } },
    patch: patch("*** Add File: f", "+a"),
    after: { f: { link: "x" }, x: "a\n" },
  },
  {
    name: "a link that points to itself",
    before: { f: { link: "f" } },
    patch: patch("*** Add File: f", "+a"),
    error: "Failed to write file {dir}/f: Too many levels of symbolic links",
    own: "the message says why",
  },
  {
    name: "a move onto a link to the file itself",
    before: { f: "a\n", g: { link: "f" } },
    patch: update("*** Move to: g", "@@", "-a", "+A"),
    after: { f: "A\n", g: { link: "f" } },
    own: "a move onto itself does not delete the file",
  },
  {
    name: "two names of one file: the second update sees the first",
    before: { f: "a\n", l: { link: "f" } },
    patch: update("@@", "-a", "+b", "*** Update File: l", "@@", "-b", "+c"),
    after: { f: "c\n", l: { link: "f" } },
  },
];

export const PATCH_CASES: readonly PatchCase[] = [
  ...GRAMMAR,
  ...MATCHING,
  ...INSERTING,
  ...LINE_ENDS,
  ...ENCODINGS,
  ...FILES,
];
