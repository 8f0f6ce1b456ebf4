/** The history on disk: read once, appended to, never larger than allowed. */
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { byteLength } from "../../util/text/text.ts";
import {
  type HistoryEntry,
  parseHistory,
  renderHistoryLine,
  trimHistory,
} from "./history.ts";

type FileHost = Pick<Host, "files" | "now" | "pid">;

/** Where the history lies and how large it may be. */
export interface HistoryPlace {
  /** `$CODEX_HOME/history.jsonl`; made when it is not there, mode 0600. */
  readonly path: string;
  /** The oldest lines go when the file is larger. */
  readonly bytesMax: number;
}

/** Input of earlier runs and of this one. Trouble with the file is never shown. */
export class HistoryFile {
  readonly #host: FileHost;
  readonly #place: HistoryPlace | undefined;
  #entries: readonly HistoryEntry[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(host: FileHost, place: HistoryPlace | undefined) {
    this.#host = host;
    this.#place = place;
  }

  /** Oldest first. */
  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  async load(): Promise<void> {
    const { files } = this.#host;
    if (this.#place === undefined) return;
    const { path, bytesMax } = this.#place;
    try {
      const stat = await files.stat(path);
      if (stat === undefined) return;
      const from = Math.max(0, stat.size - bytesMax);
      const bytes = await files.readRange(path, from, bytesMax);
      const text = new TextDecoder().decode(bytes);
      const whole = from === 0 ? text : text.slice(text.indexOf("\n") + 1);
      this.#entries = parseHistory(whole);
      if (stat.size > bytesMax * 1.25) await this.#shrink(path, bytesMax);
    } catch {
      // An unreadable history is an empty one.
    }
  }

  /** Remembers a message; secrets do not become history by a leading space. */
  add(entry: HistoryEntry, threadId: string): void {
    if (entry.text.trim() === "" || entry.text.startsWith(" ")) return;
    if (byteLength(entry.text) > LIMITS.historyEntryBytes) return;
    if (this.#entries.at(-1)?.text === entry.text) return;
    this.#entries = [...this.#entries, entry];
    this.#writing = this.#writing.then(() => this.#append(entry, threadId));
  }

  /** Waits until everything is on the disk. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #append(entry: HistoryEntry, threadId: string): Promise<void> {
    if (this.#place === undefined) return;
    const { files } = this.#host;
    try {
      const { path } = this.#place;
      const file = await files.openAppend(path, { mode: 0o600 });
      try {
        const at = this.#host.now();
        file.write(renderHistoryLine(entry, { threadId, at }));
      } finally {
        file.close();
      }
    } catch {
      // A full or read-only disk must not stop a conversation.
    }
  }

  // Renamed into place: another program that appends meanwhile loses a line at most.
  async #shrink(path: string, bytesMax: number): Promise<void> {
    const { files } = this.#host;
    const kept = trimHistory(await files.readText(path), bytesMax);
    const temporary = `${path}.${this.#host.pid}.tmp`;
    await files.write(temporary, kept, { mode: 0o600 });
    await files.rename(temporary, path);
  }
}
