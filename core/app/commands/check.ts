/** What doctor says of one thing. */
import type { ExitName } from "../../contract/exit_code.ts";

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `failed`: no turn can run like this. */
  readonly status: "ok" | "warning" | "failed";
  /** One line for people. */
  readonly summary: string;
  /** More lines for people. */
  readonly lines: readonly string[];
  /** The same for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The exit code a turn would end with. */
  readonly exit?: ExitName;
}
