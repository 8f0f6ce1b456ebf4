/** Keys from the bytes of a terminal in raw mode, in whatever pieces. No I/O. */
import { LIMITS } from "../../protocol/limits.ts";
import { graphemes } from "../../util/text/graphemes.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import {
  CODE_POINT_KEYS,
  CONTROL_KEYS,
  CSI_FINALS,
  type Key,
  TILDE_KEYS,
} from "./key.ts";

// Bracketed paste, xterm control sequences: what lies between is text, never a command.
const PASTE_START = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** Without brackets: a piece of at least so many characters with a line end inside. */
const PASTE_LENGTH = 16;
const ENTER = 0x0d;
const ESCAPE = 0x1b;

/** Keeps what is not yet a whole key; a bare ESC waits for `flush`. */
export class KeyParser {
  readonly #decoder = new TextDecoder();
  #rest = "";
  // Of a paste that has begun and not ended.
  #paste: string[] | undefined;
  #pasteLength = 0;

  /** Something waits that more bytes may change. */
  get isPending(): boolean {
    return this.#rest !== "" && this.#paste === undefined;
  }

  /** Where the first line typed in them ends; a paste has no lines. */
  endOfLine(bytes: Uint8Array): number {
    const at = bytes.indexOf(ENTER);
    const isTyped = at >= 0 && this.#paste === undefined && this.#rest === "" &&
      !bytes.subarray(0, at).includes(ESCAPE) &&
      !isUnmarkedPaste(new TextDecoder().decode(bytes));
    return isTyped ? at + 1 : bytes.length;
  }

  push(bytes: Uint8Array): readonly Key[] {
    const chunk = this.#decoder.decode(bytes, { stream: true });
    const text = this.#rest + chunk;
    this.#rest = "";
    if (this.#paste === undefined && isUnmarkedPaste(text)) {
      return [{ type: "paste", text: pastedText(text) }];
    }
    return this.#parse(text);
  }

  /** Nothing more came for a moment: what waits is what it looks like. */
  flush(): readonly Key[] {
    const text = this.#rest;
    this.#rest = "";
    if (text === "") return [];
    const keys: Key[] = [{ type: "press", name: "escape" }];
    return text.length === 1 ? keys : [...keys, ...this.#parse(text.slice(1))];
  }

  #parse(text: string): Key[] {
    const keys: Key[] = [];
    let at = 0;
    while (at < text.length) {
      if (this.#paste !== undefined) {
        at = this.#takePaste(text, at, keys);
        continue;
      }
      const next = parseOne(text, at);
      if (next === undefined) {
        this.#rest = text.slice(at);
        break;
      }
      at = next.end;
      if (next.key === "paste") this.#paste = [];
      else if (next.key !== undefined) keys.push(next.key);
    }
    return keys;
  }

  #takePaste(text: string, at: number, keys: Key[]): number {
    const end = text.indexOf(PASTE_END, at);
    const paste = this.#paste ?? [];
    if (end < 0) {
      // The end mark itself may be cut.
      const keep = startOfMark(text, at);
      this.#addPaste(paste, text.slice(at, keep));
      this.#rest = text.slice(keep);
      return text.length;
    }
    this.#addPaste(paste, text.slice(at, end));
    keys.push({ type: "paste", text: pastedText(paste.join("")) });
    this.#paste = undefined;
    this.#pasteLength = 0;
    return end + PASTE_END.length;
  }

  #addPaste(paste: string[], text: string): void {
    if (this.#pasteLength > LIMITS.promptBytes) return;
    this.#pasteLength += text.length;
    paste.push(text);
  }
}

interface Parsed {
  /** Undefined for a sequence that means nothing here. */
  readonly key: Key | "paste" | undefined;
  readonly end: number;
}

function parseOne(text: string, at: number): Parsed | undefined {
  if (text[at] === "\x1b") return parseEscape(text, at);
  const control = parseControl(text[at] ?? "");
  if (control !== undefined) return { key: control, end: at + 1 };
  // deno-lint-ignore no-control-regex
  const run = /^[^\x00-\x1f\x7f]+/.exec(text.slice(at))?.[0] ?? text[at] ?? "";
  return { key: { type: "text", text: run }, end: at + run.length };
}

function parseControl(char: string): Key | undefined {
  const name = CONTROL_KEYS[char];
  if (name !== undefined) return { type: "press", name };
  const code = char.charCodeAt(0);
  if (code > 0x1f) return undefined;
  const letter = String.fromCharCode(code + 0x60);
  return { type: "press", name: `ctrl-${letter}` };
}

function parseEscape(text: string, at: number): Parsed | undefined {
  if (text.startsWith(PASTE_START, at)) {
    return { key: "paste", end: at + PASTE_START.length };
  }
  const next = text[at + 1];
  if (next === undefined) return undefined;
  if (next === "[" || next === "O") return parseSequence(text, at, next);
  if (next === "]") return skipString(text, at);
  if (next === "\x1b") {
    // ESC ESC [ A: some terminals send Alt-Up so.
    const inner = parseEscape(text, at + 1);
    return inner === undefined ? undefined : withAlt(inner);
  }
  const one = graphemes(text.slice(at + 1, at + 9))[0] ?? next;
  const control = parseControl(next);
  const name = control?.type === "press" ? control.name : one;
  return {
    key: { type: "press", name: `alt-${name}` },
    end: at + 1 + (control === undefined ? one.length : 1),
  };
}

function parseSequence(
  text: string,
  at: number,
  kind: "[" | "O",
): Parsed | undefined {
  // ECMA-48 5.4: parameters, intermediates, one final byte.
  const match = /^([0-?]*)([ -/]*)([@-~])/.exec(text.slice(at + 2, at + 66));
  if (match === null) {
    // Neither finished nor possible: the ESC alone is dropped.
    const tail = text.slice(at + 2);
    // deno-lint-ignore no-control-regex
    const isOpen = tail.length < 64 && !/[\x00-\x1f\x7f-\uffff]/.test(tail);
    return isOpen ? undefined : { key: undefined, end: at + 2 };
  }
  const [whole, parameters = "", , final = ""] = match;
  const end = at + 2 + whole.length;
  // The Linux console sends `ESC [ [ A` for F1.
  if (kind === "[" && final === "[") return { key: undefined, end: end + 1 };
  return { key: sequenceKey(parameters, final), end };
}

function sequenceKey(parameters: string, final: string): Key | undefined {
  const [first = "", second = ""] = parameters.split(";");
  const code = first.split(":")[0] ?? "";
  const prefix = modifierPrefix(Number(second.split(":")[0] || 1));
  if (final === "~") {
    if (code === "27") {
      // xterm modifyOtherKeys: CSI 27 ; modifiers ; code ~
      return codeKey(parameters.split(";")[2] ?? "", prefix);
    }
    const name = TILDE_KEYS[code];
    return name === undefined
      ? undefined
      : { type: "press", name: prefix + name };
  }
  if (final === "u") return codeKey(code, prefix);
  const name = CSI_FINALS[final];
  return name === undefined
    ? undefined
    : { type: "press", name: prefix + name };
}

function codeKey(code: string, prefix: string): Key | undefined {
  const point = Number(code);
  const name = CODE_POINT_KEYS[code] ??
    (point > 32 && point < 0x110000
      ? String.fromCodePoint(point).toLowerCase()
      : undefined);
  if (name === undefined) return undefined;
  return prefix === "" && name.length === 1
    ? { type: "text", text: name }
    : { type: "press", name: prefix + name };
}

// 1 + a sum of shift 1, alt 2, ctrl 4, meta 8 (xterm, PC-style function keys).
function modifierPrefix(value: number): string {
  const bits = Math.max(0, value - 1);
  const [ctrl, alt, shift] = [bits & 4, bits & 10, bits & 1];
  return `${ctrl ? "ctrl-" : ""}${alt ? "alt-" : ""}${shift ? "shift-" : ""}`;
}

function withAlt(inner: Parsed): Parsed {
  const { key, end } = inner;
  if (key === undefined || key === "paste" || key.type !== "press") {
    return inner;
  }
  return { key: { type: "press", name: `alt-${key.name}` }, end };
}

// An answer of the terminal (OSC … BEL or ST): not typed by anybody.
function skipString(text: string, at: number): Parsed | undefined {
  // deno-lint-ignore no-control-regex
  const match = /^\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/.exec(text.slice(at));
  if (match !== null) return { key: undefined, end: at + match[0].length };
  return text.length - at > 4_096
    ? { key: undefined, end: text.length }
    : undefined;
}

// Terminals without bracketed paste send a paste as if it were typed very fast.
function isUnmarkedPaste(text: string): boolean {
  if (text.length < PASTE_LENGTH || text.includes("\x1b")) return false;
  return /[\r\n][^\r\n]/.test(text);
}

export function pastedText(text: string): string {
  return visibleText(text);
}

function startOfMark(text: string, from: number): number {
  for (
    let at = Math.max(from, text.length - PASTE_END.length + 1);
    at < text.length;
    at++
  ) {
    if (PASTE_END.startsWith(text.slice(at))) return at;
  }
  return text.length;
}
