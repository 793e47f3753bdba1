import type { HeldLease } from '#libs/partition/dispatch/held-lease.ts';
import type { StateContext } from '../context.ts';

/** The reason by which the log tells it from other releases. */
const REASON = 'the worker was not told of it';

/** Offers an item again that its worker was not told of: its attempt does not count. */
export function giveBack({ node, log }: StateContext, { key, proof }: Pick<HeldLease, 'key' | 'proof'>): void {
  try {
    node.partitionOf(key).visit(key, {
      intent: 'releaseItem',
      act: (visit) => {
        visit.perform({ kind: 'releaseItem', lease: proof, retryAfterMs: undefined, reason: REASON });
      },
      fail: (error) => log.warn({ err: error }, 'an item that nobody was told of was not given back'),
    });
  } catch (error) {
    log.warn({ err: error }, 'an item that nobody was told of was not given back');
  }
}
