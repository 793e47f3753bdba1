import { itemPath, taskPath } from '#libs/engine/model/client-path.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { type DeadLetterFacts, deadLetterFromRow } from '#libs/partition/rows/dead-letter-rows.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { DeadLetterRow } from '#libs/store/tables/dead-letters.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { itemPlaceOf } from '../queues/item-key.ts';

/** Rounds are waited for so long, where a dead letter has no row that may have one soon. */
const ROUND_MS = 2_000;

/** Where a dead letter is kept. */
export interface DeadLetterPlace {
  readonly deadLetterId: string;
  readonly row: DeadLetterRow;
  readonly facts: DeadLetterFacts;
  readonly key: RunKey;
  /** Of the run, also of the hidden one of a free item. */
  readonly incarnation: string;
  readonly nodePath: string;
  readonly isFree: boolean;
}

/**
 * Finds a dead letter by its row. One that has none yet has it after the next round of this node's partitions; whoever was
 * told of one of another node has waited for its round.
 */
export async function maybeFindDeadLetter(
  context: StateContext,
  tenantId: string,
  deadLetterId: string,
): Promise<DeadLetterPlace | undefined> {
  const { tables } = context.store;
  let row = await tables.readDeadLetter(tenantId, deadLetterId);
  if (row === undefined) {
    await roundOfAll(context);
    row = await tables.readDeadLetter(tenantId, deadLetterId);
  }
  return row === undefined ? undefined : placeOfRow(row);
}

/** Where the dead letter of a row is kept. */
export function placeOfRow(row: DeadLetterRow): DeadLetterPlace {
  const { tenantId, deadLetterId, runId, itemId } = row;
  const facts = deadLetterFromRow(row);
  const { key, isFree } = itemPlaceOf(tenantId, { runId, itemId });
  const nodePath = facts.taskId === '' ? itemPath(itemId) : taskPath(facts.taskId);
  const incarnation = deadLetterId.slice(0, deadLetterId.lastIndexOf('.'));
  return { deadLetterId, row, facts, key, incarnation, nodePath, isFree };
}

async function roundOfAll({ node, log }: StateContext): Promise<void> {
  const signal = AbortSignal.timeout(ROUND_MS);
  const rounds = node.served().map(({ partition, line }) => node.materialised(partition, line.durablePosition, signal));
  for (const { status, ...rest } of await Promise.allSettled(rounds)) {
    if (status === 'rejected') log.debug(rest, 'the tables do not show a dead letter yet');
  }
}

/** The run of a dead letter that a request names, by which it is forwarded. Undefined: there is no such letter. */
export function byDeadLetter(
  context: StateContext,
): (request: { readonly deadLetterId: string }, call: CallContext) => Promise<RunKey | undefined> {
  return async ({ deadLetterId }, { tenantId }) => (await maybeFindDeadLetter(context, tenantId, deadLetterId))?.key;
}

/** The error for a dead letter that is not there, or not any more. */
export function deadLetterNotFound(deadLetterId: string): DomainError {
  return new DomainError('DEAD_LETTER_NOT_FOUND', `there is no dead letter ${deadLetterId}`, {
    metadata: { dead_letter_id: deadLetterId },
  });
}
