/** Texts of `rondo help` that are about more than one command. Pure. */
import { RECIPES } from "./recipes.ts";

/** The text of `rondo help providers`. */
export function renderRecipes(): string {
  const parts = RECIPES.map(({ name, before, toml, note }) =>
    [
      `${name}:`,
      ...before.map((line) => `  $ ${line}`),
      "",
      ...toml.split("\n").map((line) => line === "" ? "" : `    ${line}`),
      ...(note === undefined ? [] : ["", `  ${note}`]),
    ].join("\n")
  );
  return [
    "Servers of models, and the config.toml that reaches each (~/.codex/config.toml)",
    ...parts,
    "Any other server of Responses or of chat completions is a table like these.\n" +
    "`rondo doctor provider NAME --write` finds out what it takes and completes it.",
  ].join("\n\n") + "\n";
}
