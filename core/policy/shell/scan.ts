/** Finds commands anywhere in a script; what it finds may only make a verdict stricter. */

/** What a scan returns at most, and how deep it looks into nested scripts. */
const COMMANDS_MAX = 2_000;
const DEPTH_MAX = 8;
/** Among how many words a runner's command is looked for. */
const RUNNER_WORDS_MAX = 32;

const KEYWORDS = new Set(
  "if then else elif do while until ! { } time coproc in".split(" "),
);
const SHELLS = /^(ba|z|da|k|a)?sh$/;
// Programs that run the command that follows their own words.
const RUNNERS = new Set(
  "sudo doas env nice ionice nohup timeout stdbuf time command exec builtin xargs setsid chroot unshare busybox watch strace flock parallel"
    .split(" "),
);
const FIND_RUNNERS = new Set(["-exec", "-execdir", "-ok", "-okdir"]);

/** Every command a script seems to contain, nested ones included. */
export function scanScript(script: string): readonly (readonly string[])[] {
  const scanner = new Scanner(script, 0);
  return scanner.found;
}

/** The command itself and every command it seems to run: `sudo X`, `find -exec X`, `sh -c X`. */
export function nestedCommands(
  words: readonly string[],
): readonly (readonly string[])[] {
  return nested(words, 0);
}

function nested(
  words: readonly string[],
  depth: number,
): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [words];
  if (depth >= DEPTH_MAX) return found;
  const name = programName(words);
  if (SHELLS.test(name) || name === "su") {
    const flag = words.findIndex((word) => /^-[a-zA-Z]*c[a-zA-Z]*$/.test(word));
    const script = flag < 0 ? undefined : words[flag + 1];
    if (script !== undefined) found.push(...scanAt(script, depth + 1));
  } else if (name === "eval") {
    found.push(...scanAt(words.slice(1).join(" "), depth + 1));
  } else if (RUNNERS.has(name)) {
    const end = Math.min(words.length, RUNNER_WORDS_MAX);
    for (let at = 1; at < end; at++) {
      const inner = words.slice(at);
      found.push(inner);
      if (!RUNNERS.has(programName(inner))) {
        found.push(...nested(inner, depth + 1).slice(1));
      }
    }
  } else if (name === "find") {
    for (const [at, word] of words.entries()) {
      if (FIND_RUNNERS.has(word)) {
        found.push(...nested(words.slice(at + 1), depth + 1));
      }
    }
  }
  return found.slice(0, COMMANDS_MAX);
}

function programName(words: readonly string[]): string {
  const program = words[0] ?? "";
  return program.slice(program.lastIndexOf("/") + 1);
}

function scanAt(script: string, depth: number): readonly (readonly string[])[] {
  return depth > DEPTH_MAX ? [] : new Scanner(script, depth).found;
}

interface Heredoc {
  readonly delimiter: string;
  readonly quoted: boolean;
  readonly stripTabs: boolean;
  readonly feedsShell: boolean;
}

class Scanner {
  readonly found: (readonly string[])[] = [];
  readonly #text: string;
  readonly #depth: number;
  #at = 0;
  #words: string[] = [];
  #word: string | undefined;
  #dropNext = false;
  #heredocs: Heredoc[] = [];

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
    while (this.#at < text.length && this.found.length < COMMANDS_MAX) {
      this.#step(text[this.#at] ?? "");
    }
    this.#endCommand();
  }

  #step(char: string): void {
    if (char === " " || char === "\t" || char === "\r") this.#skipBlank();
    else if (char === "\n") this.#newline();
    else if (";&|()".includes(char)) this.#operator();
    else if (char === "#" && this.#word === undefined) this.#comment();
    else if (char === "<" || char === ">") this.#redirect(char);
    else if (char === "'") this.#add(this.#until("'", 1));
    else if (char === '"') this.#doubleQuoted();
    else if (char === "`") this.#nest(this.#until("`", 1));
    else if (char === "\\") this.#escape();
    else if (char === "$") this.#dollar();
    else this.#add(char, 1);
  }

  #add(text: string, advance = 0): void {
    this.#word = (this.#word ?? "") + text;
    this.#at += advance;
  }

  #skipBlank(): void {
    this.#endWord();
    this.#at++;
  }

  #operator(): void {
    this.#endCommand();
    this.#at++;
  }

  #comment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #escape(): void {
    const next = this.#text[this.#at + 1] ?? "";
    this.#at += 2;
    if (next !== "\n") this.#add(next);
  }

  // The text up to the next `quote`, which is passed over together with the opening.
  #until(quote: string, opening: number): string {
    const start = this.#at + opening;
    const end = this.#text.indexOf(quote, start);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return this.#text.slice(start, end < 0 ? undefined : end);
  }

  #doubleQuoted(): void {
    this.#at++;
    this.#add("");
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? "";
      if (char === '"') {
        this.#at++;
        return;
      }
      if (char === "`") this.#nest(this.#until("`", 1));
      else if (char === "\\") this.#escape();
      else if (char === "$") this.#dollar();
      else this.#add(char, 1);
    }
  }

  #dollar(): void {
    const next = this.#text[this.#at + 1];
    if (next === "(") this.#nest(this.#parenthesised());
    else if (next === "'") this.#add(this.#until("'", 2));
    else this.#add("$", 1);
  }

  // From `$(` to its closing parenthesis; quotes inside are respected roughly.
  #parenthesised(): string {
    const start = this.#at + 2;
    let open = 1;
    let at = start;
    for (; at < this.#text.length && open > 0; at++) {
      const char = this.#text[at];
      if (char === "\\") at++;
      else if (char === "'") {
        const end = this.#text.indexOf("'", at + 1);
        at = end < 0 ? at : end;
      } else if (char === "(") open++;
      else if (char === ")") open--;
    }
    this.#at = at;
    return this.#text.slice(start, open === 0 ? at - 1 : at);
  }

  #nest(script: string): void {
    this.found.push(...scanAt(script, this.#depth + 1));
    this.#add("$()");
  }

  #redirect(char: string): void {
    if (this.#text[this.#at + 1] === "(") {
      this.#nest(this.#parenthesised());
      return;
    }
    if (/^\d*$/.test(this.#word ?? "")) this.#word = undefined;
    this.#endWord();
    const heredoc = /<<(-?)[ \t]*(\\?['"]?)([^\s'"<>;&|()]+)['"]?/y;
    heredoc.lastIndex = this.#at;
    const match = char === "<" ? heredoc.exec(this.#text) : null;
    if (match !== null && !this.#text.startsWith("<<<", this.#at)) {
      this.#heredocs.push({
        delimiter: match[3] ?? "",
        quoted: match[2] !== "",
        stripTabs: match[1] === "-",
        feedsShell: this.#words.some((word) =>
          SHELLS.test(programName([word]))
        ),
      });
      this.#at += match[0].length;
      return;
    }
    while (/[<>&|]/.test(this.#text[this.#at] ?? "")) this.#at++;
    this.#dropNext = true;
  }

  #newline(): void {
    this.#endCommand();
    this.#at++;
    const pending = this.#heredocs;
    this.#heredocs = [];
    for (const heredoc of pending) this.#takeBody(heredoc);
  }

  // A quoted body is data; an unquoted one may substitute; a shell runs either.
  #takeBody(heredoc: Heredoc): void {
    const start = this.#at;
    let end = this.#text.length;
    let bodyEnd = end;
    for (let at = start; at < this.#text.length;) {
      const stop = this.#text.indexOf("\n", at);
      const line = this.#text.slice(at, stop < 0 ? undefined : stop);
      const name = heredoc.stripTabs ? line.replace(/^\t+/, "") : line;
      const next = stop < 0 ? this.#text.length : stop + 1;
      if (name === heredoc.delimiter) {
        bodyEnd = at;
        end = next;
        break;
      }
      at = next;
    }
    const body = this.#text.slice(start, bodyEnd);
    this.#at = end;
    if (heredoc.feedsShell) this.found.push(...scanAt(body, this.#depth + 1));
    else if (!heredoc.quoted) {
      const quoted = `"${body.replaceAll('"', "")}"`;
      this.found.push(...scanAt(quoted, this.#depth + 1));
    }
  }

  #endWord(): void {
    if (this.#word === undefined) return;
    if (!this.#dropNext) this.#words.push(this.#word);
    this.#dropNext = false;
    this.#word = undefined;
  }

  #endCommand(): void {
    this.#endWord();
    this.#dropNext = false;
    let first = 0;
    while (first < this.#words.length && isPrelude(this.#words[first] ?? "")) {
      first++;
    }
    const words = this.#words.slice(first);
    this.#words = [];
    if (words.length > 0) this.found.push(...nested(words, this.#depth));
  }
}

function isPrelude(word: string): boolean {
  return KEYWORDS.has(word) || /^[A-Za-z_]\w*\+?=/.test(word);
}
