/** A patch and the person's editor: changes that are not saved yet are part of the files. */
import { errorText, ToolError } from "../../core/protocol/error.ts";
import type { Files } from "../../core/protocol/host.ts";
import type { EditorFiles } from "../../core/protocol/tool.ts";
import type { FileEffect } from "./plan.ts";
import { viewText } from "./text.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface EditorPlace {
  readonly editor: EditorFiles;
  /**
   * Whether no command of the model runs: the editor writes by path and without a sandbox,
   * and could be led elsewhere.
   */
  readonly isQuiet: () => boolean;
  readonly signal: AbortSignal;
}

/** The buffers of one patch that differ from the disk. */
export class EditorBuffers {
  readonly #place: EditorPlace;
  /** By real path. */
  readonly #unsaved = new Set<string>();

  constructor(place: EditorPlace) {
    this.#place = place;
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  /**
   * The file as the editor shows it, where that is not what is on the disk. Throws ToolError
   * when the editor's text cannot be changed together with the file.
   */
  async read(target: string, disk: Bytes): Promise<Bytes | undefined> {
    const { editor: { readText, writeText }, isQuiet, signal } = this.#place;
    const shown = await readText?.(target, signal).catch(() => undefined);
    signal.throwIfAborted();
    const saved = viewText(disk);
    if (shown === undefined || linesOf(shown) === linesOf(saved)) {
      return undefined;
    }
    const encoded = new TextEncoder().encode(saved);
    const isPlain = encoded.length === disk.length &&
      encoded.every((byte, at) => byte === disk[at]);
    if (writeText === undefined || !isPlain || !isQuiet()) {
      throw new ToolError(
        `Cannot change ${target}: it has changes in the editor that are not saved, ask the user to save it first`,
      );
    }
    this.#unsaved.add(target);
    const isCrlf = saved.includes("\r\n") && !shown.includes("\r");
    const text = isCrlf ? shown.replaceAll("\n", "\r\n") : shown;
    return new TextEncoder().encode(text);
  }

  /**
   * Brings what was written to the buffers that had unsaved changes; resolves to what the
   * editor did not take, one sentence each. The disk has it already, written in the sandbox:
   * the editor writes the same once more, and only where the file still is that very file.
   */
  async show(
    effects: readonly FileEffect[],
    files: Files,
  ): Promise<readonly string[]> {
    const { editor, signal } = this.#place;
    const notes: string[] = [];
    for (const { target, after } of effects) {
      if (!this.#unsaved.has(target) || after === undefined) continue;
      try {
        if (!await isThere(files, target, after)) {
          throw new Error("the file was changed meanwhile");
        }
        const text = linesOf(new TextDecoder().decode(after));
        await editor.writeText?.(target, text, signal);
      } catch (error) {
        notes.push(
          `The editor still shows ${target} as it was: ${errorText(error)}`,
        );
      }
    }
    return notes;
  }
}

// Editors show all line ends alike, and no byte order mark.
function linesOf(text: string): string {
  return text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
}

async function isThere(
  files: Files,
  target: string,
  after: Bytes,
): Promise<boolean> {
  if (await files.realPath(target) !== target) return false;
  const now = await files.readBytes(target);
  return now.length === after.length &&
    now.every((byte, at) => byte === after[at]);
}
