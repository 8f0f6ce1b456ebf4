/** What renders the prompt around a conversation, by the configuration of a run. */
import type { LoadedConfig } from "../config/load.ts";
import { PromptSource } from "../context/context_source.ts";
import { approvedPrefixes } from "../policy/rules.ts";
import type { Sandbox } from "../protocol/command.ts";
import type { Files, Host } from "../protocol/host.ts";
import type { SandboxPolicy, SandboxStatus } from "../protocol/policy.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import type { RuleStore } from "../../tools/gate/rule_store.ts";

/** A copy in which threads work, while configuration and trust are those of the real folder. */
export interface StagedFolder {
  /** What holds in the copy. */
  readonly settingsIn: (settings: TurnSettings) => TurnSettings;
  /** The same disk, on which the copy has the files of the real folder: for instructions. */
  readonly firstFiles: (files: Files) => Files;
}

interface PromptRuntime {
  readonly host: Host;
  readonly loaded: LoadedConfig;
  readonly sandbox: Sandbox;
  readonly rules: RuleStore;
  readonly stage?: StagedFolder;
}

/** Reads what it renders from the folder of the thread; of a copy, from the real one. */
export function promptSourceOf(
  runtime: PromptRuntime,
  instructions: string,
  warn: (message: string) => void,
): PromptSource {
  const { host, loaded, sandbox, rules, stage } = runtime;
  const { config } = loaded;
  const home = host.homeDir();
  return new PromptSource(host, {
    instructions,
    ...(config.developer_instructions !== undefined && {
      developerInstructions: config.developer_instructions,
    }),
    codexHome: loaded.codexHome,
    ...(home !== undefined && { home }),
    rootMarkers: config.project_root_markers,
    fallbackNames: config.project_doc_fallback_filenames,
    docBytesMax: config.project_doc_max_bytes,
    skillsConfig: config.skills.config,
    omit: [
      ...config.include_permissions_instructions
        ? []
        : ["permissions" as const],
      ...config.include_environment_context ? [] : ["environment" as const],
    ],
    permissions: async (settings) => {
      const sandboxStatus = await sandbox.sandboxStatus(
        settings.sandbox,
        settings.cwd,
      );
      return {
        sandboxStatus,
        ...await writableRoots(host, settings.sandbox, sandboxStatus),
        approvedPrefixes: approvedPrefixes(rules.current()),
      };
    },
    readable: (place) => {
      const files = sandbox.readable(place.sandbox, place.cwd);
      return stage?.firstFiles(files) ?? files;
    },
    warn,
  });
}

// The folders that the prompt calls writable: those that this user can write, too. They
// come from the plan of the sandbox, not from the policy alone.
async function writableRoots(
  { files }: Pick<Host, "files">,
  sandbox: SandboxPolicy,
  { writable = [] }: SandboxStatus,
): Promise<{
  readonly writableRoots: readonly string[];
  readonly warnings: readonly string[];
}> {
  const named = sandbox.mode === "workspace-write" ? sandbox.writableRoots : [];
  const warnings: string[] = [];
  const shut = new Set<string>();
  for (const path of named) {
    const real = await files.realPath(path).catch(() => path);
    if (!writable.includes(real) || await files.canWrite(real)) continue;
    // It stays open for what lies in it.
    shut.add(real);
    warnings.push(
      `The folder ${path} was added and cannot be written by this user`,
    );
  }
  return {
    writableRoots: writable.filter((path) => !shut.has(path)),
    warnings,
  };
}
