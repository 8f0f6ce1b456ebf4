/** Reads a rules file: Starlark that calls prefix_rule(), host_executable(), network_rule(). */
import { LIMITS } from "../protocol/limits.ts";
import { basename, expandHome, isAbsolute, resolvePath } from "../util/path.ts";
import {
  isMatch,
  type NetworkRule,
  type PrefixRule,
  renderPattern,
  type RuleDecision,
  type RuleSet,
} from "./rules.ts";
import { splitLikeShell } from "./shell/quote.ts";
import { type HostCall, runStarlark } from "./starlark/evaluate.ts";
import { lineOf, sourceError } from "./starlark/syntax/tokens.ts";
import { textOf, wrongType } from "./starlark/values/arguments.ts";
import { StarlarkError } from "./starlark/values/bounds.ts";
import { List, type Value } from "./starlark/values/values.ts";

/** A rule together with the examples that it must and must not match. */
interface CheckedRule {
  readonly rule: PrefixRule;
  readonly match: readonly (readonly string[])[];
  readonly notMatch: readonly (readonly string[])[];
}

const DECISIONS = ["allow", "prompt", "forbidden"] as const;
const PROTOCOLS = ["http", "https", "socks5_tcp", "socks5_udp"];

/**
 * Reads the text of a rules file. Throws UserError naming file, line and column when
 * it is not well formed or when one of its own examples contradicts it.
 */
export function parseRules(
  text: string,
  options: { readonly file: string; readonly home: string },
): RuleSet {
  const source = { text: text.replace(/^\ufeff/, ""), file: options.file };
  const rules: CheckedRule[] = [];
  const network: NetworkRule[] = [];
  const executables = new Map<string, readonly string[]>();
  runStarlark(source, {
    prefix_rule: {
      parameters: [
        "pattern",
        "decision?",
        "match?",
        "not_match?",
        "justification?",
        "canonical_matching?",
        "sandbox?",
      ],
      call: (call) => {
        if (rules.length === LIMITS.starlark.rules) {
          throw new StarlarkError(`more than ${LIMITS.starlark.rules} rules`);
        }
        rules.push(prefixRule(call, { source, home: options.home }));
      },
    },
    host_executable: {
      parameters: ["name", "paths"],
      call: (call) => {
        const { name, paths } = hostExecutable(call);
        executables.set(name, [...executables.get(name) ?? [], ...paths]);
      },
    },
    network_rule: {
      parameters: ["host", "protocol", "decision", "justification?"],
      call: (call) => network.push(networkRule(call, source)),
    },
  });
  for (const { rule, match, notMatch } of rules) {
    const check = (words: readonly string[], wanted: boolean): void => {
      if (isMatch(rule, words, executables) === wanted) return;
      const name = `the rule "${renderPattern(rule)}"`;
      const example = `"${words.join(" ")}"`;
      throw sourceError(
        source,
        rule.source.start,
        wanted
          ? `${name} does not match its own example ${example}`
          : `${name} matches ${example}, which it must not`,
      );
    };
    for (const words of match) check(words, true);
    for (const words of notMatch) check(words, false);
  }
  return { rules: rules.map(({ rule }) => rule), executables, network };
}

function prefixRule(
  { given, ...place }: HostCall,
  { source, home }: {
    readonly source: { readonly text: string; readonly file: string };
    readonly home: string;
  },
): CheckedRule {
  const [pattern, decision, match, notMatch, why, canonical, sandbox] = given;
  const justification = justificationOf(why);
  if (canonical !== undefined && typeof canonical !== "boolean") {
    throw wrongType(canonical, "canonical_matching", "True or False");
  }
  const decided = decisionOf(decision);
  const grant = sandboxOf(sandbox, decided, home);
  return {
    rule: {
      pattern: patternOf(pattern),
      decision: decided,
      ...(canonical === true ? { ignoresCase: true } : {}),
      ...(grant === undefined ? {} : { sandbox: grant }),
      ...(justification === undefined ? {} : { justification }),
      source: {
        file: source.file,
        line: lineOf(source.text, place.start),
        ...place,
      },
    },
    match: examplesOf(match, "match"),
    notMatch: examplesOf(notMatch, "not_match"),
  };
}

function hostExecutable(
  { given: [nameValue, pathsValue] }: HostCall,
): { readonly name: string; readonly paths: readonly string[] } {
  const name = textOf(nameValue, "name");
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    throw wrong("name", name, "a bare name");
  }
  const paths = listOf(pathsValue, "paths").map((item) => {
    const path = textOf(item, "paths");
    if (!path.startsWith("/")) throw wrong("paths", path, "absolute");
    const resolved = resolvePath("/", path);
    if (basename(resolved) === name) return resolved;
    throw wrong("paths", path, `the path of a file named ${name}`);
  });
  return { name, paths };
}

function networkRule(
  { given, start }: HostCall,
  source: { readonly text: string; readonly file: string },
): NetworkRule {
  const [hostValue, protocolValue, decisionValue, why] = given;
  const host = textOf(hostValue, "host").trim();
  if (host === "" || /[\s/*?]/.test(host)) {
    throw wrong("host", host, "one host name or address, without wildcards");
  }
  const protocol = textOf(protocolValue, "protocol");
  if (!PROTOCOLS.includes(protocol)) {
    throw wrong("protocol", protocol, PROTOCOLS.join(", "));
  }
  justificationOf(why);
  const decision = decisionValue === "deny"
    ? "forbidden"
    : decisionOf(decisionValue);
  const line = lineOf(source.text, start);
  return { host, decision, file: source.file, line };
}

function patternOf(value: Value | undefined): readonly (readonly string[])[] {
  const words = listOf(value, "pattern").map((item) => {
    if (typeof item === "string") return [item];
    const words = listOf(item, "pattern").map((one) => textOf(one, "pattern"));
    if (words.length > 0) return words;
    throw new StarlarkError(`"pattern" has an empty list of alternatives`);
  });
  // An empty pattern is a prefix of every command.
  if (words.length > 0) return words;
  throw new StarlarkError(`"pattern" is empty and would match everything`);
}

function decisionOf(value: Value | undefined): RuleDecision {
  const text = value === undefined ? "allow" : textOf(value, "decision");
  const decision = DECISIONS.find((one) => one === text);
  if (decision !== undefined) return decision;
  throw wrong("decision", text, `"allow", "prompt" or "forbidden"`);
}

function justificationOf(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = textOf(value, "justification");
  if (text.trim() !== "") return text;
  throw new StarlarkError(`"justification" is empty`);
}

function sandboxOf(
  value: Value | undefined,
  decision: RuleDecision,
  home: string,
): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (decision !== "allow") {
    throw new StarlarkError(`"sandbox" is for rules that allow`);
  }
  return listOf(value, "sandbox").map((item) => {
    const text = textOf(item, "sandbox");
    if (text === "network") return text;
    const path = expandHome(text, home);
    if (isAbsolute(path)) return resolvePath("/", path);
    throw wrong("sandbox", text, `"network" or an absolute folder`);
  });
}

function examplesOf(
  value: Value | undefined,
  name: string,
): readonly (readonly string[])[] {
  if (value === undefined) return [];
  return listOf(value, name).map((item) => {
    const words = item instanceof List
      ? item.items.map((word) => textOf(word, name))
      : splitLikeShell(textOf(item, name));
    if (words !== undefined && words.length > 0) return words;
    throw new StarlarkError(`"${name}" has an example without words`);
  });
}

function listOf(value: Value | undefined, name: string): readonly Value[] {
  if (value instanceof List) return value.items;
  throw wrongType(value, name, "a list");
}

function wrong(name: string, found: string, wanted: string): StarlarkError {
  return new StarlarkError(
    `"${name}" is ${JSON.stringify(found)}, must be ${wanted}`,
  );
}
