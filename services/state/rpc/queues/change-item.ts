import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { ClaimCommand, Holder } from '#libs/engine/commands/claim-commands.ts';
import type { Reply } from '#libs/engine/decide/decision.ts';
import type { Rejection } from '#libs/engine/model/rejection.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { type ChangedRun, changeClientRun } from '../client-runs/change-client-run.ts';
import type { StateContext } from '../context.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { type ItemName, type ItemPlace, itemPlaceOf } from './item-key.ts';

/** One command to a work item, by a call that may be repeated. */
export interface ItemChange<D extends DescMessage, K extends Reply['kind']> {
  readonly tenantId: string;
  readonly name: ItemName;
  readonly rpc: string;
  readonly requestId: string;
  /** Everything that the request says besides. */
  readonly words: readonly unknown[];
  readonly command: (place: ItemPlace) => ClaimCommand;
  readonly reply: K;
  readonly response: D;
  readonly answer: (
    reply: Extract<Reply, { readonly kind: K }>,
    changed: ChangedRun,
    place: ItemPlace,
  ) => MessageShape<D>;
  readonly intent: ClaimCommand['kind'];
}

/** Who holds an item, as a request says it. */
export function holderOf(
  { nodePath }: ItemPlace,
  { workerId, fence }: { readonly workerId: string; readonly fence: bigint },
): Holder {
  return { nodePath, workerId, fence };
}

/**
 * Changes a work item; a repeat with the same request id gets the first answer.
 *
 * @throws ITEM_NOT_FOUND, also where its run is not there, REQUEST_ID_REUSED, and what the engine refuses.
 */
export async function changeItem<D extends DescMessage, K extends Reply['kind']>(
  context: StateContext,
  change: ItemChange<D, K>,
): Promise<MessageShape<D>> {
  const { tenantId, name, rpc, requestId, words, reply, response, intent } = change;
  const place = itemPlaceOf(tenantId, name);
  try {
    return await changeClientRun<D, K>(context, {
      key: place.key,
      rpc,
      incarnation: '',
      requestId,
      // A run may have many items, and the run is all that the scope of a request id names.
      words: [name.itemId, ...words],
      intent,
      command: (hot) => {
        assertKnown(hot, name, place);
        return change.command(place);
      },
      reply,
      response,
      answer: (told, changed) => change.answer(told, changed, place),
      refuse: (rejection) => itemError(rejection, name),
    });
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'RUN_NOT_FOUND') throw itemNotFound(name);
    throw error;
  }
}

/** The engine knows nodes, and would tell of a hold that is lost where no item ever was. */
function assertKnown({ run }: HotRun, name: ItemName, { nodePath }: ItemPlace): void {
  if (run.client !== undefined && !run.client.items.has(nodePath)) throw itemNotFound(name);
}

/** A refusal about an item as callers see it: a free item has no run that could be named. */
export function itemError(rejection: Rejection, { runId, itemId }: ItemName): DomainError {
  if (rejection.reason === 'ITEM_NOT_FOUND') return itemNotFound({ runId, itemId });
  const told = errorFromRejection(rejection, { runId: runId || itemId });
  if (runId !== '') return told;
  const { run_id: _hidden, ...metadata } = told.metadata;
  return new DomainError(told.reason, told.message.replace('run ', 'item '), {
    metadata: { ...metadata, item_id: itemId },
  });
}

/** The error for an item that is not there. */
export function itemNotFound({ runId, itemId }: ItemName): DomainError {
  return new DomainError('ITEM_NOT_FOUND', `there is no work item ${itemId}`, {
    metadata: { item_id: itemId, ...(runId === '' ? {} : { run_id: runId }) },
  });
}
