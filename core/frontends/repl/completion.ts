/** Looks up candidates for a word: commands, their arguments, files, skills. */
import { completeSlash } from "../conversation/slash_table.ts";
import {
  type Candidate,
  completeFiles,
  completeWords,
  type CompletionToken,
  findToken,
} from "../editor/complete.ts";
import type { EditorState } from "../editor/editor.ts";
import type { SlashContext } from "../conversation/slash_context.ts";
import { slashCommand } from "../conversation/slash_table.ts";

/** Candidates for the token; none when whatever knows them fails. */
export async function lookUp(
  token: CompletionToken,
  context: SlashContext,
): Promise<readonly Candidate[]> {
  const { services, host, cwd } = context;
  try {
    switch (token.kind) {
      case "slash":
        return completeSlash(token.word);
      case "argument": {
        const command = slashCommand(token.command ?? "");
        const words = await command?.words?.(context) ?? [];
        return completeWords(words, token.word);
      }
      case "file":
        return await completeFiles(host, token.word, cwd);
      case "skill": {
        const names = (await services.skills()).map(({ name }) => name);
        return completeWords(names, token.word, "$");
      }
    }
  } catch {
    return [];
  }
}

/** The line with the commands that it can become, while the name of one is typed. */
export function withSlashMenu(state: EditorState): EditorState {
  const { text, cursor } = state.edit;
  if (state.menu !== undefined || state.search !== undefined) return state;
  const token = cursor === text.length ? findToken(text, cursor) : undefined;
  if (token?.kind !== "slash") return state;
  const candidates = completeSlash(token.word);
  // What is typed in full needs no list of itself.
  const isWhole = candidates.length === 1 && candidates[0]?.insert === text;
  if (candidates.length === 0 || isWhole) return state;
  return { ...state, menu: { candidates, at: -1, from: token.from } };
}
