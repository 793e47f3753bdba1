import type { Blobs } from '#libs/store/blobs/blobs.ts';
import { STAGED_MS } from './stage-upload.ts';

/** Uploads of one read. */
const PAGE_ROWS = 100;
/** Uploads, and unfinished puts, of one round at most; the next round goes on. */
const MAX_ROUND = 2_000;

/** What a round removed. */
export interface SweptUploads {
  readonly uploads: number;
  readonly unfinishedPuts: number;
  /** There is more to remove than one round does. */
  readonly hasMore: boolean;
}

/**
 * Removes staged uploads that are older than 24 h, and what is left of puts that never ended. A command that named an
 * upload has its own copy, and an upload that was staged anew meanwhile stays. Safe to run on several nodes at once.
 *
 * @throws the signal's reason when it aborts.
 */
export async function sweepUploads(blobs: Blobs, nowMs: number, signal: AbortSignal): Promise<SweptUploads> {
  const before = nowMs - STAGED_MS;
  let uploads = 0;
  let seen = 0;
  let token: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await blobs.listOlderThan('upload', before, {
      limit: PAGE_ROWS,
      ...(token === undefined ? {} : { token }),
    });
    for (const { key, putId } of page.rows) {
      signal.throwIfAborted();
      uploads += (await blobs.delete(key, putId)) ? 1 : 0;
    }
    seen += page.rows.length;
    token = page.nextToken;
  } while (token !== undefined && seen < MAX_ROUND);
  let unfinishedPuts = 0;
  let swept = 0;
  let rounds = 0;
  do {
    signal.throwIfAborted();
    swept = await blobs.sweepUnfinished(before, PAGE_ROWS);
    unfinishedPuts += swept;
    rounds += 1;
  } while (swept > 0 && rounds < MAX_ROUND / PAGE_ROWS);
  return { uploads, unfinishedPuts, hasMore: token !== undefined || swept > 0 };
}
