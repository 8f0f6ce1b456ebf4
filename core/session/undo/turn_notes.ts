/** The notes of a thread on the disk, with the turn that a crash has left open. */
import type { Host } from "../../protocol/host.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import { type Note, parseTurnRecords } from "./kept/notes.ts";
import type { ObjectStore } from "./kept/object_store.ts";
import { checkpointNotes } from "./places.ts";
import type { TurnRecord } from "./kept/plan.ts";
import { type OpenTurn, readCutOff, readOpenTurn } from "./watch/open_turn.ts";

interface NotesPlace {
  /** Folder of all that is kept for undo. */
  readonly folder: string;
  readonly threadId: string;
  readonly codexHome: string;
}

export class TurnNotes {
  readonly path: string;
  readonly #host: Host;
  readonly #place: NotesPlace;
  readonly #store: Pick<ObjectStore, "prepare">;

  constructor(
    host: Host,
    place: NotesPlace,
    store: Pick<ObjectStore, "prepare">,
  ) {
    this.#host = host;
    this.#place = place;
    this.#store = store;
    this.path = checkpointNotes(place.codexHome, place.threadId);
  }

  async write(...notes: readonly Note[]): Promise<void> {
    await this.#store.prepare();
    const file = await this.#host.files.openAppend(this.path, { mode: 0o600 });
    try {
      file.write(notes.map(encodeJsonLine).join(""));
    } finally {
      file.close();
    }
  }

  /** Turns that changed files and were not taken back, oldest first. */
  async records(): Promise<readonly TurnRecord[]> {
    const records = await this.#readEnded();
    const open = await readOpenTurn(this.#host, this.#place);
    const cut = open && await this.#cutOff(open, records);
    if (cut === undefined || cut.files.length === 0) return records;
    const noted = records.find(({ turnId }) => turnId === cut.turnId);
    return [
      ...records.filter((record) => record !== noted),
      { ...cut, files: [...noted?.files ?? [], ...cut.files] },
    ];
  }

  /** Notes what a crash has left open, before the next turn takes its place. */
  async closeCutOff(): Promise<void> {
    const open = await readOpenTurn(this.#host, this.#place);
    const cut = open && await this.#cutOff(open, await this.#readEnded());
    if (open === undefined || cut === undefined || cut.files.length === 0) {
      return;
    }
    const { turn, at, messages } = open;
    await this.write(
      ...cut.files.map(({ path, before }): Note => ({
        type: "before",
        turn,
        at,
        path,
        state: before,
        messages,
      })),
    );
  }

  // What of a turn that never ended its notes do not tell; undefined when it did.
  async #cutOff(
    open: OpenTurn,
    records: readonly TurnRecord[],
  ): Promise<TurnRecord | undefined> {
    const { openFolder } = this.#host;
    const noted = records.find(({ turnId }) => turnId === open.turn);
    if (openFolder === undefined || noted?.endedAt !== undefined) {
      return undefined;
    }
    const host = { ...this.#host, openFolder };
    const record = await readCutOff(host, this.#place, open);
    const known = new Set(noted?.files.map(({ path }) => path));
    const files = record.files.filter(({ path }) => !known.has(path));
    return { ...record, files };
  }

  async #readEnded(): Promise<readonly TurnRecord[]> {
    if (await this.#host.files.stat(this.path) === undefined) return [];
    return parseTurnRecords(await this.#host.files.readText(this.path));
  }
}
