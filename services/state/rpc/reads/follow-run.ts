import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { createRunNews } from './run-news.ts';

/** How a stream follows a run. */
export interface FollowOptions {
  /** Time from one step to the next at least; what comes meanwhile gathers, but for an end. Default 0. */
  readonly minIntervalMs?: number;
  /**
   * Reads and sends what there is. `more`: there is more at once; `wait`: the rest is to come; `over`: nothing more comes.
   */
  readonly step: () => Promise<'more' | 'wait' | 'over'>;
}

/**
 * Steps along a run, once at first and again whenever something happened to it, until it is over or the stream is to end.
 * Answers why its caller has to come back; undefined: it is over.
 *
 * @throws what a step throws, the call's reason when its caller goes, UNAVAILABLE when the partition is not served.
 */
export async function followRun(
  { node }: StateContext,
  key: RunKey,
  { signal, goAway }: Pick<CallContext, 'signal' | 'goAway'>,
  { minIntervalMs = 0, step }: FollowOptions,
): Promise<string | undefined> {
  // Listens before the first look, so that nothing is missed in between.
  const news = createRunNews(node.partitionOf(key), key);
  try {
    for (;;) {
      news.take();
      const startMs = performance.now();
      const next = await step();
      if (next === 'over') return undefined;
      if (next === 'wait') {
        await news.next([signal, goAway]);
        await news.gather([signal, goAway], startMs + minIntervalMs - performance.now());
      }
      signal.throwIfAborted();
      if (news.isLost) return LOST;
      if (goAway.aborted) return 'the stream is to end';
    }
  } catch (error) {
    if (news.isLost && !signal.aborted) return LOST;
    throw error;
  } finally {
    news.stop();
  }
}

const LOST = 'the partition of the run has another owner';
