/** What a skill is, and what its files say: text in, facts or a problem out. */
import { LIMITS } from "../../protocol/limits.ts";
import { asObject, type JsonObject } from "../../util/json/json.ts";
import { oneLine } from "../format/text.ts";

export type SkillScope = "repo" | "user" | "system" | "admin";

/** The frontmatter of a SKILL.md. */
interface SkillFacts {
  readonly name: string;
  readonly description: string;
}

export interface Skill extends SkillFacts {
  /** Canonical path of its SKILL.md. */
  readonly path: string;
  readonly scope: SkillScope;
  /** The folder that was searched when it was found, canonical. */
  readonly root: string;
  /** Whether it is listed, so that the model may choose it by itself. */
  readonly implicit: boolean;
}

/** A folder to search for skills. */
export interface SkillRoot {
  readonly path: string;
  readonly scope: SkillScope;
  /** The project it belongs to, links resolved; its skills must lie in there. */
  readonly within?: string;
}

export type ParseYaml = (
  text: string,
) => { readonly value: unknown } | { readonly problem: string };

/** Reads the frontmatter; `folderName` is the skill's name when it gives none. */
export function parseSkillFile(
  text: string,
  folderName: string,
  parseYaml: ParseYaml,
): SkillFacts | { readonly problem: string } {
  const matter = frontmatter(text);
  if (matter === undefined) {
    return { problem: "no frontmatter between two lines of `---`" };
  }
  const yaml = parseShortYaml(matter, parseYaml);
  if ("problem" in yaml) {
    // Written by people for programs that do not mind: `description: Use it: often`.
    const plain = plainFields(matter);
    return plain["description"] === undefined
      ? { problem: `invalid YAML, ${yaml.problem}` }
      : parseFields(plain, folderName);
  }
  const fields = asObject(yaml.value);
  if (fields === undefined) return { problem: "frontmatter is not a mapping" };
  return parseFields(fields, folderName);
}

// Each `key: text` at the start of a line, and the indented lines below it.
function plainFields(matter: string): JsonObject {
  const fields: Record<string, string> = {};
  for (const block of matter.split(/\n(?=[A-Za-z_][\w-]*:(?:\s|$))/)) {
    const [, key = "", rest = ""] =
      /^([A-Za-z_][\w-]*):\s*([^]*)$/.exec(block) ??
        [];
    const text = oneLine(rest.replace(/^[|>][+-]?\d*[ \t]*\n/, "")).trim();
    const bare = /^"(.*)"$|^'(.*)'$/.exec(text);
    const value = bare?.[1] ?? bare?.[2] ?? text;
    // A bracket that nothing closes is half of a list.
    if (value !== "" && !/^[[{][^\]}]*$/.test(value)) fields[key] = value;
  }
  return fields;
}

/** Whether the model may choose the skill by itself; a sidecar that says nothing allows it. */
export function parseSidecar(
  text: string,
  parseYaml: ParseYaml,
): { readonly implicit: boolean } | { readonly problem: string } {
  const yaml = parseShortYaml(text, parseYaml);
  if ("problem" in yaml) return { problem: `invalid YAML, ${yaml.problem}` };
  const policy = asObject(asObject(yaml.value)?.["policy"]);
  const allowed = policy?.["allow_implicit_invocation"] ?? true;
  if (typeof allowed === "boolean") return { implicit: allowed };
  return {
    problem: "policy.allow_implicit_invocation must be true or false",
  };
}

// The time that the parser takes grows with the square of a text that is no YAML.
function parseShortYaml(
  text: string,
  parseYaml: ParseYaml,
): ReturnType<ParseYaml> {
  const problem = lengthProblem("it", text, LIMITS.skillYamlChars);
  return problem === undefined ? parseYaml(text) : { problem };
}

function frontmatter(text: string): string | undefined {
  const lines = text.split(/\r?\n/);
  if (lines[0]?.trimEnd() !== "---") return undefined;
  const end = lines.findIndex((line, at) => at > 0 && line.trimEnd() === "---");
  return end < 0 ? undefined : lines.slice(1, end).join("\n");
}

function parseFields(
  fields: JsonObject,
  folderName: string,
): SkillFacts | { readonly problem: string } {
  const name = textField(fields["name"]) ?? "";
  const description = cutText(textField(fields["description"]) ?? "");
  const problem = lengthProblem("name", name, LIMITS.skillNameChars);
  if (problem !== undefined) return { problem };
  if (description === "") return { problem: "description is missing" };
  return { name: name === "" ? oneLine(folderName) : name, description };
}

// A bare `name: 42` is a number to YAML and a name to everybody else.
function textField(value: unknown): string | undefined {
  if (typeof value === "string") return oneLine(value);
  return typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

function cutText(text: string): string {
  const chars = [...text];
  return chars.length <= LIMITS.skillDescriptionChars
    ? text
    : `${chars.slice(0, LIMITS.skillDescriptionChars - 1).join("")}…`;
}

function lengthProblem(
  field: string,
  value: string,
  charsMax: number,
): string | undefined {
  const chars = [...value].length;
  return chars > charsMax
    ? `${field} has ${chars} characters, must have at most ${charsMax}`
    : undefined;
}
