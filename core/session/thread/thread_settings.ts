/** What a thread was told to work with, and what of that holds while a mode does. */
import { confine } from "../../policy/mode.ts";
import { errorText, SessionError } from "../../protocol/error.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { TurnMode, TurnSettings } from "../../protocol/settings.ts";

export class ThreadSettings {
  readonly #log: Pick<ThreadLog, "append" | "sync">;
  /** As the person chose them; a mode hides them and gives them back. */
  #own: TurnSettings;

  constructor(own: TurnSettings, log: Pick<ThreadLog, "append" | "sync">) {
    this.#own = own;
    this.#log = log;
  }

  get own(): TurnSettings {
    return this.#own;
  }

  /** What the next turn runs with, or one in another mode. */
  at(mode: TurnMode | undefined = this.#own.mode): TurnSettings {
    return confine({ ...this.#own, mode });
  }

  /** Takes them; a new mode is on record at once. Returns what went wrong with that. */
  change(own: TurnSettings): string | undefined {
    const before = this.#own.mode;
    this.#own = Object.freeze(own);
    if (own.mode === before) return undefined;
    try {
      this.#log.append({ type: "mode_changed", mode: own.mode });
      this.#log.sync();
      return undefined;
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      return `The change of the mode is not recorded: ${errorText(error)}`;
    }
  }
}
