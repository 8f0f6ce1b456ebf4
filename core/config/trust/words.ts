/** The words of a project's settings that can name files. Pure. */
import { LIMITS } from "../../protocol/limits.ts";
import { asObject, type Json, type JsonObject } from "../../util/json/json.ts";
import { basename } from "../../util/path.ts";

export interface NamedWords {
  readonly words: ReadonlySet<string>;
  /** Those that are run or interpreted, whatever the file's ending. */
  readonly scripts: ReadonlySet<string>;
  /** Those that are looked for in the PATH. */
  readonly commands: ReadonlySet<string>;
}

type EnvLookup = (name: string) => string | undefined;

const INTERPRETER =
  /^((ba|da|fi|k|z)?sh|source|\.|bun|deno|node(js)?|lua|perl|php|python[\d.]*|pypy3?|ruby|tclsh|expect|[gm]?awk|sed|Rscript|julia|java|tsx|ts-node)$/;
// Words of a shell's line, its operators between them; quotes and backslashes belong to both.
const TOKEN =
  /(?:\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|[^\s'"\\;|&()<>`])+|[;|&()<>`\n]+/g;
const OPERATOR = /^[;|&()<>`\n]/;
// Whatever stands between two names in any language, for paths inside of longer words.
const LOOSE = /[\s"'`;|&()<>=,:$]+/;

/** Every word that may be a path, as it is written and as a shell would read it. */
export function collectWords(content: JsonObject, env: EnvLookup): NamedWords {
  const collector = new WordCollector(env);
  collector.visit(content);
  return collector;
}

class WordCollector implements NamedWords {
  readonly words = new Set<string>();
  readonly scripts = new Set<string>();
  readonly commands = new Set<string>();
  readonly #env: EnvLookup;

  constructor(env: EnvLookup) {
    this.#env = env;
  }

  visit(part: Json | undefined): void {
    if (typeof part === "string") return this.#addText(this.#expand(part));
    if (typeof part !== "object" || part === null) return;
    Object.values(part).forEach((child) => this.visit(child));
    const { command, args } = asObject(part) ?? {};
    const list = Array.isArray(part) ? part : [command, args].flat();
    this.#addCommand(
      list.filter((one) => typeof one === "string")
        .map((one) => this.#expand(one)),
    );
  }

  #addText(text: string): void {
    this.#add(text);
    for (const word of text.split(LOOSE)) this.#add(word);
    const all: string[] = [];
    let command: string[] = [];
    let isTarget = false;
    for (const [token] of text.matchAll(TOKEN)) {
      if (OPERATOR.test(token)) {
        isTarget = /[<>]$/.test(token);
        if (isTarget) continue;
        this.#addCommand(command);
        command = [];
        continue;
      }
      const word = token.replace(
        /\\([^])|'([^']*)'|"((?:\\[^]|[^"\\])*)"/g,
        (_, escaped?: string, single?: string, double?: string) =>
          escaped ?? single ?? (double ?? "").replace(/\\([$`"\\])/g, "$1"),
      );
      this.#add(word);
      this.#add(word.slice(word.indexOf("=") + 1));
      all.push(word);
      if (!isTarget) command.push(word);
      isTarget = false;
    }
    this.#addCommand(command);
    // What one prints or a file holds, another may run.
    const isFed = /[|<]|\bfor\b/.test(text) && all.some(isInterpreter);
    if (isFed) { for (const word of all) this.scripts.add(word); }
  }

  // After an interpreter any file is a script: the first word that is neither an option
  // nor right behind one, and what may be an option's value before it.
  #addCommand(words: readonly string[]): void {
    const first = words.find((word) => !/^\w+=/.test(word));
    if (first !== undefined) this.commands.add(first);
    words.forEach((word, at) => {
      if (!isInterpreter(word)) return;
      for (let next = at + 1; next < words.length; next++) {
        const operand = words[next] ?? "";
        if (operand.startsWith("-") || operand === "run") continue;
        this.#add(operand);
        this.scripts.add(operand);
        if (!words[next - 1]?.startsWith("-")) break;
      }
    });
  }

  #add(word: string): void {
    if (word === "" || this.words.size > LIMITS.trustWords) return;
    this.words.add(word);
    if (word.startsWith("file://")) this.#add(decodePath(word.slice(7)));
  }

  #expand(text: string): string {
    return text.replace(
      /\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
      (_, name: string | undefined, fallback: string | undefined, bare) =>
        (name ?? bare) === "IFS"
          ? " "
          : this.#env(name ?? bare) || fallback || "",
    );
  }
}

function isInterpreter(word: string): boolean {
  return INTERPRETER.test(basename(word));
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
