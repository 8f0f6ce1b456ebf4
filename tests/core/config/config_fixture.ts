/** A machine of its own for each test of the configuration: home, project, environment. */
import { denoHost } from "../../../core/host/host.ts";
import type { Host } from "../../../core/protocol/host.ts";
import {
  loadConfig,
  type LoadedConfig,
  type LoadOptions,
} from "../../../core/config/load.ts";
import { saveFolderTrust } from "../../../core/config/trust/folder.ts";
import { saveDecision } from "../../../core/config/trust/store.ts";

export class Machine implements AsyncDisposable {
  readonly root: string;
  readonly env: Record<string, string> = {};

  constructor(root: string) {
    this.root = root;
  }

  /** A home folder, a git repository `work` in it as cwd, no configuration. */
  static async create(): Promise<Machine> {
    const root = await Deno.realPath(await Deno.makeTempDir());
    const machine = new Machine(root);
    await Deno.mkdir(`${machine.cwd}/.git`, { recursive: true });
    await Deno.mkdir(`${machine.home}/.codex`);
    return machine;
  }

  get home(): string {
    return `${this.root}/home`;
  }

  get codexHome(): string {
    return `${this.home}/.codex`;
  }

  get cwd(): string {
    return `${this.home}/wdir`;
  }

  get userFile(): string {
    return `${this.codexHome}/config.toml`;
  }

  get systemFile(): string {
    return `${this.root}/etc/config.toml`;
  }

  host(changes: Partial<Host> = {}): Host {
    return {
      ...denoHost(),
      cwd: this.cwd,
      env: (name) => this.env[name],
      envAll: () => ({ PATH: Deno.env.get("PATH") ?? "", ...this.env }),
      homeDir: () => this.home,
      ...changes,
    };
  }

  async write(path: string, text: string): Promise<void> {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }

  async user(text: string): Promise<void> {
    await this.write(this.userFile, text);
  }

  async load(
    options: Partial<LoadOptions> = {},
    host: Host = this.host(),
  ): Promise<LoadedConfig> {
    return await loadConfig(host, {
      canAsk: true,
      systemConfigPath: this.systemFile,
      ...options,
    });
  }

  /** A person's yes to the folder and to all that the project asks for now. */
  async approve(cwd: string = this.cwd): Promise<void> {
    const host = this.host();
    const { trust } = await this.load({ cwd, flags: { trust: true } });
    await saveFolderTrust(host, this.codexHome, {
      folder: trust.folder,
      level: "trusted",
    });
    await saveDecision(host, this.codexHome, {
      place: trust,
      sources: trust.sources,
      decision: "approved",
    });
  }

  /** The message of the UserError that loading ends with. */
  async loadError(options: Partial<LoadOptions> = {}): Promise<string> {
    try {
      await this.load(options);
    } catch (error) {
      if (error instanceof Error && error.name === "UserError") {
        return `${(error as { kind?: string }).kind}: ${error.message}`;
      }
      throw error;
    }
    throw new Error("the configuration loaded, but must not");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}
