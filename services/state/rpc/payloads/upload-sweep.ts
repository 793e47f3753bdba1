import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#libs/logger/logger.ts';
import type { Blobs } from '#libs/store/blobs/blobs.ts';
import { sweepUploads } from './sweep-uploads.ts';

/** How long the sweep rests between rounds: uploads live for a day, so it does not matter to the minute. */
export const SWEEP_INTERVAL_MS: number = 10 * 60 * 1000;

/** How long it rests when there is more to do. */
const BUSY_INTERVAL_MS = 1_000;

/** What the sweep needs. */
export interface UploadSweepOptions {
  readonly blobs: Blobs;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly nowMs: () => number;
  readonly intervalMs: number;
}

/**
 * Sweeps staged uploads, the first time one interval from now, until it is disposed. Disposing waits for the round that
 * is under way, which ends at its next step. A round that fails is logged, and the next one tries again.
 */
export function startUploadSweep(options: UploadSweepOptions): AsyncDisposable {
  const stop = new AbortController();
  const swept = sweepUntil(options, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await swept;
    },
  };
}

async function sweepUntil({ blobs, log, nowMs, intervalMs }: UploadSweepOptions, signal: AbortSignal): Promise<void> {
  let restMs = intervalMs;
  while (await rest(restMs, signal)) {
    restMs = intervalMs;
    try {
      const { uploads, unfinishedPuts, hasMore } = await sweepUploads(blobs, nowMs(), signal);
      if (uploads + unfinishedPuts > 0) {
        log.info({ uploads, unfinishedPuts }, 'old uploads were swept');
      }
      if (hasMore) {
        restMs = Math.min(intervalMs, BUSY_INTERVAL_MS);
      }
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ err: error }, 'the sweep of uploads failed and is tried again');
      }
    }
  }
}

/** Answers whether to go on. */
async function rest(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  return !signal.aborted;
}
