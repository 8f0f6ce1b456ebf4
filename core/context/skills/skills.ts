/** Skills: where they are looked for, which of them count, in which order. */
import type { Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { ancestors, dirname, resolvePath } from "../../util/path.ts";
import { findProjectRoot } from "../../util/project_root.ts";
import type { Skill, SkillRoot, SkillScope } from "./skill_file.ts";
import { loadSkillRoot } from "./load.ts";

export interface SkillSearch {
  readonly cwd: string;
  readonly codexHome: string | undefined;
  /** The user's home folder, when there is one. */
  readonly home?: string;
  readonly rootMarkers: readonly string[];
  /** `[[skills.config]]`; the last entry for a skill counts. */
  readonly config: readonly {
    readonly path?: string | undefined;
    readonly name?: string | undefined;
    readonly enabled: boolean;
  }[];
  /** Where the administrator of the machine puts skills. */
  readonly adminRoot?: string;
}

export interface LoadedSkills {
  /** All that are enabled, sorted. */
  readonly skills: readonly Skill[];
  readonly warnings: readonly string[];
}

const ADMIN_ROOT = "/etc/codex/skills";
const SCOPE_ORDER: readonly SkillScope[] = ["repo", "user", "system", "admin"];

/** Finds and reads all skills; a broken one is named in a warning and left out. */
export async function loadSkills(
  host: { readonly files: Files },
  search: SkillSearch,
): Promise<LoadedSkills> {
  const roots = await findSkillRoots(host.files, search);
  const found = await Promise.all(
    roots.map((root) => loadSkillRoot(host.files, root)),
  );
  const unique = new Map<string, Skill>();
  for (const skill of found.flatMap((root) => root.skills)) {
    if (!unique.has(skill.path)) unique.set(skill.path, skill);
  }
  const disabled = await findDisabled(host.files, search.config);
  const skills = [...unique.values()].filter((skill) =>
    !disabled.has(skill.path) && !disabled.has(dirname(skill.path)) &&
    !disabled.has(skill.name)
  );
  return {
    skills: skills.sort(compareSkills),
    warnings: joinProblems(found.flatMap((root) => root.problems)),
  };
}

// In the order in which a skill that is found twice is kept.
async function findSkillRoots(
  files: Files,
  search: SkillSearch,
): Promise<readonly SkillRoot[]> {
  const { cwd, codexHome, home, rootMarkers } = search;
  const top =
    await findProjectRoot((path) => files.stat(path), cwd, rootMarkers) ?? cwd;
  const folders = ancestors(cwd, top).toReversed();
  const within = await files.realPath(top).catch(() => top);
  const inProject = (name: string): SkillRoot[] =>
    folders.map((path) => ({ ...root("repo", path, name), within }));
  const inHome = (scope: SkillScope, path: string): SkillRoot[] =>
    codexHome === undefined ? [] : [root(scope, codexHome, path)];
  const roots: readonly SkillRoot[] = [
    ...inProject(".codex/skills"),
    ...inHome("user", "skills"),
    ...(home === undefined ? [] : [root("user", home, ".agents/skills")]),
    ...inHome("system", "skills/.system"),
    root("admin", search.adminRoot ?? ADMIN_ROOT, "."),
    ...inProject(".agents/skills"),
  ];
  // A home folder that is a project too is searched once.
  return roots.filter(({ path }, at) =>
    roots.findIndex((other) => other.path === path) === at
  );
}

function root(scope: SkillScope, folder: string, path: string): SkillRoot {
  return { scope, path: resolvePath(folder, path) };
}

async function findDisabled(
  files: Files,
  config: SkillSearch["config"],
): Promise<ReadonlySet<string>> {
  const disabled = new Set<string>();
  for (const { path, name, enabled } of config) {
    // A path is absolute and no name is: one set holds both.
    const skill = path === undefined
      ? name
      : await files.realPath(path).catch(() => path);
    if (skill === undefined) continue;
    if (enabled) disabled.delete(skill);
    else disabled.add(skill);
  }
  return disabled;
}

function compareSkills(a: Skill, b: Skill): number {
  const scopes = SCOPE_ORDER.indexOf(a.scope) - SCOPE_ORDER.indexOf(b.scope);
  return scopes || compareText(a.name, b.name) || compareText(a.path, b.path);
}

// Code unit order: the same on every machine, whatever its language.
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function joinProblems(problems: readonly string[]): readonly string[] {
  const shown = problems.slice(0, LIMITS.skillProblemsShown);
  const rest = problems.length - shown.length;
  return rest === 0 ? shown : [...shown, `${rest} more skills have problems`];
}
