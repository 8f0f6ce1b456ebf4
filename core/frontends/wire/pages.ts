/** Lists in pages; a cursor is the place of the next one. Pure. */
import { usageError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";

interface PageWanted {
  readonly cursor?: string | null | undefined;
  readonly limit?: number | null | undefined;
}

interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/** Throws UserError at a cursor that was not given out. */
export function pageOf<T>(all: readonly T[], wanted: PageWanted): Page<T> {
  const { from, size } = pageBounds(wanted);
  const data = all.slice(from, from + size);
  const next = from + data.length;
  return { data, nextCursor: next < all.length ? String(next) : null };
}

/** Where a page begins and how much it holds. Throws UserError. */
export function pageBounds(
  { cursor, limit }: PageWanted,
): { readonly from: number; readonly size: number } {
  const { usual, max } = LIMITS.appServerPage;
  const from = cursor ? Number(cursor) : 0;
  if (!Number.isSafeInteger(from) || from < 0) {
    throw usageError(
      `Cannot go on with the list: cursor ${cursor} is none of ours, must be the nextCursor of an answer`,
    );
  }
  return { from, size: Math.min(limit ? limit : usual, max) };
}
