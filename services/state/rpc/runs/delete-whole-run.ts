import type { Driver } from '#libs/engine/model/status.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { type Deleted, deleteRun } from '#libs/partition/serve/delete-run.ts';
import { assertMayDelete } from '#libs/partition/serve/deletion.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import { keepStart } from '#libs/partition/serve/kept-starts.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { commitTokenOf } from './commit-token.ts';
import { type Change, once } from './once.ts';
import { pastIncarnations } from './past-incarnations.ts';

/** A deletion that was asked for. */
export interface Deletion<T> extends Pick<Change<T>, 'key' | 'rpc' | 'requestId' | 'encode' | 'decode'> {
  readonly requestedBy: string;
  /** The run must be of this one. Absent: of any. */
  readonly driver?: Driver;
  readonly answer: (deleted: Deleted, commitToken: string) => T;
}

/**
 * Deletes all incarnations of a run; an open one is terminated first.
 *
 * @throws RUN_NOT_FOUND, WRONG_DRIVER, REQUEST_ID_REUSED, OVERLOADED for too many deletions at a time.
 */
export async function deleteWholeRun<T>(context: StateContext, deletion: Deletion<T>): Promise<T> {
  const { key, rpc, requestId, requestedBy, driver, answer, encode, decode } = deletion;
  // Incarnations that were replaced never change: what is read now is what there is.
  const past = await pastIncarnations(context.store.tables, key);
  return await once<T>(context, {
    key,
    rpc,
    requestId,
    words: [],
    intent: 'terminateRun',
    act: (visit, position) => {
      assertMayDelete(context.node.partitionOf(key).state);
      const { hot } = visit;
      if (hot !== undefined && driver !== undefined) assertDriver(key, hot.identity.driver, driver);
      if (hot !== undefined) keepStart(visit, hot, 0);
      const deleted = deleteRun(visit, { past, requestedBy });
      if (deleted === undefined) throw runNotFound(key);
      return answer(deleted, commitTokenOf(context.node.partitionOf(key), position));
    },
    encode,
    decode,
  });
}

function assertDriver({ runId }: RunKey, found: Driver, wanted: Driver): void {
  if (found === wanted) return;
  throw new DomainError('WRONG_DRIVER', `run ${runId} is driven by ${found}, the call is for the other driver`, {
    metadata: { driver: found, run_id: runId },
  });
}
