import { isTerminal } from '#libs/engine/model/status.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { onceAborted } from '../streams.ts';

/**
 * Resolves when a run has ended, or after a time. One that was replaced has ended.
 *
 * @throws RUN_NOT_FOUND, and the signal's reason.
 */
export function untilEnded(
  { node }: StateContext,
  key: RunKey,
  incarnation: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const partition = node.partitionOf(key);
  return new Promise((resolve, reject) => {
    let stopWatching: (() => void) | undefined;
    const timer = setTimeout(() => end(resolve), waitMs);
    const stopListening = onceAborted(signal, () => end(() => reject(signal.reason as Error)));

    function end(tell: () => void): void {
      clearTimeout(timer);
      stopWatching?.();
      stopListening();
      tell();
    }

    partition.visit(key, {
      intent: 'read',
      act: (visit) => {
        const { hot } = visit;
        if (hot === undefined) throw runNotFound(key);
        if (isTerminal(hot.run.status) || (incarnation !== '' && hot.identity.incarnation !== incarnation)) {
          visit.whenDurable((news) => {
            if (news === 'durable') end(resolve);
          });
          return;
        }
        const awaited = hot.identity.incarnation;
        stopWatching = partition.watch(key, {
          onChange: ({ identity }, topic) => {
            if (topic === 'ended' && identity.incarnation === awaited) end(resolve);
          },
          onLost: () => end(() => reject(moved())),
        });
        if (signal.aborted) stopWatching();
      },
      fail: (error) => end(() => reject(error as Error)),
    });
  });
}

function moved(): DomainError {
  return new DomainError('UNAVAILABLE', 'the partition has another owner', { retryAfterMs: 250 });
}
