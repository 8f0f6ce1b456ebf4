/** The hooks of all layers, and of the files beside them; whose they are, and what they run. */
import * as z from "zod/mini";
import { UserError } from "../protocol/error.ts";
import type { HookEventName } from "../protocol/hooks.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { asObject, canonicalJson, type Json } from "../util/json/json.ts";
import { sha256Hex } from "../util/sha256.ts";
import { featureOn } from "./settings.ts";
import { readOptional } from "./file/files.ts";
import type { LoadedConfig } from "./load.ts";
import { HooksTable } from "./file/schema_tables.ts";
import { ancestors, isInside } from "../util/path.ts";

/** One command for one kind of event. */
interface ConfiguredHook {
  readonly event: HookEventName;
  readonly matcher?: string;
  readonly command: string;
  readonly timeoutMs: number;
}

/** The hooks that stand in one place. */
export interface HookSource {
  /** The file, or what else set them. */
  readonly place: string;
  /** Comes with the project: counts only when somebody has looked at it. */
  readonly isProject: boolean;
  readonly hooks: readonly ConfiguredHook[];
  /** SHA-256 of what stands there; another one is another set of hooks. */
  readonly hash: string;
}

interface LoadedHooks {
  readonly sources: readonly HookSource[];
  readonly warnings: readonly string[];
}

const EVENTS: readonly HookEventName[] = [
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
  "PermissionRequest",
  "PostToolUse",
  "PreCompact",
  "PostCompact",
  "Stop",
  "SessionEnd",
];
/** Accepted, and never happen here. */
const SILENT_EVENTS: readonly string[] = ["SubagentStart", "SubagentStop"];

/** Reads them, the machine's first and the project's last. Throws UserError "config". */
export async function loadHooks(
  host: Host,
  loaded: LoadedConfig,
): Promise<LoadedHooks> {
  const warnings: string[] = [];
  if (!featureOn(loaded.config, "hooks")) return { sources: [], warnings };
  const sources: HookSource[] = [];
  const take = (table: unknown, place: string, isProject: boolean): void => {
    const source = parseHooks(table, { place, isProject }, warnings);
    if (source.hooks.length > 0) sources.push(source);
  };
  for (const layer of loaded.layers) {
    const table = layer.tree["hooks"];
    if (table === undefined) continue;
    take(table, layer.file ?? layer.kind, layer.kind === "project");
  }
  for (const { path, isProject } of hookFiles(loaded)) {
    const text = await readOptional(host, path);
    if (text === undefined) continue;
    const file = parseFile(text, path);
    take(file["hooks"] ?? file, path, isProject);
  }
  return { sources, warnings };
}

function hookFiles(
  { codexHome, cwd, projectRoot, trust }: LoadedConfig,
): readonly { readonly path: string; readonly isProject: boolean }[] {
  const folders = trust.level !== "trusted"
    ? []
    : ancestors(cwd).filter((folder) => isInside(folder, projectRoot))
      .map((folder) => `${folder}/.codex`)
      .filter((folder) => folder !== codexHome).toReversed();
  return [
    { path: "/etc/codex/hooks.json", isProject: false },
    ...(codexHome === undefined
      ? []
      : [{ path: `${codexHome}/hooks.json`, isProject: false }]),
    ...folders.map((folder) => ({
      path: `${folder}/hooks.json`,
      isProject: true,
    })),
  ];
}

/** The hooks of one table; what is not understood is named, since it may be a guard. */
function parseHooks(
  table: unknown,
  source: Pick<HookSource, "place" | "isProject">,
  warnings: string[],
): HookSource {
  const parsed = HooksTable.safeParse(table);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new UserError(
      "config",
      `Cannot read hooks in ${source.place}: "${at}" is wrong, must be a list of {matcher, hooks: [{type, command, timeout}]}`,
    );
  }
  for (const name of Object.keys(parsed.data)) {
    if ([...EVENTS, ...SILENT_EVENTS].includes(name)) continue;
    warnings.push(
      `Ignoring hooks for "${name}" in ${source.place}: there is no such event`,
    );
  }
  const hooks = EVENTS.flatMap((event) =>
    (parsed.data[event] ?? []).flatMap(({ matcher, hooks }) =>
      hooks.flatMap((hook) => {
        if (hook.type !== "command" || hook.command === undefined) {
          warnings.push(
            `Ignoring a ${event} hook in ${source.place}: its type is ${hook.type}, must be command with a command`,
          );
          return [];
        }
        return [{
          event,
          ...(matcher === undefined ? {} : { matcher }),
          command: hook.command,
          timeoutMs: hook.timeout === undefined
            ? LIMITS.hookMs
            : Math.round(hook.timeout * 1_000),
        }];
      })
    )
  );
  return { ...source, hooks, hash: hashOf(hooks) };
}

function hashOf(hooks: readonly ConfiguredHook[]): string {
  const text = canonicalJson(hooks as unknown as Json);
  return sha256Hex(text);
}

function parseFile(
  text: string,
  path: string,
): Readonly<Record<string, unknown>> {
  try {
    const file = asObject(JSON.parse(text));
    if (file !== undefined) return file;
  } catch {
    // Told below.
  }
  throw new UserError(
    "config",
    `Cannot read hooks in ${path}: it is no JSON object, must be {"hooks": {EVENT: [...]}}`,
  );
}

const TrustFile = z.record(
  z.string(),
  z.object({ hash: z.string(), trusted: z.boolean() }),
);
/** What somebody has decided of hooks, by their place. */
type HookTrust = z.infer<typeof TrustFile>;

/** The file the decisions stand in. */
export function hookTrustPath(codexHome: string): string {
  return `${codexHome}/hooks_trust.json`;
}

/** Decisions by place; none where there is no file, or one that is not ours. */
export async function readHookTrust(
  host: Host,
  codexHome: string | undefined,
): Promise<HookTrust> {
  if (codexHome === undefined) return {};
  const text = await readOptional(host, hookTrustPath(codexHome));
  if (text === undefined) return {};
  try {
    return TrustFile.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
