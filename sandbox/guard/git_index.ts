/** The index of a repository (gitformat-index(5)), and where git would write for it. Pure. */

/** What was found in one. */
interface IndexJudgement {
  /** Every path in it leads into the work tree, and into no repository. */
  readonly isHarmless: boolean;
  /** Name of the file that has the rest of it, which is to be judged as well. */
  readonly shared?: string;
}

interface Entries {
  readonly count: number;
  readonly version: number;
  readonly hashBytes: number;
}

const HARMFUL: IndexJudgement = { isHarmless: false };
const HEADER_BYTES = 12;
/** Times, device, inode, mode, owner and size come before the hash. */
const STAT_BYTES = 40;
const NAME_MASK = 0xfff;
const EXTENDED = 0x4000;
const SLASH = 0x2f;
const NONE = new Uint8Array(0);

/**
 * Judges the bytes of one: git does not ask again where what it lists belongs. What cannot be
 * read as one is harmful.
 */
export function judgeIndex(
  bytes: Uint8Array,
  hashBytes: number,
): IndexJudgement {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (textAt(bytes, 0) !== "DIRC") return HARMFUL;
    const version = view.getUint32(4);
    const count = view.getUint32(8);
    if (version < 2 || version > 4) return HARMFUL;
    const kind = { count, version, hashBytes };
    const starts = findEntries(view, bytes, HEADER_BYTES, kind);
    return starts === undefined
      ? HARMFUL
      : judgeExtensions(view, bytes, starts, kind);
  } catch (error) {
    // It ends too early.
    if (error instanceof RangeError) return HARMFUL;
    throw error;
  }
}

/** Where each begins, and the last one ends; undefined when one is harmful. */
function findEntries(
  view: DataView,
  bytes: Uint8Array,
  from: number,
  { count, version, hashBytes }: Entries,
): readonly number[] | undefined {
  const starts = [from];
  let name: Uint8Array = NONE;
  let at = from;
  for (let left = count; left > 0; left--) {
    const start = at;
    at += STAT_BYTES + hashBytes;
    const flags = view.getUint16(at);
    at += version > 2 && (flags & EXTENDED) !== 0 ? 4 : 2;
    let kept = 0;
    if (version === 4) {
      const [strip, next] = parseVarint(view, at);
      at = next;
      // At the start of a block nothing comes before it.
      kept = Math.max(0, name.length - strip);
    }
    const said = flags & NAME_MASK;
    const length = said === NAME_MASK ? bytes.indexOf(0, at) - at : said - kept;
    if (length < 0 || at + length > bytes.length) return undefined;
    name = version === 4
      ? join(name.subarray(0, kept), bytes.subarray(at, at + length))
      : bytes.subarray(at, at + length);
    if (!isInTree(name)) return undefined;
    at += length + 1;
    if (version < 4) at = start + 8 * Math.ceil((at - start) / 8);
    starts.push(at);
  }
  return starts;
}

function judgeExtensions(
  view: DataView,
  bytes: Uint8Array,
  starts: readonly number[],
  kind: Entries,
): IndexJudgement {
  const { hashBytes } = kind;
  const end = starts.at(-1) ?? HEADER_BYTES;
  // Where git looks for it, whatever the others say (read_eoie_extension).
  const last = bytes.length - hashBytes - (8 + 4 + hashBytes);
  if (
    last >= end && textAt(bytes, last) === "EOIE" &&
    view.getUint32(last + 8) !== end
  ) return HARMFUL;
  let shared: string | undefined;
  for (let at = end; at + 8 <= bytes.length - hashBytes;) {
    const name = textAt(bytes, at);
    const length = view.getUint32(at + 4);
    const content = at + 8;
    if (name === "link") {
      const id = bytes.slice(content, content + hashBytes);
      if (id.some((byte) => byte !== 0)) shared = `sharedindex.${id.toHex()}`;
    }
    const isRead = name !== "IEOT" ||
      areBlocksHarmless(view, bytes, { content, length }, starts, kind);
    if (!isRead) return HARMFUL;
    at = content + length;
  }
  return { isHarmless: true, ...(shared !== undefined && { shared }) };
}

// Blocks are read side by side, each as if nothing came before it.
function areBlocksHarmless(
  view: DataView,
  bytes: Uint8Array,
  { content, length }: { readonly content: number; readonly length: number },
  starts: readonly number[],
  kind: Entries,
): boolean {
  let before = 0;
  for (let at = content + 4; at + 8 <= content + length; at += 8) {
    const offset = view.getUint32(at);
    const count = view.getUint32(at + 4);
    const isAsRead = starts[before] === offset;
    before += count;
    if (!isAsRead || before >= starts.length) return false;
    const block = findEntries(view, bytes, offset, { ...kind, count });
    if (block === undefined) return false;
  }
  return true;
}

// Without a name it only says what has become of one in the other file. As verify_path() of
// git, on the most lenient of its disks: `.GIT`, `.git ` and `git~1` are the repository on some.
function isInTree(name: Uint8Array): boolean {
  if (name.includes(0)) return false;
  for (let from = 0; from < name.length;) {
    const slash = name.indexOf(SLASH, from);
    const to = slash < 0 ? name.length : slash;
    if (to === from || isForbidden(name.subarray(from, to))) return false;
    from = to + 1;
  }
  return true;
}

function isForbidden(part: Uint8Array): boolean {
  const [first] = part;
  // "." and "g": few begin so.
  if (first !== 0x2e && first !== 0x67 && first !== 0x47) return false;
  const text = String.fromCharCode(...part.subarray(0, 64));
  return text === "." || text === ".." ||
    /^(?:\.git|git~\d)[ .]*(?:$|[:\\])/i.test(text);
}

/** git's own: every byte but the last adds one. And where it ends. */
function parseVarint(view: DataView, from: number): readonly [number, number] {
  let at = from;
  let byte = view.getUint8(at++);
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    byte = view.getUint8(at++);
    value = (value + 1) * 128 + (byte & 0x7f);
  }
  return [value, at];
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
