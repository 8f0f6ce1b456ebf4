/** Skills that the user names in a message, and their texts for the model. */
import { errorText } from "../../protocol/error.ts";
import type { Files } from "../../protocol/host.ts";
import type { WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { dirname, expandHome, resolvePath } from "../../util/path.ts";
import { headBytes } from "../../util/text/text.ts";
import { contextMessage } from "../format/tags.ts";
import { oneLine } from "../format/text.ts";
import type { Skill } from "./skill_file.ts";

// `$NAME` with one of these is about the shell, not about a skill.
const ENV_NAMES: ReadonlySet<string> = new Set(
  "PATH HOME USER SHELL PWD TMPDIR TEMP TMP LANG TERM XDG_CONFIG_HOME".split(
    " ",
  ),
);

const LINK = /\[\$([A-Za-z0-9_:-]+)\]\(([^()\s]+)\)/g;
const NAME = /(?<![\w$\\])\$([A-Za-z0-9_:-]+)/g;

/** The skills a text names: by link first, then by `$name`, each in the list's order. */
export function findMentionedSkills(
  text: string,
  skills: readonly Skill[],
  folders: { readonly cwd: string; readonly home: string },
): readonly Skill[] {
  const linked = new Set<string>();
  for (const [, , target = ""] of text.matchAll(LINK)) {
    const path = target.replace(/^(file|skill):\/\//, "");
    linked.add(resolvePath(folders.cwd, expandHome(path, folders.home)));
  }
  const names = new Set<string>();
  for (const [, name = ""] of text.replace(LINK, " ").matchAll(NAME)) {
    const skill = longestName(name, skills);
    if (skill !== undefined) names.add(skill);
  }
  const byLink = skills.filter((skill) =>
    linked.has(skill.path) || linked.has(dirname(skill.path))
  );
  const byName = skills.filter((skill) =>
    names.has(skill.name) && !byLink.includes(skill)
  );
  return [...byLink, ...byName];
}

/** The message for each skill, to follow the user's own; one that cannot be read warns. */
export async function loadSkillBodies(
  host: { readonly files: Files },
  skills: readonly Skill[],
): Promise<
  { readonly items: readonly WireItem[]; readonly warnings: readonly string[] }
> {
  const items: WireItem[] = [];
  const warnings: string[] = [];
  for (const skill of skills) {
    try {
      const body = await readBody(host.files, skill.path);
      if (body.missing > 0) {
        warnings.push(
          `Skill ${skill.name} is long: the model gets only its first ${LIMITS.skillBodyBytes} bytes and the path`,
        );
      }
      items.push(contextMessage("skill", renderBody(skill, body)));
    } catch (error) {
      warnings.push(`Cannot read skill ${skill.name}: ${errorText(error)}`);
    }
  }
  return { items, warnings };
}

// The name as far as it goes; `$name:` and `$name-` may be punctuation. A name that
// several skills share says nothing.
function longestName(
  word: string,
  skills: readonly Skill[],
): string | undefined {
  for (let name = word; name !== ""; name = name.slice(0, -1)) {
    const count = skills.filter((skill) => skill.name === name).length;
    if (count > 0) {
      return count === 1 && !ENV_NAMES.has(name) ? name : undefined;
    }
    if (!/[:-]$/.test(name)) return undefined;
  }
  return undefined;
}

async function readBody(
  files: Files,
  path: string,
): Promise<{ readonly text: string; readonly missing: number }> {
  const stat = await files.stat(path);
  if (stat?.isFile !== true) throw new Error(`${path} is not a regular file`);
  const bytes = await files.readRange(path, 0, LIMITS.skillBodyBytes);
  const missing = stat.size - bytes.length;
  const text = new TextDecoder().decode(bytes, { stream: missing > 0 });
  return { text: headBytes(text, LIMITS.skillBodyBytes), missing };
}

function renderBody(
  skill: Skill,
  body: { readonly text: string; readonly missing: number },
): string {
  const rest = body.missing > 0
    ? `\n[${body.missing} more bytes are in ${oneLine(skill.path)}]`
    : "";
  return `<name>${oneLine(skill.name)}</name>\n<path>${
    oneLine(skill.path)
  }</path>\n${body.text.trimEnd()}${rest}`;
}
