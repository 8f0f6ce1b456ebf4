/** Checkpoints on the disk: notes of a thread, and contents that all threads share. */
import { errorReason, errorText, SessionError } from "../../protocol/error.ts";
import type { Files, Host } from "../../protocol/host.ts";
import { isInStage } from "../../staging/places.ts";
import { hidesFiles } from "../../protocol/policy.ts";
import { dirname } from "../../util/path.ts";
import type {
  CheckpointOptions,
  Checkpoints,
  Place,
  UndoOptions,
} from "./words.ts";
import { readState } from "./file_state.ts";
import { lookAt, namesIn } from "./watch/look.ts";
import type { Note } from "./kept/notes.ts";
import { ObjectStore } from "./kept/object_store.ts";
import {
  type OpenTurn,
  readOpenTurn,
  removeOpenTurn,
  writeOpenTurn,
} from "./watch/open_turn.ts";
import { markOthers } from "./others.ts";
import { checkpointsFolder } from "./places.ts";
import {
  type FileState,
  planUndo,
  undoPaths,
  type UndoPlan,
  withoutOccupied,
} from "./kept/plan.ts";
import { refuseConflicts, restoreFiles } from "./restore.ts";
import { findMissing, findPlace, findTarget } from "./real_place.ts";
import { TurnNotes } from "./turn_notes.ts";
import { ProgramWatch } from "./watch/watch.ts";
import type { Program, WatchedTurn } from "./watch/watched.ts";

const NOTHING: WatchedTurn = { changes: [], left: [] };

type DiskHost = Host & Required<Pick<Host, "openFolder">>;

export class DiskCheckpoints implements Checkpoints {
  readonly #host: Host;
  readonly #options: CheckpointOptions;
  readonly #folder: string;
  readonly #notes: TurnNotes;
  readonly #store: ObjectStore;
  readonly #warn: (message: string) => void;
  #files: Files;
  /** Paths noted in the running turn, in the order of their first change. */
  #touched = new Map<string, Promise<void>>();
  #turnId = "";
  /** The running turn, once it has started a program. */
  #open: OpenTurn | undefined;
  #watch: ProgramWatch | undefined;
  #recovered: Promise<void> | undefined;
  #staged: Promise<boolean> | undefined;

  constructor(host: Host, options: CheckpointOptions) {
    this.#host = host;
    this.#options = options;
    this.#folder = checkpointsFolder(options.codexHome);
    this.#store = new ObjectStore(host, {
      folder: this.#folder,
      keepThread: options.threadId,
    });
    this.#notes = new TurnNotes(host, this.#own(), this.#store);
    this.#warn = options.warn ?? (() => {});
    this.#files = host.files;
  }

  async beforeChange(
    turnId: string,
    path: string,
    thread?: Place,
  ): Promise<void> {
    if (thread !== undefined) {
      if (await this.#isStaged(thread.cwd)) return;
      this.#files = this.#options.readable?.(thread) ?? this.#host.files;
    }
    this.#begin(turnId);
    const place = await findPlace(this.#host.files, path);
    for (const above of await findMissing(this.#host.files, dirname(place))) {
      await this.#touch(turnId, above);
    }
    await this.#touch(turnId, place);
    const target = await findTarget(this.#host.files, place);
    if (target !== undefined) await this.beforeChange(turnId, target);
  }

  async beforeProgram(
    turnId: string,
    program: Program & { readonly messagesBefore: number },
  ): Promise<() => Promise<void>> {
    const watch = this.#watchOf();
    if (watch === undefined || await this.#isStaged(program.cwd)) {
      return () => Promise.resolve();
    }
    this.#begin(turnId);
    try {
      await (this.#recovered ??= this.#notes.closeCutOff());
      const over = await watch.begin(turnId, program);
      await this.#noteOpen(turnId, program.messagesBefore, watch);
      return over;
    } catch (error) {
      program.signal?.throwIfAborted();
      this.#warn(
        `What commands do to files cannot be undone: ${errorReason(error)}`,
      );
      return () => Promise.resolve();
    }
  }

  async commit(turnId: string, messagesBefore: number): Promise<void> {
    if (turnId !== this.#turnId) return;
    const touched = [...this.#touched.keys()];
    const open = this.#open;
    try {
      const { changes, left } = await this.#watch?.end(turnId) ?? NOTHING;
      const after: Extract<Note, { type: "turn" }>["after"] = await Promise.all(
        touched.map(async (path) => ({ path, state: await this.#look(path) })),
      );
      const notes: Note[] = [];
      const at = open?.at ?? this.#now();
      for (const { path, before, after: state, by, isMixed } of changes) {
        if (this.#touched.has(path)) continue;
        notes.push({
          type: "before",
          turn: turnId,
          at,
          path,
          state: before,
          by,
        });
        after.push({ path, state, ...(isMixed && { mixed: true }) });
      }
      this.#touched = new Map();
      this.#open = undefined;
      if (after.length > 0) {
        await this.#notes.write(...notes, {
          type: "turn",
          turn: turnId,
          messages: messagesBefore,
          at: this.#now(),
          after,
          ...(left.length > 0 && { left: [...left] }),
        });
      }
      if (open !== undefined) await removeOpenTurn(this.#host, this.#own());
    } catch (error) {
      this.#warn(`Cannot keep a checkpoint: ${errorText(error)}`);
    }
  }

  async countSince(messagesBefore: number): Promise<number> {
    const records = await this.#notes.records();
    const last = records.findLastIndex((one) =>
      one.messagesBefore < messagesBefore
    );
    return records.length - 1 - last;
  }

  async preview(turns: number, options: UndoOptions = {}): Promise<UndoPlan> {
    const all = await this.#notes.records();
    const records = await markOthers(
      this.#host,
      turns > 0 ? all.slice(-turns) : [],
      { folder: this.#folder, ownNotes: this.#notes.path },
    );
    const host = this.#diskHost();
    const current = new Map<string, FileState>();
    for (const path of undoPaths(records)) {
      current.set(path, lookAt(host, path));
    }
    const plan = planUndo(records, current, { force: options.force ?? false });
    const names = new Map(
      plan.restore.filter(({ from, to }) =>
        from.kind === "folder" && to.kind !== "folder"
      ).map(({ path }) => [path, namesIn(host, path)]),
    );
    return withoutOccupied(plan, names);
  }

  async undo(turns: number, options: UndoOptions = {}): Promise<UndoPlan> {
    const plan = await this.preview(turns, options);
    if (plan.turns.length === 0) return plan;
    refuseConflicts(plan, options);
    await restoreFiles(plan.restore, {
      host: this.#diskHost(),
      load: (state) => this.#store.read(state),
    });
    const undone = plan.turns.map(({ turnId }) => turnId);
    await this.#notes.write({ type: "undone", turns: undone });
    const open = await readOpenTurn(this.#host, this.#own());
    if (open !== undefined && undone.includes(open.turn)) {
      await removeOpenTurn(this.#host, this.#own());
    }
    return plan;
  }

  // Nothing of the person's is in a copy, and a batch makes thousands of them.
  async #isStaged(cwd: string): Promise<boolean> {
    const real = await this.#host.files.realPath(cwd).catch(() => cwd);
    return await (this.#staged ??= isInStage(this.#host, this.#options, real));
  }

  #begin(turnId: string): void {
    if (turnId === this.#turnId) return;
    this.#touched = new Map();
    this.#turnId = turnId;
  }

  #own(): {
    readonly folder: string;
    readonly threadId: string;
    readonly codexHome: string;
  } {
    const { threadId, codexHome } = this.#options;
    return { folder: this.#folder, threadId, codexHome };
  }

  #now(): string {
    return this.#host.now().toISOString();
  }

  #watchOf(): ProgramWatch | undefined {
    if (this.#host.openFolder === undefined) return undefined;
    const { readable } = this.#options;
    return this.#watch ??= new ProgramWatch(this.#diskHost(), {
      ...this.#own(),
      store: this.#store,
      readable: (program) =>
        hidesFiles(program.sandbox) ? readable?.(program) : undefined,
      isPatched: (path) => this.#touched.has(path),
    });
  }

  #diskHost(): DiskHost {
    const { openFolder } = this.#host;
    if (openFolder === undefined) {
      throw new SessionError("Cannot undo: the run is only played back");
    }
    return { ...this.#host, openFolder };
  }

  async #noteOpen(
    turnId: string,
    messages: number,
    { roots }: ProgramWatch,
  ): Promise<void> {
    const known = this.#open;
    const isNoted = known?.turn === turnId &&
      known.roots.length === roots.length;
    if (isNoted || roots.length === 0) return;
    const at = known?.turn === turnId ? known.at : this.#now();
    this.#open = { turn: turnId, at, messages, roots: [...roots] };
    await writeOpenTurn(this.#host, this.#own(), this.#open);
  }

  async #touch(turnId: string, path: string): Promise<void> {
    const noted = this.#touched.get(path) ?? this.#note(turnId, path);
    this.#touched.set(path, noted);
    await noted;
  }

  // The note comes after the content it names, so that it never names too much.
  async #note(turnId: string, path: string): Promise<void> {
    try {
      const state = await this.#watch?.before(path) ??
        await this.#keep(path);
      const at = this.#now();
      await this.#notes.write({
        type: "before",
        turn: turnId,
        at,
        path,
        state,
      });
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
}
