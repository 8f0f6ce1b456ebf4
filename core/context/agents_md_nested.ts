/** AGENTS.md files below the working directory, sent when a file near them is first touched. */
import type { Files } from "../protocol/host.ts";
import { textMessage, viewItem, type WireItem } from "../protocol/item.ts";
import { ancestors, isInside } from "../util/path.ts";
import { byteLength } from "../util/text/text.ts";
import { DOC_HEADER } from "./format/tags.ts";
import { renderDocMessage } from "./initial.ts";
import { findDoc, readDoc } from "./agents_md.ts";

/** The folders looked at and the bytes left; changed by every look. */
export interface NestedDocState {
  readonly cwd: string;
  readonly fallbackNames: readonly string[];
  /** The project, links resolved. */
  readonly root: string;
  /** At first what the files above have left of the budget. */
  bytesLeft: number;
  /** Folders that need no second look. */
  readonly seen: Set<string>;
}

/** A fresh state; `items` are those of the conversation, so that nothing is sent twice. */
export function createNestedDocState(
  options: Omit<NestedDocState, "seen"> & {
    readonly items: readonly WireItem[];
  },
): NestedDocState {
  const { cwd, fallbackNames, root } = options;
  const sent = options.items.flatMap((item) => {
    const folder = sentFolder(item);
    const isNested = folder !== undefined && folder !== cwd &&
      isInside(folder, cwd);
    return isNested
      ? [{ folder, bytes: byteLength(JSON.stringify(item)) }]
      : [];
  });
  const spent = sent.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    cwd,
    fallbackNames,
    root,
    bytesLeft: Math.max(0, options.bytesLeft - spent),
    seen: new Set(sent.map(({ folder }) => folder)),
  };
}

/** Messages to append, outermost folder first, now that `touchedPath` matters. */
export async function nestedDocsFor(
  host: { readonly files: Files },
  state: NestedDocState,
  touchedPath: string,
): Promise<
  { readonly items: readonly WireItem[]; readonly warnings: readonly string[] }
> {
  const items: WireItem[] = [];
  const warnings: string[] = [];
  for (const folder of unseenFolders(state, touchedPath)) {
    state.seen.add(folder);
    const path = await findDoc(host.files, folder, state.fallbackNames);
    if (path === undefined) continue;
    if (!await isReallyInside(host.files, folder, state.cwd)) continue;
    const doc = await readDoc(host.files, path, {
      bytesLeft: state.bytesLeft,
      within: state.root,
    });
    warnings.push(...doc.warnings);
    state.bytesLeft = doc.bytesLeft;
    if (doc.text === "") continue;
    items.push(textMessage("user", renderDocMessage(folder, doc.text)));
  }
  return { items, warnings };
}

/** The folder whose AGENTS.md an item carries; undefined for every other item. */
export function sentFolder(item: WireItem): string | undefined {
  const view = viewItem(item);
  if (view.type !== "message" || !view.text.startsWith(DOC_HEADER)) {
    return undefined;
  }
  const end = view.text.indexOf("\n");
  return view.text.slice(DOC_HEADER.length, end < 0 ? undefined : end);
}

// What others wrote for their own packages is no instruction for this project.
function unseenFolders(
  state: NestedDocState,
  touchedPath: string,
): readonly string[] {
  if (!isInside(touchedPath, state.cwd)) return [];
  return ancestors(touchedPath, state.cwd)
    .filter((folder) => folder !== state.cwd && !state.seen.has(folder))
    .filter((folder) =>
      !/\/(\.[^/]*|node_modules|vendor|third_party)(\/|$)/
        .test(folder.slice(state.cwd.length))
    ).toReversed();
}

// A link may lead out of the project, to instructions of somebody else.
async function isReallyInside(
  files: Files,
  folder: string,
  cwd: string,
): Promise<boolean> {
  try {
    return isInside(await files.realPath(folder), await files.realPath(cwd));
  } catch {
    return false;
  }
}
