/** Looks up candidates for a word: commands, their arguments, files, skills. */
import { completeSlash } from "../conversation/slash_table.ts";
import {
  type Candidate,
  completeFiles,
  completeWords,
  type CompletionToken,
} from "../editor/complete.ts";
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
