import { isTerminal } from '#libs/engine/model/status.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { StateContext } from '../context.ts';
import { untilDurable } from '../unary-work/until-durable.ts';
import type { DeadLetterPlace } from './find-dead-letter.ts';

/** Who removes dead letters. */
export interface Purger {
  readonly requestedBy: string;
  readonly signal: AbortSignal;
}

/**
 * Removes dead letters of a partition that is served here, with their items. Answers how many of them there were.
 *
 * @throws UNAVAILABLE when what became of it is not known: a repeat removes what is left.
 */
export async function purgeHere(
  context: StateContext,
  number: number,
  places: readonly DeadLetterPlace[],
  { requestedBy, signal }: Purger,
): Promise<number> {
  const partition = context.node.partitionAt(number);
  const outcomes = await Promise.all(places.map((place) => purgeOne(partition, place, requestedBy)));
  const ended = places.filter((_place, at) => outcomes[at] === 'ended');
  if (ended.length > 0) await removeRows(context, partition, ended, signal);
  return outcomes.filter((outcome) => outcome !== 'gone').length;
}

/** What became of a dead letter. Of a run that has ended nothing changes any more, and the row is all there is. */
type Outcome = 'purged' | 'gone' | 'ended';

async function purgeOne(partition: Partition, place: DeadLetterPlace, requestedBy: string): Promise<Outcome> {
  return await ask(partition, place.key, {
    intent: 'purgeDeadLetter',
    act: (visit) => {
      const { hot } = visit;
      if (hot === undefined || hot.identity.incarnation !== place.incarnation || isTerminal(hot.run.status)) {
        return isPurgedFree(visit, place) ? 'gone' : 'ended';
      }
      const { deadLetterId, nodePath, isFree: endsRun } = place;
      if (hot.run.client?.dead.get(nodePath)?.deadLetterId !== deadLetterId) return 'gone';
      visit.perform({ kind: 'purgeDeadLetter', deadLetterId, requestedBy, endsRun });
      return 'purged';
    },
  });
}

/** A free item ends with its dead letter, whose row goes with the next round. */
function isPurgedFree({ hot }: RunVisit, { isFree, incarnation }: DeadLetterPlace): boolean {
  return isFree && hot?.identity.incarnation === incarnation;
}

async function removeRows(
  { node, store, nowMs }: StateContext,
  partition: Partition,
  places: readonly DeadLetterPlace[],
  signal: AbortSignal,
): Promise<void> {
  // A round that is under way may write them once more: it is over before they go.
  await node.materialised(partition.partition, partition.line.durablePosition, signal);
  const position = partition.advance();
  await untilDurable(partition);
  const writes = places.map(({ row }): RowWrite => {
    const { tenantId, runId, incarnation, itemId, deadLetterId } = row;
    return { table: 'deadLetters', delete: { tenantId, runId, incarnation, itemId, deadLetterId } };
  });
  await store.tables.writeRows({ position, time: nowMs() }, writes, signal);
}
