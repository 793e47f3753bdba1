import type { ClaimWorkItemRequest } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { StateContext } from '../context.ts';
import { partClient } from '../part-of-call.ts';
import { durationFromMs } from '../wire/duration.ts';
import type { ClaimedItem } from './claim-here.ts';

/** What of the time a part has for the way there and back. */
const MARGIN_MS = 5_000;
/** How long it may take to tell a node that its part is over, or what it gave back. */
const SHORT_MS = 5_000;

/** A node that is asked for its part of a claim. */
export interface ClaimPeer {
  /** Claims there; the wait ends early when `over` aborts, but the call does not: what has come is not lost. */
  claim(waitMs: number, over: AbortSignal): Promise<ClaimedItem | undefined>;
}

/** Makes the way to the part of a claim that another node has. */
export function createClaimPeer(
  context: StateContext,
  address: string,
  request: ClaimWorkItemRequest,
  call: CallContext,
): ClaimPeer {
  const { tenantId } = call;
  const { log, newId } = context;
  function tell(promise: Promise<unknown>, what: string): void {
    promise.catch((error: unknown) => log.warn({ err: error, address }, what));
  }

  return {
    claim: async (waitMs, over) => {
      if (over.aborted) return undefined;
      const id = newId();
      const end = (): void =>
        tell(
          partClient(context, address, call, { kind: 'end', id }).claimWorkItem(
            { ...request, tenantId },
            { deadlineMs: SHORT_MS },
          ),
          'a claim may wait on',
        );
      over.addEventListener('abort', end, { once: true });
      try {
        const wait = durationFromMs(waitMs);
        const { item } = await partClient(context, address, call, { kind: 'take', id }).claimWorkItem(
          { ...request, tenantId, wait },
          { deadlineMs: waitMs + MARGIN_MS },
        );
        if (item?.lease === undefined) return undefined;
        const { itemId, runId, lease } = item;
        const settle = { tenantId, itemId, runId, workerId: lease.workerId, fence: lease.fence };
        return {
          item,
          giveBack: () =>
            tell(
              partClient(context, address, call, undefined).failWorkItem(
                { ...settle, rateLimited: true, failure: { type: 'NOT_TOLD', message: 'nobody was told of it' } },
                { deadlineMs: SHORT_MS },
              ),
              'an item that nobody was told of was not given back',
            ),
        };
      } catch (error) {
        // What one node cannot say now, the others can: the claim finds what they have.
        if (!(error instanceof DomainError)) throw error;
        log.debug({ err: error, address }, 'a node did not answer its part of a claim');
        return undefined;
      } finally {
        over.removeEventListener('abort', end);
      }
    },
  };
}
