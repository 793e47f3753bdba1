import type { LeaseRef } from '#gen/millrace/state/v1/lease_pb.ts';
import type { Command } from '#libs/engine/commands/command.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import type { Reply } from '#libs/engine/decide/decision.ts';
import { maybeItemSequence } from '#libs/engine/model/lease.ts';
import { ROOT, type Run } from '#libs/engine/model/run.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { invalidField } from '../wire/invalid-field.ts';
import { errorFromRejection } from '../wire/rejection.ts';

/** A run as a call names it by a lease. */
export interface LeasedRun extends IncarnationKey {
  readonly lease: LeaseRef;
}

/** What an engine answers to the frame of a worker. */
export type Ack = Extract<Reply, { readonly kind: 'ack' }>;

/** How a call is answered whose lease names an item that never was: the calls differ in what they tell. */
export type MissingItem = 'ITEM_NOT_FOUND' | 'LEASE_LOST';

/**
 * The run of a lease.
 *
 * @throws INVALID_FIELDS when no lease is named; the given reason for a free item, of which there are none.
 */
export function leasedRunFrom(tenantId: string, lease: LeaseRef | undefined, missing: MissingItem): LeasedRun {
  if (lease === undefined) throw invalidField('lease', 'must be there');
  const { runId, incarnation } = lease;
  if (runId !== '') return { tenantId, runId, incarnation, lease };
  if (missing === 'LEASE_LOST') throw invalidField('lease.run_id', 'must name a run: a free item records nothing');
  throw noSuchItem(lease);
}

/**
 * What a lease proves about an item of a run. The id of an item does not say which node it belongs to: the run does.
 *
 * @throws the given reason for an item that the run never had, LEASE_LOST for another incarnation.
 */
export function proofFrom(run: Run, lease: LeaseRef, missing: MissingItem): LeaseProof {
  const { incarnation, itemId, fence } = lease;
  if (incarnation !== run.identity.incarnation) throw leaseLost(lease);
  const itemSequence = maybeItemSequence(incarnation, itemId);
  if (itemSequence === undefined || itemSequence > run.lastSequence) {
    throw missing === 'ITEM_NOT_FOUND' ? noSuchItem(lease) : leaseLost(lease);
  }
  for (const { path, item, settled } of run.nodes.values()) {
    if (item?.itemSequence === itemSequence || settled?.itemSequence === itemSequence) {
      return { incarnation, nodePath: path, itemSequence, fence };
    }
  }
  return { incarnation, nodePath: ROOT, itemSequence, fence };
}

/** Whether the proof holds its item at a moment. */
export function isHeld(run: Run, { nodePath, itemSequence, fence }: LeaseProof, now: number): boolean {
  const item = run.nodes.get(nodePath)?.item;
  if (item?.itemSequence !== itemSequence || item.lease?.fence !== fence) return false;
  return (item.lease.expireTime ?? Infinity) > now;
}

/**
 * Does what a worker's frame says.
 *
 * @throws what the engine refuses it with.
 */
export function acknowledge(visit: RunVisit, command: Command): Ack {
  const result = visit.perform(command);
  if (result.kind === 'rejected') throw errorFromRejection(result.rejection, visit.key);
  if (result.reply.kind !== 'ack') throw new TypeError(`${command.kind} is not acknowledged`);
  return result.reply;
}

/** The error for a lease that is not, or no longer, the caller's. */
export function leaseLost({ runId }: LeaseRef): DomainError {
  return errorFromRejection({ reason: 'LEASE_LOST', metadata: {} }, { runId });
}

function noSuchItem({ runId, itemId }: LeaseRef): DomainError {
  return new DomainError('ITEM_NOT_FOUND', `there is no work item ${itemId}`, {
    metadata: { item_id: itemId, ...(runId === '' ? {} : { run_id: runId }) },
  });
}
