import type { ClaimWorkItemRequest } from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { StateContext } from '../context.ts';
import { onceAborted } from '../streams.ts';
import type { PollSessions } from '../unary-work/poll-sessions.ts';
import { type ClaimedItem, maybeClaimHere } from './claim-here.ts';
import { createClaimPeer } from './claim-peer.ts';

type Claim = (waitMs: number, over: AbortSignal) => Promise<ClaimedItem | undefined>;

/**
 * Claims an item, whichever node has it. What is there is looked for node by node, this one first and the others in any
 * order, so that no more than one item is taken; when nobody has one, all wait at once, and the first item wins. Whatever
 * else comes goes back, its attempt not counted, and so does everything when the caller is gone.
 *
 * @throws the signal's reason, and what this node's own part throws.
 */
export async function maybeClaimAnywhere(
  context: StateContext,
  sessions: PollSessions,
  request: ClaimWorkItemRequest,
  call: CallContext,
  waitMs: number,
): Promise<ClaimedItem | undefined> {
  const { signal } = call;
  const untilMs = performance.now() + waitMs;
  const never = new AbortController().signal;
  const here = claimOfHere(context, sessions, request, call);
  for (;;) {
    const changed = new AbortController();
    const unsubscribe = context.cluster.onChange(() => changed.abort());
    try {
      const others = claimsOfOthers(context, request, call);
      for (const claim of [here, ...others]) {
        const claimed = await claim(0, never);
        if (claimed !== undefined) return told(claimed, signal);
        signal.throwIfAborted();
      }
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0 || call.goAway.aborted) return undefined;
      const over = AbortSignal.any([changed.signal, call.goAway]);
      const claimed = await firstOf([here, ...others], leftMs, over, signal);
      // Another node may have something else by now than what was waited for.
      if (claimed !== undefined || !changed.signal.aborted) return claimed;
    } finally {
      unsubscribe();
    }
  }
}

function told(claimed: ClaimedItem, signal: AbortSignal): ClaimedItem {
  if (!signal.aborted) return claimed;
  claimed.giveBack();
  throw signal.reason;
}

function claimOfHere(
  context: StateContext,
  sessions: PollSessions,
  request: ClaimWorkItemRequest,
  { tenantId, signal }: CallContext,
): Claim {
  return (waitMs, goAway) => maybeClaimHere(context, sessions, request, { tenantId, waitMs, signal, goAway });
}

function claimsOfOthers(context: StateContext, request: ClaimWorkItemRequest, call: CallContext): readonly Claim[] {
  // In another order each time, so that no node's items always come last.
  return context.cluster
    .others()
    .map(({ address }) => ({ at: context.random(), peer: createClaimPeer(context, address, request, call) }))
    .toSorted((a, b) => a.at - b.at)
    .map(
      ({ peer }) =>
        (waitMs, over) =>
          peer.claim(waitMs, over),
    );
}

/** Lets all wait at once. The first item is the answer; those that come after it go back. */
async function firstOf(
  claims: readonly Claim[],
  waitMs: number,
  over: AbortSignal,
  signal: AbortSignal,
): Promise<ClaimedItem | undefined> {
  const won = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<ClaimedItem | undefined>();
  const stop = AbortSignal.any([over, won.signal]);
  let isOver = false;
  let left = claims.length;

  function end(settle: () => void): void {
    isOver = true;
    won.abort();
    settle();
  }

  const stopListening = onceAborted(signal, () => {
    if (!isOver) end(() => reject(signal.reason as Error));
  });
  for (const claim of claims) {
    claim(waitMs, stop).then(
      (claimed) => {
        left -= 1;
        if (claimed !== undefined && isOver) claimed.giveBack();
        else if (claimed !== undefined) end(() => resolve(claimed));
        else if (left === 0 && !isOver) end(() => resolve(undefined));
      },
      (error: unknown) => {
        left -= 1;
        if (!isOver) end(() => reject(error as Error));
      },
    );
  }
  try {
    return await promise;
  } finally {
    stopListening();
  }
}
