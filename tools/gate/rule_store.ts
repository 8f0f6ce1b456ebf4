/** The rules files on disk: read, added to when the person says so, and revoked from. */
import {
  configError,
  errorReason,
  isAbsent,
  type UserError,
} from "../../core/protocol/error.ts";
import type { ProjectSource } from "../../core/config/trust/source.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { isBannedPrefix } from "../../core/policy/propose.ts";
import {
  mergeRules,
  NO_RULES,
  type PrefixRule,
  renderPattern,
  renderRule,
  renderSource,
  type RuleSet,
} from "../../core/policy/rules.ts";
import { parseRules } from "../../core/policy/rules_parse.ts";
import { dirname } from "../../core/util/path.ts";

interface RuleStoreOptions {
  readonly host: Pick<Host, "files" | "homeDir" | "newId">;
  /** `rules` folders of the active configuration layers, absolute, in any order. */
  readonly folders: readonly string[];
  /** Rules files of the project as they were read; only approved ones allow anything. */
  readonly project?: readonly Pick<
    ProjectSource,
    "file" | "text" | "decision"
  >[];
  /**
   * The file that saved prefixes are appended to: `$CODEX_HOME/rules/default.rules`.
   * Those that keep the sandbox go to `default.grants` beside it: a program that knows
   * only `.rules` would take them for a way out. Undefined without a home: nothing is saved.
   */
  readonly savedPath: string | undefined;
  /** Read instead of those in the folders. */
  readonly files?: readonly string[];
  /** Of managed policy; they hold whatever else is read. */
  readonly managed?: RuleSet;
  /** Reads no file: only what is saved from now on holds (`--ignore-rules`). */
  readonly ignoreFiles?: boolean;
}

export interface RuleStore {
  /** What holds now. */
  current(): RuleSet;
  /** Appends an allow rule and reads the files again; see PrefixRule.sandbox. */
  save(prefix: readonly string[], sandbox?: readonly string[]): Promise<void>;
  /** Takes a rule out of its file and reads the files again. */
  revoke(rule: PrefixRule): Promise<void>;
}

/** Reads all rules files; throws UserError naming file, line and reason. */
export async function openRuleStore(
  options: RuleStoreOptions,
): Promise<RuleStore> {
  let rules = await readAllRules(options);
  return {
    current: () => rules,
    save: async (prefix, sandbox) => {
      const saved = await appendRule(options, prefix, sandbox);
      rules = options.ignoreFiles
        ? mergeRules([rules, parseRules(saved.line, saved)])
        : await readAllRules(options);
    },
    revoke: async (rule) => {
      await removeRule(options, rule);
      rules = await readAllRules(options);
    },
  };
}

async function readAllRules(options: RuleStoreOptions): Promise<RuleSet> {
  const { managed = NO_RULES } = options;
  if (options.ignoreFiles) return managed;
  const home = options.host.homeDir() ?? "/";
  const sets: RuleSet[] = (options.project ?? []).map((source) => {
    const set = parseRules(source.text, { file: source.file, home });
    return source.decision === "approved" ? set : withoutAllowing(set);
  });
  for (const path of options.files ?? await findRuleFiles(options)) {
    const text = await readRuleFile(options, path);
    sets.push(parseRules(text, { file: path, home }));
  }
  return mergeRules([managed, ...sets]);
}

async function findRuleFiles(options: RuleStoreOptions): Promise<string[]> {
  const { folders: named, savedPath } = options;
  const own = savedPath === undefined ? [] : [dirname(savedPath)];
  const folders = new Set([...named, ...own]);
  const paths: string[] = [];
  for (const folder of folders) {
    paths.push(...await listRuleFiles(options, folder));
  }
  return paths;
}

function withoutAllowing(set: RuleSet): RuleSet {
  const rules = set.rules.filter(({ decision }) => decision !== "allow");
  const network = set.network.filter(({ decision }) => decision !== "allow");
  return { rules, network, executables: new Map() };
}

async function listRuleFiles(
  { host }: RuleStoreOptions,
  folder: string,
): Promise<readonly string[]> {
  try {
    const entries = await host.files.list(folder);
    return entries.filter((entry) =>
      /\.(rules|grants)$/.test(entry.name) && !entry.isDirectory
    ).map((entry) => `${folder}/${entry.name}`).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw unreadable(folder, error);
  }
}

// Rules that cannot be read might be the ones that forbid: nothing runs without them.
async function readRuleFile(
  { host }: RuleStoreOptions,
  path: string,
): Promise<string> {
  try {
    const bytesMax = LIMITS.rulesFileBytes;
    return await host.files.readText(path, { bytesMax });
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UserError {
  const why = errorReason(error);
  return configError(`Cannot read rules: ${path}: ${why}`);
}

// One write to a file opened for appending is whole, also beside another process.
async function appendRule(
  { host, savedPath }: RuleStoreOptions,
  prefix: readonly string[],
  sandbox: readonly string[] | undefined,
): Promise<
  { readonly line: string; readonly file: string; readonly home: string }
> {
  if (isBannedPrefix(prefix)) {
    throw configError(
      `Cannot save the rule "${prefix.join(" ")}": it would allow everything`,
    );
  }
  if (savedPath === undefined) {
    throw configError("Cannot save the rule: there is no home folder");
  }
  const path = sandbox === undefined
    ? savedPath
    : savedPath.replace(/\.rules$/, "") + ".grants";
  await host.files.mkdir(dirname(path), { mode: 0o700 });
  const before = await host.files.stat(path) === undefined
    ? ""
    : await host.files.readText(path);
  const line = renderRule(prefix, "allow", sandbox);
  const saved = { line, file: path, home: "/" };
  if (before.split("\n").includes(line.trimEnd())) return saved;
  const file = await host.files.openAppend(path, { mode: 0o600 });
  try {
    file.write(before === "" || before.endsWith("\n") ? line : `\n${line}`);
    file.sync();
  } finally {
    file.close();
  }
  return saved;
}

async function removeRule(
  { host }: RuleStoreOptions,
  rule: PrefixRule,
): Promise<void> {
  const path = await host.files.realPath(rule.source.file);
  const text = await host.files.readText(path);
  const home = host.homeDir() ?? "/";
  const now = parseRules(text, { file: rule.source.file, home }).rules;
  if (!now.some((one) => isSameRule(one, rule))) {
    throw configError(
      `Cannot revoke "${renderPattern(rule)}": ${
        renderSource(rule)
      } has changed since it was read`,
    );
  }
  if (!rule.source.isTopLevel) {
    throw configError(
      `Cannot revoke "${renderPattern(rule)}": a loop or a function at ${
        renderSource(rule)
      } makes it, change the file by hand`,
    );
  }
  const after = text.slice(rule.source.end).replace(/^[ \t]*\n/, "");
  const mode = (await host.files.stat(path))?.mode ?? 0o600;
  const fresh = `${path}.${host.newId()}`;
  await host.files.write(fresh, text.slice(0, rule.source.start) + after, {
    mode,
    exclusive: true,
  });
  await host.files.rename(fresh, path);
}

function isSameRule(left: PrefixRule, right: PrefixRule): boolean {
  return left.source.start === right.source.start &&
    left.source.end === right.source.end && left.decision === right.decision &&
    renderPattern(left) === renderPattern(right);
}
