/** Keys as they are pressed. */

export type Key =
  /** Printable text, one or more characters. */
  | { readonly type: "text"; readonly text: string }
  /** Pasted as one piece; line ends are `\n`. */
  | { readonly type: "paste"; readonly text: string }
  /** Anything else, by its name: `enter`, `ctrl-a`, `alt-left`, `shift-tab`. */
  | { readonly type: "press"; readonly name: string };

/** Ends of CSI sequences that name a key (ECMA-48, xterm control sequences). */
export const CSI_FINALS: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  E: "begin",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  Z: "shift-tab",
};

/** Numbers of `CSI n ~`. */
export const TILDE_KEYS: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
};

/** Code points of `CSI u` (the kitty protocol, fixterms). */
export const CODE_POINT_KEYS: Readonly<Record<string, string>> = {
  8: "backspace",
  9: "tab",
  13: "enter",
  27: "escape",
  32: "space",
  127: "backspace",
};

/** Control characters that are keys of their own. */
export const CONTROL_KEYS: Readonly<Record<string, string>> = {
  "\t": "tab",
  "\r": "enter",
  // Sent by Ctrl-J, and as line end where there is no bracketed paste.
  "\n": "ctrl-j",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x1b": "escape",
  "\x00": "ctrl-space",
  "\x1f": "ctrl-_",
};
