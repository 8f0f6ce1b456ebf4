/** "Did you mean": finds the known word closest to a mistyped one. */

/** The closest candidate within about a third of the word's length, or undefined. */
export function closestWord(
  word: string,
  candidates: Iterable<string>,
): string | undefined {
  const budget = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = budget + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

// Insertions, deletions, replacements and swaps of neighbours from one word to the other.
function editDistance(from: string, to: string): number {
  let twoAgo: number[] = [];
  let oneAgo = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(
        (oneAgo[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (oneAgo[j - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] &&
        from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, (twoAgo[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    twoAgo = oneAgo;
    oneAgo = row;
  }
  return oneAgo[to.length] ?? 0;
}
