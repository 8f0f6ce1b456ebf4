/** Does the same for many, a few at a time: one start of the program leaves cores idle. */
export async function forEachAtOnce<T>(
  all: Iterable<T>,
  one: (item: T) => Promise<void>,
): Promise<void> {
  const rest = Iterator.from(all);
  await Promise.all(Array.from({ length: 3 }, async () => {
    for (const item of rest) await one(item);
  }));
}
