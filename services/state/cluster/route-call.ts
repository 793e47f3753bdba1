import { DomainError } from '#libs/errors/domain-error.ts';
import type { Owner } from '#libs/partition/ownership/ownership.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { type Forwarding, MAX_HOPS, MAX_WAIT_MS } from './forwarding.ts';

/** Another node that owns the partition of a call. */
export type PeerOwner = Extract<Owner, { readonly kind: 'peer' }>;

/** A call that goes where its partition is. */
export interface RoutedCall<T> {
  readonly partition: number;
  readonly context: CallContext;
  /** Serves it here. */
  local(): Promise<T>;
  /** Has it served there. `moved` aborts with NOT_OWNER when the partition has had another owner for a while. */
  remote(owner: PeerOwner, moved: AbortSignal): Promise<T>;
  /** Whether it may be made again although nobody knows what became of it. */
  canRepeat(): boolean;
  /** Whether its caller has got a part of the answer, so that it is never made again from here. */
  hasBegun(): boolean;
}

/** Calls that wait for an owner at a time; more would be a crowd that the next owner cannot serve at once. */
const MAX_WAITING = 10_000;
/** How long this node waits to hear of a change after another one said that it is not the owner, or is gone. */
const NEWS_MS = 250;
/** How long after a call the stream from the same node may end with it. */
const CUT_MS = 50;
/** How long a call that another node serves may go on there after the partition has moved. */
const MOVED_GRACE_MS = 1_000;

let waiting = 0;

/**
 * Takes a call to the owner of its partition, and there again when the partition has moved meanwhile. While nobody owns
 * it, the call waits.
 *
 * What is repeated: a call that was not carried out for certain (NOT_OWNER), and one of unknown outcome where that is
 * safe and the owner has changed or cannot be reached. What an owner says of itself while it stands is passed on.
 *
 * @throws UNAVAILABLE when no owner is found in time, DATA_CORRUPTION for a partition whose records cannot be read, the
 * reason of the context's signal, and what the call ends with. NOT_OWNER only towards another node.
 */
export async function routeCall<T>(forwarding: Forwarding, call: RoutedCall<T>): Promise<T> {
  const { ownership, peers } = forwarding;
  const { partition, context } = call;
  let patienceMs = forwarding.maxWaitMs ?? MAX_WAIT_MS;

  /** Waits for a change, at most for so long. */
  async function waitFor(maxMs: number): Promise<void> {
    if (patienceMs <= 0) throw noOwner(partition);
    const startedMs = performance.now();
    await changeOf(forwarding, context, Math.min(maxMs, patienceMs));
    patienceMs -= performance.now() - startedMs;
  }

  function isOwner(owner: Owner): boolean {
    const now = ownership.ownerOf(partition);
    return now.kind === owner.kind && (now.kind !== 'peer' || (owner.kind === 'peer' && now.nodeId === owner.nodeId));
  }

  async function recover(owner: Owner, error: unknown): Promise<void> {
    if (!(error instanceof DomainError) || error.kind !== 'unavailable' || context.signal.aborted) throw error;
    const isUndone = error.reason === 'NOT_OWNER';
    if (call.hasBegun() || (!isUndone && !call.canRepeat())) throw error;
    if (!isOwner(owner)) return;
    if (isUndone) {
      ownership.nudge();
      await waitFor(NEWS_MS);
      return;
    }
    if (owner.kind !== 'peer') throw error;
    // When its process dies, its calls and its stream end together, in some order.
    await waitFor(CUT_MS);
    if (!isOwner(owner)) return;
    if (error.reason !== 'DRAINING' && peers.isConnected(owner.nodeId)) throw error;
    await waitFor(Math.max(NEWS_MS, error.retryAfterMs ?? 0));
  }

  for (;;) {
    const owner = ownership.ownerOf(partition);
    switch (owner.kind) {
      case 'faulted':
        throw new DomainError('DATA_CORRUPTION', `the records of partition ${partition} cannot be read`);
      case 'nobody':
        ownership.nudge();
        await waitFor(patienceMs);
        break;
      case 'self':
        try {
          return await call.local();
        } catch (error) {
          await recover(owner, error);
        }
        break;
      case 'peer': {
        if (context.hops >= MAX_HOPS) throw new DomainError('NOT_OWNER', `partition ${partition} has another owner`);
        const move = watchMove(forwarding, call, () => !isOwner(owner));
        try {
          return await call.remote(owner, move.signal);
        } catch (error) {
          await recover(owner, error);
        } finally {
          move.stop();
        }
      }
    }
  }
}

/** Aborts once a partition has had another owner for a while. */
function watchMove(
  { ownership }: Forwarding,
  call: RoutedCall<unknown>,
  hasMoved: () => boolean,
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const moved = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const unsubscribe = ownership.onChange(() => {
    const isOver = hasMoved() && ownership.ownerOf(call.partition).kind !== 'nobody';
    if (!isOver || timer !== undefined || !(call.hasBegun() || call.canRepeat())) return;
    const error = new DomainError('NOT_OWNER', `partition ${call.partition} has moved`);
    timer = setTimeout(() => moved.abort(error), MOVED_GRACE_MS);
  });
  return {
    signal: moved.signal,
    stop: () => {
      unsubscribe();
      clearTimeout(timer);
    },
  };
}

/** Waits for a change of the cluster, for a time, or for the end of a call. */
function changeOf({ ownership }: Forwarding, { signal }: CallContext, ms: number): Promise<void> {
  if (waiting >= MAX_WAITING) {
    throw new DomainError('OVERLOADED', `more than ${MAX_WAITING} calls wait for the owners of their partitions`, {
      metadata: { limit: 'waiting_calls', maximum: String(MAX_WAITING) },
      retryAfterMs: 1_000,
    });
  }
  waiting += 1;
  return new Promise<void>((resolve, reject) => {
    signal.throwIfAborted();
    const end = (): void => {
      unsubscribe();
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const onEnd = (): void => {
      end();
      resolve();
    };
    const unsubscribe = ownership.onChange(onEnd);
    const timer = setTimeout(onEnd, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  }).finally(() => {
    waiting -= 1;
  });
}

function noOwner(partition: number): DomainError {
  return new DomainError('UNAVAILABLE', `partition ${partition} has no owner at this moment`, { retryAfterMs: 1_000 });
}
