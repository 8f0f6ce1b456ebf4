/** Files as the client's editor has them, by `fs/read_text_file` and `fs/write_text_file`. */
import * as z from "zod/mini";
import { LIMITS } from "../../protocol/limits.ts";
import type { EditorFiles } from "../../protocol/tool.ts";
import { byteLength } from "../../util/text/text.ts";
import type { Client } from "./client.ts";
import type { AcpHost } from "./services.ts";

interface EditorPlace {
  readonly client: Client;
  readonly host: Pick<AcpHost, "sleep">;
  /** The working folder as the client calls it. */
  readonly cwd: string;
  /** The session, once it is open. */
  readonly session: () =>
    | { readonly id: string; readonly cwd: string }
    | undefined;
}

const FileText = z.looseObject({ content: z.string() });

/** What the client offers of it; one that once gave no answer is not asked again. */
export function editorFiles(place: EditorPlace): EditorFiles {
  const { fs } = place.client.can;
  const silent = new AbortController();
  return {
    ...(fs?.readTextFile && {
      readText: async (path, signal) => {
        silent.signal.throwIfAborted();
        const answer = await ask(place, "fs/read_text_file", { path }, {
          signal,
          silent,
        });
        const { content } = FileText.parse(answer);
        const bytes = byteLength(content);
        if (bytes <= LIMITS.appServerFileBytes) return content;
        throw new Error(`The editor's file has ${bytes} bytes`);
      },
    }),
    ...(fs?.writeTextFile && {
      writeText: async (path, content, signal) => {
        const params = { path, content };
        await ask(place, "fs/write_text_file", params, { signal, silent });
      },
    }),
  };
}

/** The text of a file that stands in the editor alone; undefined where the disk has it. */
export async function readUnsaved(
  path: string,
  { editor, host, signal }: {
    readonly editor: EditorFiles;
    readonly host: Pick<AcpHost, "files">;
    readonly signal: AbortSignal;
  },
): Promise<string | undefined> {
  const text = await editor.readText?.(path, signal).catch(() => undefined);
  if (text === undefined) return undefined;
  const bytesMax = LIMITS.appServerFileBytes;
  const saved = await host.files.readText(path, { bytesMax })
    .catch(() => undefined);
  return saved === text ? undefined : text;
}

// An editor answers at once or not at all: the disk is there in its place.
async function ask<P extends { readonly path: string }>(
  { client, host, cwd, session }: EditorPlace,
  method: "fs/read_text_file" | "fs/write_text_file",
  params: P,
  { signal, silent }: {
    readonly signal: AbortSignal;
    readonly silent: AbortController;
  },
): Promise<unknown> {
  const open = session();
  if (open === undefined) throw new Error("The session is not open");
  const over = new AbortController();
  host.sleep(LIMITS.editorAnswerMs, AbortSignal.any([signal, over.signal]))
    .then(() => {
      const error = new Error("The editor did not answer");
      silent.abort(error);
      over.abort(error);
    }, () => {});
  // A link may lead to the folder: the editor knows its files by the name that it opened.
  const isInside = params.path.startsWith(`${open.cwd}/`);
  const path = isInside
    ? cwd + params.path.slice(open.cwd.length)
    : params.path;
  try {
    return await client.ask(
      method,
      { ...params, path, sessionId: open.id } as Parameters<
        typeof client.ask<typeof method>
      >[1],
      AbortSignal.any([signal, over.signal]),
    );
  } finally {
    over.abort();
  }
}
