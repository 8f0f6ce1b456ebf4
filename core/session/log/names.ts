/** Names of sessions, for finding one without reading all: a copy of what the logs say. */
import { isAbsent } from "../../protocol/error.ts";
import type { Files, Host } from "../../protocol/host.ts";
import { parseJsonObject } from "../../util/json/json.ts";
import { encodeJsonLine, splitLines } from "../../util/json/jsonl.ts";

/** The file of names, in the form other programs of this home also keep. */
function namesPath(codexHome: string): string {
  return `${codexHome}/session_index.jsonl`;
}

/** Appends a name; the last one of an id counts. */
export async function writeSessionName(
  host: Host,
  codexHome: string,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<void> {
  const file = await host.files.openAppend(namesPath(codexHome), {
    mode: 0o600,
  });
  try {
    const updated_at = host.now().toISOString();
    file.write(encodeJsonLine({ id, thread_name: name, updated_at }));
  } finally {
    file.close();
  }
}

/** Names by id; empty when there is no file. Other lines are skipped. */
export async function readSessionNames(
  files: Files,
  codexHome: string,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  const { lines, torn } = splitLines(await readNames(files, codexHome));
  for (const line of [...lines, torn]) {
    const entry = parseJsonObject(line);
    const { id, thread_name: name } = entry ?? {};
    if (typeof id === "string" && typeof name === "string") names.set(id, name);
  }
  return names;
}

async function readNames(files: Files, codexHome: string): Promise<string> {
  try {
    return await files.readText(namesPath(codexHome));
  } catch (error) {
    if (isAbsent(error)) return "";
    throw error;
  }
}
