/** Syntax colours for code: keywords, strings, comments, numbers. No I/O. */
import { paint, type RenderOptions } from "./style.ts";

const WORDS = new Set(
  ("abstract as assert async await break case catch class const continue def default " +
    "defer delete do elif else end enum export extends extern fi final finally fn for " +
    "from func function go if impl implements import in interface is lambda let loop " +
    "match mod module move mut namespace new not of or package pass private protected " +
    "pub public raise readonly return select self static struct super switch then " +
    "this throw trait try type typeof union unsafe use using var virtual void where " +
    "while with yield and SELECT FROM WHERE INSERT UPDATE DELETE CREATE TABLE JOIN " +
    "true false null None True False nil undefined").split(" "),
);

/** Languages whose comments begin with `#`. */
const HASH =
  /^(sh|bash|zsh|shell|console|py|python|rb|ruby|yaml|yml|toml|make|makefile|dockerfile|r|perl|pl|conf|ini|elixir|nix|cmake|graphql)$/;
const DASHES = /^(sql|lua|haskell|hs|elm|ada)$/;
const PLAIN = /^(|text|txt|plain|output|log|markdown|md)$/;

/** Colours the lines of one block of code, from top to bottom. */
export class CodeView {
  readonly #language: string;
  readonly #comment: "#" | "--" | "//";
  #isInComment = false;

  constructor(language: string) {
    this.#language = language.toLowerCase();
    this.#comment = HASH.test(this.#language)
      ? "#"
      : DASHES.test(this.#language)
      ? "--"
      : "//";
  }

  render(line: string, options: Pick<RenderOptions, "hasColor">): string {
    if (!options.hasColor || PLAIN.test(this.#language)) return line;
    if (this.#language === "diff" || this.#language === "patch") {
      return renderDiffLine(line, options);
    }
    return this.#renderCode(line, options);
  }

  #renderCode(line: string, options: Pick<RenderOptions, "hasColor">): string {
    let out = "";
    let at = 0;
    while (at < line.length) {
      const [text, style] = this.#next(line.slice(at), line[at - 1] ?? " ");
      out += style === undefined ? text : paint(text, options, style);
      at += text.length;
    }
    return out;
  }

  #next(
    rest: string,
    before: string,
  ): readonly [string, "dim" | "green" | "magenta" | "yellow" | undefined] {
    if (this.#isInComment || (this.#comment === "//" && /^\/\*/.test(rest))) {
      const end = rest.indexOf("*/", this.#isInComment ? 0 : 2);
      this.#isInComment = end < 0;
      return [end < 0 ? rest : rest.slice(0, end + 2), "dim"];
    }
    // `http://` and `$#` are no comments.
    const isFree = this.#comment === "#" ? /\s/.test(before) : before !== ":";
    if (isFree && rest.startsWith(this.#comment)) return [rest, "dim"];
    const string = /^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)/
      .exec(rest)?.[0];
    if (string !== undefined) return [string, "green"];
    const word = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(rest)?.[0];
    if (word !== undefined) {
      return [word, WORDS.has(word) ? "magenta" : undefined];
    }
    const number = /^\d[\w.]*/.exec(rest)?.[0];
    if (number !== undefined) return [number, "yellow"];
    const other = /^[^\p{L}\p{N}_$"'`/#-]+/u.exec(rest)?.[0];
    return [other ?? rest.slice(0, 1), undefined];
  }
}

function renderDiffLine(
  line: string,
  options: Pick<RenderOptions, "hasColor">,
): string {
  if (line.startsWith("@@")) return paint(line, options, "cyan");
  if (line.startsWith("+")) return paint(line, options, "green");
  return line.startsWith("-") ? paint(line, options, "red") : line;
}
