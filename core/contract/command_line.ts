/** The command line after parsing: which command, its words, its flags. Plain data. */
import type { CommandName } from "./commands.ts";
import type { Flags } from "./flags.ts";

export type { CommandName } from "./commands.ts";
export type { AgentFlags, ExecFlags, Flags, LimitRaise } from "./flags.ts";

export interface CommandLine {
  readonly command: CommandName;
  /** Positionals in the order of the table, the prompt left out. */
  readonly args: readonly string[];
  /** The prompt argument as given; `-` asks for stdin. */
  readonly prompt?: string;
  readonly flags: Flags;
}
