/** What a conversation is started with. */
import type { Flags } from "../../contract/command_line.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { ReplHost, ReplServices } from "./repl_services.ts";

export interface ReplRequest {
  readonly services: ReplServices;
  readonly host: ReplHost;
  readonly terminal: Terminal;
  readonly flags: Flags;
  /** Sent as soon as the thread is open. */
  readonly firstPrompt?: string;
}
