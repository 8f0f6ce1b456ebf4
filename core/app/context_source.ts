/** The prompt beside the conversation, from the files and the configuration of this run. */
import { changesSince } from "../context/change.ts";
import { viewEnvironment } from "../context/environment.ts";
import {
  initialItems,
  type PromptContext,
  toldBy,
  type UserInstructions,
} from "../context/initial.ts";
import {
  createNestedDocState,
  type NestedDocState,
  nestedDocsFor,
} from "../context/nested_doc.ts";
import {
  type DocFile,
  type DocSearch,
  loadProjectDocs,
  type ProjectDocs,
} from "../context/project_doc.ts";
import { findMentionedSkills, loadSkillBodies } from "../context/skill_mentions.ts";
import type { Skill } from "../context/skill_file.ts";
import { loadSkills, type SkillSearch } from "../context/skills.ts";
import { renderSkills, skillListBytes } from "../context/skills_render.ts";
import { buildUserItems } from "../context/user_input.ts";
import { writableRoots } from "../policy/writable.ts";
import type { Sandbox } from "../protocol/command.ts";
import type { Host } from "../protocol/host.ts";
import type { WireItem } from "../protocol/item.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import type { ContextSource } from "../session/deps.ts";

export interface ContextSourceOptions {
  readonly host: Host;
  readonly sandbox: Sandbox;
  readonly instructions: string;
  readonly developerInstructions?: string;
  readonly docs: Omit<DocSearch, "cwd">;
  readonly skills: Omit<SkillSearch, "cwd">;
  readonly approvedPrefixes: () => readonly (readonly string[])[];
  /** Items a resumed thread begins with, so that nothing is told twice. */
  readonly items: () => readonly WireItem[];
  /** Told once: cut files, broken skills, and the like. */
  readonly warn: (message: string) => void;
}

/** What was read for one working folder. */
interface Loaded {
  readonly docs: ProjectDocs;
  readonly skills: readonly Skill[];
}

/** Reads the files of a working folder once and renders what the model is told. */
export class FileContextSource implements ContextSource {
  readonly #options: ContextSourceOptions;
  readonly #loaded = new Map<string, Promise<Loaded>>();
  #nested: NestedDocState | undefined;
  #docsText = "";

  constructor(options: ContextSourceOptions) {
    this.#options = options;
  }

  async news(
    told: Parameters<ContextSource["news"]>[0],
    settings: TurnSettings,
  ): ReturnType<ContextSource["news"]> {
    const context = await this.#context(settings);
    return {
      items: told === undefined
        ? initialItems(context)
        : changesSince(told, context),
      told: toldBy(context),
    };
  }

  async userItems(
    parts: Parameters<ContextSource["userItems"]>[0],
    settings: TurnSettings,
  ): ReturnType<ContextSource["userItems"]> {
    const { host } = this.#options;
    const said = await buildUserItems(host, parts, settings);
    const [problem] = said.problems;
    if (problem !== undefined) throw problem;
    const { skills } = await this.#load(settings.cwd);
    const text = parts.map((part) => part.type === "text" ? part.text : "")
      .join("\n");
    const mentioned = findMentionedSkills(text, skills, {
      cwd: settings.cwd,
      home: host.homeDir() ?? "/",
    });
    const bodies = await loadSkillBodies(host, mentioned);
    return {
      items: [...said.items, ...bodies.items],
      warnings: [...said.warnings, ...bodies.warnings],
    };
  }

  async touched(paths: readonly string[]): Promise<readonly WireItem[]> {
    if (this.#nested === undefined) return [];
    const items: WireItem[] = [];
    for (const path of paths) {
      const docs = await nestedDocsFor(this.#options.host, this.#nested, path);
      docs.warnings.forEach(this.#options.warn);
      items.push(...docs.items);
    }
    return items;
  }

  instructionsText(): string {
    return this.#docsText;
  }

  /** The files whose text the model is told, for the first event. */
  async files(cwd: string): Promise<readonly DocFile[]> {
    return (await this.#load(cwd)).docs.files;
  }

  async #context(settings: TurnSettings): Promise<PromptContext> {
    const { host, sandbox, developerInstructions } = this.#options;
    const { docs, skills } = await this.#load(settings.cwd);
    const roots = writableRoots(settings.sandbox, {
      workspace: settings.cwd,
      tmpDir: host.env("TMPDIR"),
    });
    this.#follow(settings.cwd, docs);
    return {
      settings,
      instructions: this.#options.instructions,
      permissions: {
        receipt: await sandbox.receipt(settings.sandbox, settings.cwd),
        writableRoots: roots === "everything" ? [] : roots,
        approvedPrefixes: this.#options.approvedPrefixes(),
      },
      ...(developerInstructions !== undefined && { developerInstructions }),
      userInstructions: this.#userInstructions(settings, docs, skills),
      environment: viewEnvironment(host, settings),
    };
  }

  #userInstructions(
    settings: TurnSettings,
    docs: ProjectDocs,
    skills: readonly Skill[],
  ): UserInstructions {
    const listed = renderSkills(skills, skillListBytes(settings.model));
    listed.warnings.forEach(this.#options.warn);
    return {
      ...(docs.text !== undefined && { docs: docs.text }),
      ...(listed.text !== undefined && { skills: listed.text }),
    };
  }

  #follow(cwd: string, docs: ProjectDocs): void {
    this.#docsText = docs.text ?? "";
    if (this.#nested?.cwd === cwd) return;
    const used = docs.files.reduce((sum, file) => sum + file.bytes, 0);
    this.#nested = createNestedDocState({
      cwd,
      fallbackNames: this.#options.docs.fallbackNames,
      bytesLeft: Math.max(0, this.#options.docs.bytesMax - used),
      items: this.#options.items(),
    });
  }

  #load(cwd: string): Promise<Loaded> {
    const known = this.#loaded.get(cwd);
    if (known !== undefined) return known;
    const loading = this.#read(cwd);
    this.#loaded.set(cwd, loading);
    return loading;
  }

  async #read(cwd: string): Promise<Loaded> {
    const { host, warn } = this.#options;
    const [docs, skills] = await Promise.all([
      loadProjectDocs(host, { ...this.#options.docs, cwd }),
      loadSkills(host, { ...this.#options.skills, cwd }),
    ]);
    [...docs.warnings, ...skills.warnings].forEach(warn);
    return { docs, skills: skills.skills };
  }
}
