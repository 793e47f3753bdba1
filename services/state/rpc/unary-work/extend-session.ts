import { itemIdFrom } from '#libs/engine/model/lease.ts';
import type { HeldLease } from '#libs/partition/dispatch/held-lease.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { StateContext } from '../context.ts';
import { sessionsOf } from './poll-sessions.ts';

/** Whose leases are extended, and for how long. */
export interface SessionExtension {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly ttlMs: number;
  /** Items that have an extension of their own. */
  readonly except?: ReadonlySet<string>;
}

/**
 * Extends every lease of a session that this node knows of: those with a ttl to now + ttl, those that live by heartbeats
 * by one more of them. After a fail-over the node knows of a lease once its run is in memory: one that is not is kept by
 * its own extension alone.
 */
export async function extendSession(context: StateContext, extension: SessionExtension): Promise<void> {
  const { dispatch } = context.node;
  const extending: Promise<void>[] = [];
  for (const session of sessionsOf(dispatch, extension.tenantId, extension.sessionId)) {
    if (session.held.size === 0) continue;
    dispatch.heard(session);
    for (const held of session.held) {
      const { incarnation, itemSequence } = held.proof;
      if (extension.except?.has(itemIdFrom(incarnation, itemSequence)) === true) continue;
      extending.push(extendHeld(context, held, extension.ttlMs));
    }
  }
  await Promise.all(extending);
}

async function extendHeld({ node }: StateContext, { key, proof }: HeldLease, ttlMs: number): Promise<void> {
  await ask(node.partitionOf(key), key, {
    intent: 'extendLease',
    act: (visit) => {
      const lease = visit.hot?.run.nodes.get(proof.nodePath)?.item?.lease;
      // What is lost by now is told to whoever shows the lease.
      if (lease?.expireTime !== undefined) visit.perform({ kind: 'extendLease', lease: proof, ttlMs });
    },
  });
}
