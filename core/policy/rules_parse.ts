/** Reads a rules file: calls of prefix_rule() and host_executable() in Starlark's syntax. */
import { expandHome, isAbsolute, resolvePath } from "../util/path.ts";
import {
  isMatch,
  type PrefixRule,
  renderPattern,
  type RuleDecision,
  type RuleSet,
} from "./rules.ts";
import { lineAndColumn, syntaxError } from "./rules_lex.ts";
import { type Call, parseCalls, type Value } from "./rules_syntax.ts";
import { splitLikeShell } from "./shell/quote.ts";

/** A rule together with the examples that it must and must not match. */
interface CheckedRule {
  readonly rule: PrefixRule;
  readonly match: readonly Example[];
  readonly notMatch: readonly Example[];
}

interface Example {
  readonly words: readonly string[];
  readonly at: number;
}

/**
 * Reads the text of a rules file. Throws UserError naming file, line and column when
 * it is not well formed or when one of its own examples contradicts it.
 */
export function parseRules(
  text: string,
  options: { readonly file: string; readonly home: string },
): RuleSet {
  const reader = new RulesReader(text, options);
  const rules: CheckedRule[] = [];
  const executables = new Map<string, readonly string[]>();
  const warnings: string[] = [];
  for (const call of parseCalls(text, options.file)) {
    if (call.name === "prefix_rule") rules.push(reader.prefixRule(call));
    else if (call.name === "host_executable") {
      const { name, paths } = reader.hostExecutable(call);
      executables.set(name, [...(executables.get(name) ?? []), ...paths]);
    } else {
      const { line } = lineAndColumn(text, call.start);
      warnings.push(
        `${options.file}:${line}: ${call.name}() is not supported and has no effect`,
      );
    }
  }
  for (const checked of rules) reader.checkExamples(checked, executables);
  return { rules: rules.map(({ rule }) => rule), executables, warnings };
}

/** What calls mean. */
class RulesReader {
  readonly #text: string;
  readonly #file: string;
  readonly #home: string;

  constructor(
    text: string,
    options: { readonly file: string; readonly home: string },
  ) {
    this.#text = text;
    this.#file = options.file;
    this.#home = options.home;
  }

  prefixRule(call: Call): CheckedRule {
    const { start, end } = call;
    const justification = this.#optionalString(call, "justification");
    const { line, column } = lineAndColumn(this.#text, start);
    const decision = this.#decision(call);
    const sandbox = this.#sandbox(call, decision);
    const rule: PrefixRule = {
      pattern: this.#pattern(call),
      decision,
      ...(sandbox === undefined ? {} : { sandbox }),
      ...(justification === undefined ? {} : { justification }),
      source: { file: this.#file, line, column, start, end },
    };
    return {
      rule,
      match: this.#examples(call, "match"),
      notMatch: this.#examples(call, "not_match"),
    };
  }

  hostExecutable(call: Call): { name: string; paths: readonly string[] } {
    const name = this.#string(this.#required(call, "name"), "name");
    if (name === "" || name.includes("/")) {
      throw this.#fail(
        call.start,
        `"name" is ${JSON.stringify(name)}, must be a bare name`,
      );
    }
    const paths = this.#list(this.#required(call, "paths"), "paths").map(
      (item) => {
        const path = expandHome(this.#string(item, "paths"), this.#home);
        if (!isAbsolute(path)) {
          throw this.#fail(
            item.at,
            `path ${JSON.stringify(path)} must be absolute`,
          );
        }
        return resolvePath("/", path);
      },
    );
    return { name, paths };
  }

  checkExamples(
    { rule, match, notMatch }: CheckedRule,
    executables: RuleSet["executables"],
  ): void {
    for (const example of match) {
      if (isMatch(rule, example.words, executables)) continue;
      throw this.#fail(
        example.at,
        `the rule "${renderPattern(rule)}" does not match its own example "${
          example.words.join(" ")
        }"`,
      );
    }
    for (const example of notMatch) {
      if (!isMatch(rule, example.words, executables)) continue;
      throw this.#fail(
        example.at,
        `the rule "${renderPattern(rule)}" matches "${
          example.words.join(" ")
        }", which it must not`,
      );
    }
  }

  #pattern(call: Call): readonly (readonly string[])[] {
    const value = this.#required(call, "pattern");
    const words = this.#list(value, "pattern").map((item) => {
      if (item.type === "string") return [this.#string(item, "pattern")];
      const words = this.#list(item, "pattern").map((inner) =>
        this.#string(inner, "pattern")
      );
      if (words.length === 0) {
        throw this.#fail(item.at, "no alternative is given");
      }
      return words;
    });
    // An empty pattern is a prefix of every command.
    if (words.length === 0) {
      throw this.#fail(
        value.at,
        `"pattern" is empty and would match everything`,
      );
    }
    return words;
  }

  #decision(call: Call): RuleDecision {
    const value = this.#optionalString(call, "decision") ?? "allow";
    if (value === "allow" || value === "prompt" || value === "forbidden") {
      return value;
    }
    throw this.#fail(
      call.arguments.get("decision")?.at ?? call.start,
      `"decision" is ${
        JSON.stringify(value)
      }, must be "allow", "prompt" or "forbidden"`,
    );
  }

  #sandbox(
    call: Call,
    decision: RuleDecision,
  ): readonly string[] | undefined {
    const value = call.arguments.get("sandbox");
    if (value === undefined || value.type === "none") return undefined;
    if (decision !== "allow") {
      throw this.#fail(value.at, `"sandbox" is for rules that allow`);
    }
    return this.#list(value, "sandbox").map((item) => {
      const text = this.#string(item, "sandbox");
      if (text === "network") return text;
      const path = expandHome(text, this.#home);
      if (isAbsolute(path)) return resolvePath("/", path);
      throw this.#fail(
        item.at,
        `"sandbox" has ${
          JSON.stringify(text)
        }, must be "network" or an absolute folder`,
      );
    });
  }

  #examples(call: Call, name: string): readonly Example[] {
    const value = call.arguments.get(name);
    if (value === undefined || value.type === "none") return [];
    return this.#list(value, name).map((item) => {
      const words = item.type === "list"
        ? item.items.map((word) => this.#string(word, name))
        : splitLikeShell(this.#string(item, name));
      if (words === undefined || words.length === 0) {
        throw this.#fail(item.at, "this example cannot be split into words");
      }
      return { words, at: item.at };
    });
  }

  #optionalString(call: Call, name: string): string | undefined {
    const value = call.arguments.get(name);
    if (value === undefined || value.type === "none") return undefined;
    return this.#string(value, name);
  }

  #required(call: Call, name: string): Value {
    const value = call.arguments.get(name);
    if (value !== undefined) return value;
    throw this.#fail(call.start, `${call.name}() needs "${name}"`);
  }

  #string(value: Value, name: string): string {
    if (value.type === "string") return value.text;
    throw this.#fail(value.at, `"${name}" must hold a string here`);
  }

  #list(value: Value, name: string): readonly Value[] {
    if (value.type === "list") return value.items;
    throw this.#fail(value.at, `"${name}" must be a list`);
  }

  #fail(at: number, message: string): Error {
    return syntaxError({ text: this.#text, file: this.#file, at }, message);
  }
}
