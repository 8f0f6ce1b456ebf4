/** What checkpoints do, and what they are given. */
import type { Files } from "../../protocol/host.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { UndoPlan } from "./kept/plan.ts";
import type { Program } from "./watch/watched.ts";

/** Remembers and takes back what turns do to files. */
export interface Checkpoints {
  /**
   * Keeps the file before it changes; the first call of a turn for a path counts. Never
   * throws: what cannot be kept, or may not be read in that thread, is noted as such.
   */
  beforeChange(turnId: string, path: string, thread?: Place): Promise<void>;
  /**
   * Keeps what a program could change, before it starts; the result says that it has ended,
   * and resolves when what it did is known, which need not be waited for. Throws the signal's reason alone: what cannot be kept is told, and noted as such.
   */
  beforeProgram(
    turnId: string,
    program: Program & { readonly messagesBefore: number },
  ): Promise<() => Promise<void>>;
  /** Ends a turn: notes what became of its files. Without changes nothing is written. */
  commit(turnId: string, messagesBefore: number): Promise<void>;
  /** How many turns that changed files began with so many messages or more before them. */
  countSince(messagesBefore: number): Promise<number>;
  /** What taking back the last n turns that changed files would do. */
  preview(turns: number, options?: UndoOptions): Promise<UndoPlan>;
  /**
   * Does it, and forgets those turns. Throws SessionError when a file cannot be written,
   * and, with nothing done, when files were changed since and it is not forced.
   */
  undo(turns: number, options?: UndoOptions): Promise<UndoPlan>;
}

export type Place = Pick<TurnSettings, "cwd" | "sandbox">;

export interface UndoOptions {
  /** Also restores files that were changed since. */
  readonly force?: boolean;
}

export interface CheckpointOptions {
  readonly codexHome: string;
  readonly threadId: string;
  /** The disk as the model may see it; all of it when absent. */
  readonly readable?: (place: Place) => Files;
  /** Told when something could not be kept. */
  readonly warn?: (message: string) => void;
}
