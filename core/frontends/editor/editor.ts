/** The input line: a key gives a new state and at most one command. Pure. */
import { type Candidate, commonInsert, findToken } from "./complete.ts";
import type { CompletionToken } from "./complete.ts";
import { type HistoryEntry, recallable, searchHistory } from "./history.ts";
import type { Key } from "./key.ts";
import {
  type EditText,
  editText,
  EMPTY_TEXT,
  replaceRange,
  setText,
} from "./text.ts";

export interface EditorState {
  readonly edit: EditText;
  /** While Up and Down walk through earlier input. */
  readonly recall?: {
    readonly texts: readonly string[];
    readonly at: number;
    /** What was typed before. */
    readonly draft: string;
  };
  /** While Ctrl-R searches. */
  readonly search?: {
    readonly query: string;
    readonly at: number;
    readonly draft: string;
  };
  /** Candidates that are shown until another key comes. */
  readonly menu?: {
    readonly candidates: readonly Candidate[];
    /** Which one stands in the text; -1 for none. */
    readonly at: number;
    readonly from: number;
  };
}

/** What the state around the line has to do. */
export type EditorCommand =
  | { readonly type: "submit"; readonly text: string }
  /** To be sent when the turn is over. */
  | { readonly type: "queue"; readonly text: string }
  | { readonly type: "complete"; readonly token: CompletionToken }
  | { readonly type: "stop" }
  | { readonly type: "leave" }
  | { readonly type: "suspend" }
  | { readonly type: "redraw" }
  /** The newest waiting line is wanted back for editing. */
  | { readonly type: "unqueue" };

export interface EditorFacts {
  /** Whether Enter steers and Tab queues. */
  readonly isBusy: boolean;
  readonly history: readonly HistoryEntry[];
  readonly cwd: string;
}

interface EditorStep {
  readonly state: EditorState;
  readonly command?: EditorCommand;
}

export const EMPTY_EDITOR: EditorState = Object.freeze({ edit: EMPTY_TEXT });

/** The next state. Keys that mean nothing leave it as it is. */
export function onKey(
  state: EditorState,
  key: Key,
  facts: EditorFacts,
): EditorStep {
  const searched = state.search === undefined
    ? undefined
    : onSearchKey(state, key, facts);
  if (searched !== undefined) return searched;
  const plain: EditorState = { ...state };
  delete (plain as { search?: unknown }).search;
  if (key.type === "press") {
    if (key.name === "tab" || key.name === "shift-tab") {
      return onTab(plain, facts, key.name === "tab" ? 1 : -1);
    }
    const command = commandOf(plain, key.name);
    if (command !== undefined) return command;
    const edge = onEdge(plain, key.name, facts);
    if (edge !== undefined) return edge;
  }
  const edit = editText(plain.edit, key);
  if (edit === undefined) return { state: withoutMenu(plain) };
  return {
    state: edit.text === plain.edit.text
      ? { ...withoutMenu(plain), edit }
      : { edit },
  };
}

/** What the candidates make of the text; the token is the one that was asked about. */
export function applyCompletion(
  state: EditorState,
  token: CompletionToken,
  candidates: readonly Candidate[],
): EditorState {
  const typed = state.edit.text.slice(token.from, token.to);
  // The text went on while the candidates were looked up.
  if (state.edit.cursor !== token.to) return state;
  const [only, second] = candidates;
  if (only === undefined) return state;
  if (second === undefined) {
    const end = only.isWhole ? " " : "";
    const range = [token.from, token.to] as const;
    return { edit: replaceRange(state.edit, range, only.insert + end) };
  }
  const common = commonInsert(candidates, typed);
  const edit = common === undefined
    ? state.edit
    : replaceRange(state.edit, [token.from, token.to], common);
  return { edit, menu: { candidates, at: -1, from: token.from } };
}

/** A text put before what is being typed, as its own line. */
export function prependText(state: EditorState, text: string): EditorState {
  const draft = state.edit.text;
  return {
    edit: setText(state.edit, draft === "" ? text : `${text}\n${draft}`),
  };
}

/** The earlier input that Ctrl-R has found. */
export function searchHit(
  state: EditorState,
  facts: EditorFacts,
): string | undefined {
  const { search } = state;
  if (search === undefined) return undefined;
  return searchHistory(facts.history, search.query, facts.cwd)[search.at];
}

function commandOf(state: EditorState, name: string): EditorStep | undefined {
  const { text, cursor } = state.edit;
  switch (name) {
    case "enter":
      return onEnter(state);
    case "ctrl-c":
      return text === ""
        ? { state, command: { type: "stop" } }
        : { state: { edit: setText(state.edit, "") } };
    case "escape":
      return { state: withoutMenu(state) };
    case "ctrl-d":
      return text === "" ? { state, command: { type: "leave" } } : undefined;
    case "ctrl-z":
      return { state, command: { type: "suspend" } };
    case "ctrl-l":
      return { state, command: { type: "redraw" } };
    case "ctrl-r":
      return {
        state: { edit: state.edit, search: { query: "", at: 0, draft: text } },
      };
    case "alt-up":
      return cursor === 0 || text === ""
        ? { state, command: { type: "unqueue" } }
        : undefined;
    default:
      return undefined;
  }
}

function onEnter(state: EditorState): EditorStep {
  const { text, cursor } = state.edit;
  if (text.slice(0, cursor).endsWith("\\") && cursor === text.length) {
    const range = [cursor - 1, cursor] as const;
    return { state: { edit: replaceRange(state.edit, range, "\n") } };
  }
  if (text.trim() === "") return { state: { edit: setText(state.edit, "") } };
  return {
    state: { edit: { ...EMPTY_TEXT, killed: state.edit.killed } },
    command: { type: "submit", text },
  };
}

// Up in the first line and Down in the last one leave the text for the history.
function onEdge(
  state: EditorState,
  name: string,
  facts: EditorFacts,
): EditorStep | undefined {
  const { text, cursor } = state.edit;
  const isUp = name === "ctrl-p" ||
    (name === "up" && !text.slice(0, cursor).includes("\n"));
  const isDown = name === "ctrl-n" ||
    (name === "down" && !text.slice(cursor).includes("\n"));
  if (!isUp && !isDown) return undefined;
  const recall = state.recall ??
    { texts: recallable(facts.history), at: -1, draft: text };
  const at = recall.at + (isUp ? 1 : -1);
  if (at < -1 || at >= recall.texts.length) {
    return { state: withoutMenu(state) };
  }
  const shown = recall.texts[at] ?? recall.draft;
  return {
    state: { edit: setText(state.edit, shown), recall: { ...recall, at } },
  };
}

function onTab(
  state: EditorState,
  facts: EditorFacts,
  step: 1 | -1,
): EditorStep {
  if (state.menu !== undefined) return { state: turnMenu(state, step) };
  const { text, cursor } = state.edit;
  const token = step === 1 ? findToken(text, cursor) : undefined;
  // `/compact ` with nothing to complete may still be queued.
  const isBare = token?.kind === "argument" && token.word === "";
  if (token !== undefined && !(isBare && facts.isBusy)) {
    return { state, command: { type: "complete", token } };
  }
  if (!facts.isBusy || text.trim() === "" || step === -1) return { state };
  return {
    state: { edit: { ...EMPTY_TEXT, killed: state.edit.killed } },
    command: { type: "queue", text },
  };
}

function turnMenu(state: EditorState, step: 1 | -1): EditorState {
  const { menu } = state;
  if (menu === undefined) return state;
  const count = menu.candidates.length;
  const at = menu.at === -1 && step === -1
    ? count - 1
    : (menu.at + step + count) % count;
  const range = [menu.from, state.edit.cursor] as const;
  const insert = menu.candidates[at]?.insert ?? "";
  return {
    edit: replaceRange(state.edit, range, insert),
    menu: { ...menu, at },
  };
}

function onSearchKey(
  state: EditorState,
  key: Key,
  facts: EditorFacts,
): EditorStep | undefined {
  const { search } = state;
  if (search === undefined) return undefined;
  const hit = searchHit(state, facts);
  if (key.type !== "press") {
    const query = search.query + key.text.replaceAll("\n", " ");
    return { state: { ...state, search: { ...search, query, at: 0 } } };
  }
  switch (key.name) {
    case "ctrl-r":
    case "up": {
      const next = { ...search, at: search.at + 1 };
      const isThere = searchHit({ ...state, search: next }, facts);
      return {
        state: isThere === undefined ? state : { ...state, search: next },
      };
    }
    case "ctrl-s":
    case "down": {
      const at = Math.max(0, search.at - 1);
      return { state: { ...state, search: { ...search, at } } };
    }
    case "backspace":
    case "ctrl-h": {
      const query = [...search.query].slice(0, -1).join("");
      return { state: { ...state, search: { ...search, query, at: 0 } } };
    }
    case "ctrl-c":
    case "ctrl-g":
    case "escape":
      return { state: { edit: setText(state.edit, search.draft) } };
    case "enter":
    case "tab":
      return { state: { edit: setText(state.edit, hit ?? search.draft) } };
    default: {
      // Any other key edits what was found.
      const edit = setText(state.edit, hit ?? search.draft);
      return onKey({ edit }, key, facts);
    }
  }
}

function withoutMenu(state: EditorState): EditorState {
  if (state.menu === undefined) return state;
  return {
    edit: state.edit,
    ...(state.recall !== undefined && { recall: state.recall }),
  };
}
