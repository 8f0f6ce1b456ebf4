/** Files as they were before each turn, kept outside git, so that a turn can be taken back. */
import { errorText, SessionError } from "../../protocol/error.ts";
import type { Files, Host } from "../../protocol/host.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { unreachable } from "../../util/assert.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import { basename, dirname } from "../../util/path.ts";
import { readState } from "./file_state.ts";
import { type Note, parseTurnRecords } from "./notes.ts";
import { ObjectStore } from "./object_store.ts";
import {
  type FileState,
  planUndo,
  type TurnRecord,
  undoPaths,
  type UndoPlan,
} from "./plan.ts";

/** Remembers and takes back what turns do to files. */
export interface Checkpoints {
  /**
   * Keeps the file before it changes; the first call of a turn for a path counts. Never
   * throws: what cannot be kept, or may not be read in that thread, is noted as such.
   */
  beforeChange(turnId: string, path: string, thread?: Place): Promise<void>;
  /** Ends a turn: notes what became of its files. Without changes nothing is written. */
  commit(turnId: string, messagesBefore: number): Promise<void>;
  /** What taking back the last n turns that changed files would do. */
  preview(turns: number, options?: UndoOptions): Promise<UndoPlan>;
  /**
   * Does it, and forgets those turns. Throws SessionError when a file cannot be written,
   * and, with nothing done, when files were changed since and it is not forced.
   */
  undo(turns: number, options?: UndoOptions): Promise<UndoPlan>;
}

type Place = Pick<TurnSettings, "cwd" | "sandbox">;

interface UndoOptions {
  /** Also restores files that were changed since. */
  readonly force?: boolean;
}

/** The checkpoints of a thread. Nothing is read or written before the first call. */
export function createCheckpoints(
  host: Host,
  options: {
    readonly codexHome: string;
    readonly threadId: string;
    /** The disk as the model may see it; all of it when absent. */
    readonly readable?: (place: Place) => Files;
    /** Told when something could not be kept. */
    readonly warn?: (message: string) => void;
  },
): Checkpoints {
  return new DiskCheckpoints(host, options);
}

class DiskCheckpoints implements Checkpoints {
  readonly #host: Host;
  readonly #notes: string;
  readonly #store: ObjectStore;
  readonly #warn: (message: string) => void;
  readonly #readable: (place: Place) => Files;
  #files: Files;
  /** Paths noted in the running turn, in the order of their first change. */
  #touched = new Map<string, Promise<void>>();
  #turnId = "";

  constructor(host: Host, options: Parameters<typeof createCheckpoints>[1]) {
    this.#host = host;
    this.#notes = checkpointNotes(options.codexHome, options.threadId);
    this.#store = new ObjectStore(host, {
      folder: checkpointsFolder(options.codexHome),
      keepNotes: this.#notes,
    });
    this.#warn = options.warn ?? (() => {});
    this.#files = host.files;
    this.#readable = options.readable ?? (() => host.files);
  }

  async beforeChange(
    turnId: string,
    path: string,
    thread?: Place,
  ): Promise<void> {
    if (thread !== undefined) this.#files = this.#readable(thread);
    if (turnId !== this.#turnId) {
      this.#touched = new Map();
      this.#turnId = turnId;
    }
    const place = await this.#place(path);
    const noted = this.#touched.get(place) ?? this.#note(turnId, place);
    this.#touched.set(place, noted);
    await noted;
    const target = await this.#target(place);
    if (target !== undefined) await this.beforeChange(turnId, target);
  }

  async commit(turnId: string, messagesBefore: number): Promise<void> {
    if (turnId !== this.#turnId || this.#touched.size === 0) return;
    const paths = [...this.#touched.keys()];
    this.#touched = new Map();
    try {
      const after = await Promise.all(paths.map(async (path) => ({
        path,
        state: await this.#look(path),
      })));
      await this.#write({
        type: "turn",
        turn: turnId,
        messages: messagesBefore,
        after,
      });
    } catch (error) {
      this.#warn(`Cannot keep a checkpoint: ${errorText(error)}`);
    }
  }

  async preview(turns: number, options: UndoOptions = {}): Promise<UndoPlan> {
    const records = (await this.#records()).slice(-Math.max(0, turns));
    const current = new Map<string, FileState>();
    for (const path of turns > 0 ? undoPaths(records) : []) {
      current.set(path, await this.#look(path));
    }
    return planUndo(turns > 0 ? records : [], current, {
      force: options.force ?? false,
    });
  }

  async undo(turns: number, options: UndoOptions = {}): Promise<UndoPlan> {
    const plan = await this.preview(turns, options);
    if (plan.turns.length === 0) return plan;
    refuseConflicts(plan, options);
    for (const { path, to } of plan.restore) await this.#restore(path, to);
    await this.#write({
      type: "undone",
      turns: plan.turns.map(({ turnId }) => turnId),
    });
    return plan;
  }

  // The note comes after the content it names, so that it never names too much.
  async #note(turnId: string, path: string): Promise<void> {
    try {
      const state = await this.#keep(path);
      const at = this.#host.now().toISOString();
      await this.#write({ type: "before", turn: turnId, at, path, state });
    } catch (error) {
      this.#warn(`Cannot keep ${path} for undo: ${errorText(error)}`);
    }
  }

  async #keep(path: string): Promise<FileState> {
    const { state, content } = await readState(this.#files, path);
    if (content === undefined || await this.#store.write(content)) return state;
    return { kind: "unkept", reason: "the space for undo is used up" };
  }

  async #look(path: string): Promise<FileState> {
    return (await readState(this.#files, path)).state;
  }

  // The real folder of the path: a link put there later must not lead elsewhere.
  async #place(path: string): Promise<string> {
    let folder = dirname(path);
    let rest = basename(path);
    for (;;) {
      try {
        const real = await this.#host.files.realPath(folder);
        return `${real === "/" ? "" : real}/${rest}`;
      } catch {
        if (folder === "/") return path;
        rest = `${basename(folder)}/${rest}`;
        folder = dirname(folder);
      }
    }
  }

  // What is written to a link changes the file it leads to.
  async #target(path: string): Promise<string | undefined> {
    const { files } = this.#host;
    try {
      if ((await files.lstat(path))?.isSymlink !== true) return undefined;
      return await files.realPath(path);
    } catch {
      // It leads nowhere.
      return undefined;
    }
  }

  async #restore(path: string, to: FileState): Promise<void> {
    try {
      if (await this.#place(path) !== path) {
        throw new Error("a folder above it is now a link");
      }
      await this.#put(path, to);
    } catch (error) {
      throw new SessionError(`Cannot restore ${path}: ${errorText(error)}`);
    }
  }

  async #put(path: string, to: FileState): Promise<void> {
    const { files } = this.#host;
    switch (to.kind) {
      case "absent":
        return await files.remove(path);
      case "link":
        if (await files.lstat(path) !== undefined) await files.remove(path);
        else await files.mkdir(dirname(path));
        return await files.symlink(to.target, path);
      case "file": {
        const content = await this.#store.read(to.hash);
        const aside = `${path}.${this.#host.newId()}`;
        await files.mkdir(dirname(path));
        await files.write(aside, content, { exclusive: true });
        await files.chmod(aside, to.mode);
        return await files.rename(aside, path);
      }
      case "unkept":
        throw new Error(`it was not kept: ${to.reason}`);
      default:
        return unreachable(to);
    }
  }

  async #write(note: Note): Promise<void> {
    await this.#store.prepare();
    const file = await this.#host.files.openAppend(this.#notes, {
      mode: 0o600,
    });
    try {
      file.write(encodeJsonLine(note));
    } finally {
      file.close();
    }
  }

  async #records(): Promise<readonly TurnRecord[]> {
    if (await this.#host.files.stat(this.#notes) === undefined) return [];
    return parseTurnRecords(await this.#host.files.readText(this.#notes));
  }
}

/** Folder of everything that is kept for undo. */
export function checkpointsFolder(codexHome: string): string {
  return `${codexHome}/checkpoints`;
}

export function checkpointNotes(codexHome: string, threadId: string): string {
  return `${checkpointsFolder(codexHome)}/${threadId}.jsonl`;
}

// What was never kept cannot be forced, so it does not stand in the way.
function refuseConflicts(plan: UndoPlan, options: UndoOptions): void {
  const paths = plan.conflicts.filter((one) => one.isForceable)
    .map(({ path, reason }) => `${path} (${reason})`);
  if (options.force || paths.length === 0) return;
  throw new SessionError(
    `Cannot undo: ${paths.join(", ")}; must be forced to lose later changes`,
  );
}
