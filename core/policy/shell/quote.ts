/** Words and text: splits a line the way a person types it, and quotes words to be read. */

/**
 * Splits a line at blanks, honouring quotes and backslashes and expanding nothing;
 * undefined when a quote is left open. For examples that people write, not for safety.
 */
export function splitLikeShell(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') {
      const end = closingQuote(line, at);
      if (end < 0) return undefined;
      const inner = line.slice(at + 1, end);
      word = (word ?? "") +
        (char === "'" ? inner : inner.replace(/\\(["\\$`])/g, "$1"));
      at = end;
    } else if (char === "\\") word = (word ?? "") + (line[++at] ?? "");
    else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function closingQuote(line: string, start: number): number {
  const quote = line[start];
  for (let at = start + 1; at < line.length; at++) {
    if (line[at] === "\\" && quote === '"') at++;
    else if (line[at] === quote) return at;
  }
  return -1;
}

/** Words as one line that a shell would read back as the same words. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
