/** The hooks of all layers and of the files beside them: those that count, and what they run. */
import type * as z from "zod/mini";
import { configError } from "../protocol/error.ts";
import type { HookEventName } from "../protocol/hooks.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { parseJsonObject } from "../util/json/json.ts";
import { featureOn } from "./settings.ts";
import { readOptional } from "./file/files.ts";
import type { LoadedConfig } from "./load.ts";
import { HooksTable } from "./file/schema_tables.ts";
import { approvedSources } from "./trust/source.ts";

/** One command for one kind of event. */
interface ConfiguredHook {
  readonly event: HookEventName;
  readonly matcher?: string;
  readonly command: string;
  readonly timeoutMs: number;
  /** Its name in `[hooks.state]`: `FILE:pre_tool_use:GROUP:NUMBER`, counted from 0. */
  readonly key: string;
  /** False of a project's. */
  readonly isOwn: boolean;
}

interface LoadedHooks {
  readonly hooks: readonly ConfiguredHook[];
  readonly warnings: readonly string[];
}

interface HookPlace {
  /** The file, or what else set them. */
  readonly place: string;
  readonly isOwn: boolean;
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
  const hooks: ConfiguredHook[] = [];
  // No switch and no state of the person's turns those of managed policy off.
  for (const { file, kind, tree } of loaded.layers) {
    if (kind !== "managed" || tree["hooks"] === undefined) continue;
    const place = { place: file ?? kind, isOwn: true };
    hooks.push(...parseHooks(tree["hooks"], place, warnings));
  }
  const isOn = featureOn(loaded.config, "hooks") &&
    featureOn(loaded.config, "codex_hooks");
  if (!isOn || loaded.managed?.requirements.allow_managed_hooks_only) {
    return { hooks, warnings };
  }
  const off = switchedOff(loaded.layers);
  const take = (table: unknown, place: HookPlace): void => {
    hooks.push(
      ...parseHooks(table, place, warnings).filter(({ key }) => !off.has(key)),
    );
  };
  const { codexHome, trust } = loaded;
  for (const { file, kind, tree } of loaded.layers) {
    if (kind === "managed" || tree["hooks"] === undefined) continue;
    take(tree["hooks"], { place: file ?? kind, isOwn: kind !== "project" });
  }
  for (const folder of ["/etc/codex", codexHome]) {
    if (folder === undefined) continue;
    const place = `${folder}/hooks.json`;
    const text = await readOptional(host, place);
    if (text !== undefined) {
      takeFile(text, { place, isOwn: true }, take);
    }
  }
  for (const source of approvedSources(trust, "hooks")) {
    takeFile(source.text, { place: source.file, isOwn: false }, take);
  }
  return { hooks, warnings };
}

function takeFile(
  text: string,
  place: HookPlace,
  take: (table: unknown, place: HookPlace) => void,
): void {
  const file = parseFile(text, place.place);
  take(file["hooks"] ?? file, place);
}

/** The hooks of one table; what is not understood is named, since it may be a guard. */
function parseHooks(
  table: unknown,
  source: HookPlace,
  warnings: string[],
): readonly ConfiguredHook[] {
  const parsed = HooksTable.safeParse(table);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw configError(
      `Cannot read hooks in ${source.place}: "${at}" is wrong, must be a list of {matcher, hooks: [{type, command, timeout}]}`,
    );
  }
  for (const name of Object.keys(parsed.data)) {
    if ([...EVENTS, ...SILENT_EVENTS, "state"].includes(name)) continue;
    warnings.push(
      `Ignoring hooks for "${name}" in ${source.place}: there is no such event`,
    );
  }
  return EVENTS.flatMap((event) =>
    (parsed.data[event] ?? []).flatMap(({ matcher, hooks }, group) =>
      hooks.flatMap((hook, number) => {
        if (hook.type !== "command" || hook.command === undefined) {
          warnings.push(
            `Ignoring a ${event} hook in ${source.place}: its type is ${hook.type}, must be command with a command`,
          );
          return [];
        }
        return [{
          event,
          key: `${source.place}:${wordOf(event)}:${group}:${number}`,
          ...(matcher === undefined ? {} : { matcher }),
          command: hook.command,
          timeoutMs: hook.timeout === undefined
            ? LIMITS.hookMs
            : Math.round(hook.timeout * 1_000),
          isOwn: source.isOwn,
        }];
      })
    )
  );
}

// A project does not decide about the hooks of the person.
function switchedOff(layers: LoadedConfig["layers"]): ReadonlySet<string> {
  const states = layers.filter(({ kind, tree }) =>
    kind !== "project" && tree["hooks"] !== undefined
  ).map(({ tree }) => HooksTable.safeParse(tree["hooks"]).data?.state);
  return new Set(
    Object.entries(Object.assign({}, ...states) as HookStates)
      .filter(([, { enabled }]) => enabled === false)
      .map(([key]) => key),
  );
}

type HookStates = z.infer<typeof HooksTable>["state"];

function wordOf(event: HookEventName): string {
  return event.replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase();
}

function parseFile(
  text: string,
  path: string,
): Readonly<Record<string, unknown>> {
  const file = parseJsonObject(text);
  if (file !== undefined) return file;
  throw configError(
    `Cannot read hooks in ${path}: it is not a JSON object, must be {"hooks": {EVENT: [...]}}`,
  );
}
