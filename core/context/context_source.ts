/** The prompt text beside the conversation, for one thread. */
import type { Files, Host } from "../protocol/host.ts";
import type { WireItem } from "../protocol/item.ts";
import type { UserPart } from "../protocol/op.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import { changesSince } from "./changes.ts";
import { viewEnvironment } from "./environment.ts";
import {
  contextSentBy,
  initialItems,
  type PromptContext,
  type SentContext,
} from "./initial.ts";
import {
  createNestedDocState,
  nestedDocsFor,
  type NestedDocState,
} from "./agents_md_nested.ts";
import type { PermissionFacts } from "./permissions.ts";
import { loadProjectDocs, type ProjectDocs } from "./agents_md.ts";
import type { Skill } from "./skills/skill_file.ts";
import { findMentionedSkills, loadSkillBodies } from "./skills/mentions.ts";
import { loadSkills, type SkillSearch } from "./skills/skills.ts";
import { renderSkills, skillListBytes } from "./skills/render.ts";
import { loadUserItems } from "./user_input.ts";

export interface PromptSourceOptions
  extends Omit<SkillSearch, "cwd" | "config"> {
  readonly instructions: string;
  /** Messages that are switched off. */
  readonly omit?: PromptContext["omit"];
  readonly developerInstructions?: string;
  readonly fallbackNames: readonly string[];
  readonly docBytesMax: number;
  readonly skillsConfig: SkillSearch["config"];
  /** What the sandbox and the rules come to under these settings. */
  readonly permissions: (settings: TurnSettings) => Promise<PermissionFacts>;
  /** The disk as the model may see it. */
  readonly readable: (place: Place) => Files;
  readonly warn: (message: string) => void;
}

/** Where a thread works, and under which policy. */
type Place = Pick<TurnSettings, "cwd" | "sandbox">;

/** What lies on the disk for one working directory. */
interface Loaded {
  readonly cwd: string;
  readonly files: Files;
  readonly docs: ProjectDocs;
  readonly skills: readonly Skill[];
}

/** Reads files once per working directory; renders for every request. */
export class PromptSource {
  readonly #host: Pick<Host, "now" | "timezone" | "utcOffsetMinutes">;
  readonly #options: PromptSourceOptions;
  #loaded: Loaded | undefined;
  #nested: NestedDocState | undefined;
  #items: readonly WireItem[] = [];
  readonly #warned = new Set<string>();

  constructor(
    host: Pick<Host, "now" | "timezone" | "utcOffsetMinutes">,
    options: PromptSourceOptions,
  ) {
    this.#host = host;
    this.#options = options;
  }

  /** Takes over the context a resumed conversation was sent; called before anything else. */
  resume(items: readonly WireItem[]): void {
    this.#items = items;
    this.#nested = undefined;
  }

  /** The files of instructions that hold for the cwd, with the bytes of each. */
  async docFiles(place: Place): Promise<ProjectDocs["files"]> {
    return (await this.#load(place)).docs.files;
  }

  async skills(place: Place): Promise<readonly Skill[]> {
    return (await this.#load(place)).skills;
  }

  /** The context to send now, and what has been sent with it. */
  async contextUpdate(
    sent: SentContext | undefined,
    settings: TurnSettings,
  ): Promise<
    { readonly items: readonly WireItem[]; readonly sent: SentContext }
  > {
    const context = await this.#context(settings);
    if (sent !== undefined) {
      return {
        items: changesSince(sent, context),
        // What a folder lacks was not taken back: on the way home it is still known.
        sent: { ...sent, ...contextSentBy(context) },
      };
    }
    // A new generation: the files of folders further down went with the old one.
    this.resume([]);
    return { items: initialItems(context), sent: contextSentBy(context) };
  }

  /** The user's message, and the skills it names. Throws UserError. */
  async userItems(
    parts: readonly UserPart[],
    settings: TurnSettings,
  ): Promise<
    {
      readonly items: readonly WireItem[];
      readonly warnings: readonly string[];
    }
  > {
    const host = { files: this.#options.readable(settings) };
    const built = await loadUserItems(host, parts, settings);
    const [problem] = built.problems;
    if (problem !== undefined) throw problem;
    const { cwd } = settings;
    const mentioned = findMentionedSkills(
      parts.map((part) => part.type === "text" ? part.text : "").join("\n"),
      await this.skills(settings),
      { cwd, home: this.#options.home ?? cwd },
    );
    const bodies = await loadSkillBodies(host, mentioned);
    return {
      items: [...built.items, ...bodies.items],
      warnings: [...built.warnings, ...bodies.warnings],
    };
  }

  /** Instructions of folders below the cwd that have now been touched, once each. */
  async touched(paths: readonly string[]): Promise<readonly WireItem[]> {
    const items: WireItem[] = [];
    if (this.#loaded === undefined) return items;
    this.#nested ??= createNestedDocState({
      cwd: this.#loaded.cwd,
      fallbackNames: this.#options.fallbackNames,
      root: this.#loaded.docs.root,
      bytesLeft: this.#loaded.docs.bytesLeft,
      items: this.#items,
    });
    for (const path of paths) {
      const sent = await nestedDocsFor(this.#loaded, this.#nested, path);
      this.#warn(sent.warnings);
      items.push(...sent.items);
    }
    return items;
  }

  async #context(settings: TurnSettings): Promise<PromptContext> {
    const { docs, skills } = await this.#load(settings);
    const { model } = settings;
    const listed = renderSkills(skills, skillListBytes(model), {
      isExplained: model.explainsSkills ?? true,
    });
    this.#warn(listed.warnings);
    const { developerInstructions, omit } = this.#options;
    const facts = await this.#options.permissions(settings);
    this.#warn(facts.warnings ?? []);
    // No rule opens anything there.
    const permissions = settings.mode === undefined
      ? facts
      : { ...facts, approvedPrefixes: [] };
    return {
      settings,
      ...(omit === undefined ? {} : { omit }),
      instructions: this.#options.instructions,
      permissions,
      ...(developerInstructions === undefined ? {} : { developerInstructions }),
      userInstructions: {
        ...(docs.text === undefined ? {} : { docs: docs.text }),
        ...(listed.text === undefined ? {} : { skills: listed.text }),
      },
      environment: viewEnvironment(this.#host, settings),
    };
  }
  async #load(place: Place): Promise<Loaded> {
    const { cwd } = place;
    const files = this.#options.readable(place);
    if (this.#loaded?.cwd === cwd) {
      return this.#loaded = { ...this.#loaded, files };
    }
    const { docBytesMax, skillsConfig, ...rest } = this.#options;
    const [docs, found] = await Promise.all([
      loadProjectDocs({ files }, { ...rest, cwd, bytesMax: docBytesMax }),
      loadSkills({ files }, { ...rest, cwd, config: skillsConfig }),
    ]);
    this.#warn([...docs.warnings, ...found.warnings]);
    this.#loaded = { cwd, files, docs, skills: found.skills };
    this.#nested = undefined;
    return this.#loaded;
  }

  // Each sentence once in the life of a thread.
  #warn(messages: readonly string[]): void {
    for (const message of messages) {
      if (this.#warned.has(message)) continue;
      this.#warned.add(message);
      this.#options.warn(message);
    }
  }
}
