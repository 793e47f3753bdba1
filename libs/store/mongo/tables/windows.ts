import type { Document } from 'mongodb';

/** Where windows begin and which way they go. */
export interface WindowStart {
  /** The field whose values they are of. */
  readonly field: string;
  /** `down` towards lower values, `up` towards higher ones. */
  readonly direction: 'down' | 'up';
  readonly from: number;
  /** Whether the first window has all that lies on the other side of `from` too. */
  readonly isOpen: boolean;
  /** A value beyond which there is nothing to find. */
  readonly until?: number | undefined;
}

/** How wide the first window is. */
const FIRST_WIDTH_MS = 60_000;
/** How much wider the next window is where none of the rows before says how dense they are. */
const GROWTH = 8;
/** No window after one as wide as this: it has all the rest. */
const MAX_WIDTH_MS = 10 * 365 * 86_400_000;

/**
 * Reads rows in the order of a time, as many as are needed: window by window, each wider than the one before. A server
 * that sorts what it finds then sorts little more than it answers. `read` answers the rows of a window in order.
 */
export async function readByWindows<R>(
  { field, direction, from, isOpen, until }: WindowStart,
  need: number,
  read: (window: Document, limit: number) => Promise<readonly R[]>,
): Promise<R[]> {
  const rows: R[] = [];
  const sign = direction === 'up' ? 1 : -1;
  let width = FIRST_WIDTH_MS;
  let near = from;
  for (let isFirst = true; ; isFirst = false) {
    const far = near + sign * width;
    const isLast = width > MAX_WIDTH_MS || (until !== undefined && sign * (far - until) > 0);
    const bounds = {
      ...(isFirst && isOpen ? {} : { [sign > 0 ? '$gte' : '$lte']: near }),
      ...(isLast ? {} : { [sign > 0 ? '$lt' : '$gt']: far }),
    };
    const missing = need - rows.length;
    const found = await read(Object.keys(bounds).length === 0 ? {} : { [field]: bounds }, missing);
    rows.push(...found);
    if (found.length >= missing || isLast) {
      return rows;
    }
    near = far;
    // A little more than what is missing takes at the density so far.
    width *= found.length === 0 ? GROWTH : Math.min(GROWTH, (1.5 * (missing - found.length)) / found.length);
    width = Math.max(width, FIRST_WIDTH_MS);
  }
}
