/** The files of a project that ask for something: read once, sorted, held against approvals. */
import { configError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { PROGRAM } from "../protocol/version.ts";
import {
  asObject,
  type JsonObject,
  parseJsonObject,
} from "../util/json/json.ts";
import { dirname, relativeTo } from "../util/path.ts";
import type { Layer } from "./layers.ts";
import { readLayer } from "./load_layer.ts";
import {
  namedSecret,
  type PersonSettings,
  sortSettings,
} from "./project_layer.ts";
import { mergeTrees, type TomlTable, valueAt } from "./file/toml.ts";
import type { FolderTrust } from "./trust/folder.ts";
import {
  findFiles,
  findOwn,
  type ProjectFile,
  trustedFolders,
} from "./trust/files.ts";
import { type Checks, createChecks } from "./trust/check.ts";
import { hashPrograms, type ProgramPlace } from "./trust/programs.ts";
import type { ProjectSource } from "./trust/source.ts";
import {
  readTrustStore,
  type TrustStore,
  withDecision,
} from "./trust/store.ts";

interface ProjectPlace {
  readonly cwd: string;
  readonly projectRoot: string;
  readonly codexHome: string | undefined;
  readonly trust: FolderTrust;
  /** The person's settings without the defaults. */
  readonly base: TomlTable;
  readonly person: () => PersonSettings;
  /** Hooks count as they are: `--dangerously-bypass-hook-trust`. */
  readonly bypassHooks: boolean;
  readonly addDirs: readonly string[];
}

interface Project extends Checks {
  readonly layers: readonly Layer[];
  readonly sources: readonly ProjectSource[];
  readonly warnings: readonly string[];
}

/** Reads them; what nobody has approved is left out, with one warning for all of it. */
export async function loadProject(
  host: Host,
  place: ProjectPlace,
): Promise<Project> {
  const { codexHome, trust } = place;
  const files = await findFiles(host, place);
  const ownPlace = {
    bases: [place.cwd],
    // Not the temporary folders: who names a file there knows that all can write to it.
    writable: [
      place.projectRoot,
      place.cwd,
      ...place.addDirs,
      ...rootsOf(place.base),
      ...trustedFolders(place.base, codexHome),
    ],
  };
  const own = await findOwn(host, {
    tree: place.base,
    codexHome,
    place: ownPlace,
  });
  const store = files.length === 0 && own === undefined
    ? {}
    : await readTrustStore(host, codexHome);
  const mine = own === undefined ? [] : [withDecision(own, store, trust)];
  const isTrusted = trust.level === "trusted";
  const reader = new ProjectReader(host, { ...place, store, sources: mine });
  if (isTrusted) { for (const file of files) await reader.read(file); }
  else if (files.length > 0) {
    const paths = listPaths(files.map(({ path }) => path), place);
    const why = `the folder ${trust.folder} is not trusted`;
    reader.warnings.push(`Ignoring ${paths}: ${why}; ${advice(place)}`);
  }
  const left = reader.sources.filter((one) => one.decision !== "approved");
  return {
    layers: reader.layers,
    sources: reader.sources,
    ...createChecks(host, {
      own: { place: ownPlace, sources: mine },
      project: {
        place: reader.placeOf(reader.sources.map(({ file }) => dirname(file))),
        sources: reader.sources,
      },
    }),
    warnings: [
      ...reader.warnings,
      ...(left.length === 0 ? [] : [
        `Ignoring what needs your approval in ${
          listPaths(left.map(({ file }) => file), place)
        }; ${advice(place)}`,
      ]),
    ],
  };
}

function rootsOf(tree: TomlTable): readonly string[] {
  const roots = valueAt(tree, ["sandbox_workspace_write", "writable_roots"]);
  return Array.isArray(roots) ? roots.map(String) : [];
}

function advice({ cwd }: ProjectPlace): string {
  const word = /^[\w./@+-]+$/.test(cwd) ? cwd : JSON.stringify(cwd);
  return `to see it and decide: ${PROGRAM} trust ${word}`;
}

function listPaths(
  paths: readonly string[],
  { projectRoot }: ProjectPlace,
): string {
  return paths.map((path) => relativeTo(path, projectRoot)).join(", ");
}

interface ReaderPlace extends ProjectPlace {
  readonly store: TrustStore;
  /** Those that are known before the first file. */
  readonly sources: readonly ProjectSource[];
}

class ProjectReader {
  readonly layers: Layer[] = [];
  readonly sources: ProjectSource[];
  readonly warnings: string[] = [];
  readonly #host: Host;
  readonly #place: ReaderPlace;
  #personSettings: PersonSettings | undefined;
  /** The person's settings with those of the project that count. */
  #tree: TomlTable;

  constructor(
    host: Host,
    place: ReaderPlace,
  ) {
    this.#host = host;
    this.#place = place;
    this.#tree = place.base;
    this.sources = [...place.sources];
  }

  // Parsing them costs time that a start without such files does not have.
  get #person(): PersonSettings {
    return this.#personSettings ??= this.#place.person();
  }

  async read({ path, kind }: ProjectFile): Promise<void> {
    if (kind === "settings") return await this.#readSettings(path);
    const text = await this.#readText({ path, kind });
    if (text === undefined) return;
    switch (kind) {
      case "servers":
        return await this.#readServers(path, text);
      case "hooks":
        return await this.#readHooks(path, text);
      case "rules":
        await this.#add({ file: path, kind, text }, { text: text.trim() });
    }
  }

  async #readSettings(path: string): Promise<void> {
    const layer = await readLayer(this.#host, "project", path);
    if (layer === undefined) return;
    const { harmless, gated, refused } = sortSettings(layer, {
      person: this.#person,
      below: this.#tree,
    });
    this.warnings.push(...refused);
    if (this.#place.bypassHooks && gated["hooks"] !== undefined) {
      harmless["hooks"] = gated["hooks"];
      delete gated["hooks"];
    }
    let tree = harmless;
    if (Object.keys(gated).length > 0) {
      const content = JSON.parse(JSON.stringify(gated)) as JsonObject;
      const isApproved = await this.#add(
        { file: path, kind: "settings", text: layer.text ?? "" },
        content,
      );
      if (isApproved) tree = mergeTrees(harmless, gated);
    }
    this.layers.push({ ...layer, tree });
    this.#tree = mergeTrees(this.#tree, tree);
  }

  async #readServers(path: string, text: string): Promise<void> {
    const servers = asObject(parseJsonObject(text)?.["mcpServers"]);
    if (servers === undefined) {
      this.warnings.push(
        `Cannot read ${path}: it is not JSON with an object "mcpServers"`,
      );
      return;
    }
    const kept = Object.fromEntries(
      Object.entries(servers).filter(([name, server]) => {
        const why = this.#whyRefused(name, JSON.stringify(server));
        if (why === undefined) return true;
        this.warnings.push(`Ignoring MCP server "${name}" of ${path}: ${why}`);
        return false;
      }),
    );
    if (Object.keys(kept).length === 0) return;
    await this.#add({
      file: path,
      kind: "servers",
      text: JSON.stringify({ mcpServers: kept }),
    }, kept);
  }

  #whyRefused(name: string, text: string): string | undefined {
    if (valueAt(this.#person.tree, ["mcp_servers", name]) !== undefined) {
      return "your own config.toml has a server of that name";
    }
    const names = [...text.matchAll(/\$\{(\w+)/g)].map(([, one]) => one ?? "");
    const secret = namedSecret(names, this.#person.secretNames);
    return secret === undefined
      ? undefined
      : `a project may not use your key in ${secret} ("\${${secret}}")`;
  }

  async #readHooks(path: string, text: string): Promise<void> {
    const file = parseJsonObject(text);
    if (file === undefined) {
      throw configError(
        `Cannot read hooks in ${path}: it is not a JSON object, must be {"hooks": {EVENT: [...]}}`,
      );
    }
    const hooks = asObject(file["hooks"]) ?? file;
    await this.#add({ file: path, kind: "hooks", text }, hooks);
  }

  /** Resolves to whether it counts. */
  async #add(
    file: Pick<ProjectSource, "file" | "kind" | "text">,
    content: JsonObject,
  ): Promise<boolean> {
    const programs = file.kind === "rules" ? {} : await hashPrograms(
      this.#host,
      content,
      this.placeOf([dirname(file.file)]),
    );
    const source = withDecision(
      { ...file, content, programs },
      this.#place.store,
      this.#place.trust,
    );
    const isFree = file.kind === "hooks" && this.#place.bypassHooks;
    this.sources.push(
      isFree ? { ...source, decision: "approved", programs: {} } : source,
    );
    return isFree || source.decision === "approved";
  }

  /** Where programs are looked for that files in these folders name. */
  placeOf(folders: readonly string[]): ProgramPlace {
    const { projectRoot, cwd, addDirs } = this.#place;
    return {
      bases: [cwd, ...folders],
      writable: [
        projectRoot,
        cwd,
        "/tmp",
        this.#host.env("TMPDIR") ?? "/tmp",
        ...addDirs,
        ...rootsOf(this.#tree),
      ],
    };
  }

  async #readText({ path, kind }: ProjectFile): Promise<string | undefined> {
    const stat = await this.#host.files.stat(path);
    if (stat === undefined) return undefined;
    const most = kind === "servers"
      ? LIMITS.mcpProjectFileBytes
      : LIMITS.rulesFileBytes;
    if (stat.size > most) {
      this.warnings.push(
        `Ignoring ${path}: it has ${stat.size} bytes, must have at most ${most}`,
      );
      return undefined;
    }
    return await this.#host.files.readText(path);
  }
}
