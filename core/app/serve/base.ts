/** What requests about no thread work with: the configuration as it is now, and its sandbox. */
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import { sandboxPolicyOf } from "../../config/permissions/permissions.ts";
import type { Flags } from "../../contract/command_line.ts";
import { reapChild } from "../../host/system/libc.ts";
import type { Files, Host } from "../../protocol/host.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import { createSandbox, type SessionSandbox } from "../../../sandbox/mod.ts";
import { realFolder } from "../runtime.ts";

export class ServeBase {
  readonly host: Host;
  readonly flags: Flags;
  readonly codexHome: string | undefined;
  readonly sandbox: SessionSandbox;

  constructor(host: Host, flags: Flags, codexHome: string | undefined) {
    this.host = host;
    this.flags = flags;
    this.codexHome = codexHome;
    this.sandbox = createSandbox({
      host,
      codexHome,
      reapChild,
    });
  }

  /** Reads the configuration for a folder, the server's own unless told. Throws UserError. */
  async load(cwd?: string | null): Promise<LoadedConfig> {
    const folder = await realFolder(this.host, cwd ?? this.flags.cd ?? ".");
    const { cd: _cd, ...flags } = this.flags;
    return await loadConfig(this.host, { flags, cwd: folder, canAsk: true });
  }

  /** What the person's own settings allow, and the disk as they show it. */
  async permitted(): Promise<{
    readonly loaded: LoadedConfig;
    readonly policy: SandboxPolicy;
    readonly files: Files;
  }> {
    const loaded = await this.load();
    const policy = sandboxPolicyOf(loaded);
    const files = this.sandbox.readable(policy, loaded.cwd);
    return { loaded, policy, files };
  }
}
