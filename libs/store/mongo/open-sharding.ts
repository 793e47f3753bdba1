import { type Db, type Document, MongoServerError } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { boundedCall, CALL_TIMEOUT_MS } from './bounded-call.ts';
import { JOURNAL_COLLECTION } from './journal.ts';

/**
 * Refuses a journal that is sharded by anything but ranges of its `_id`: the fence is the built-in index, which is
 * unique over all shards only then. A journal that is not sharded is fine. [journal.md 28]
 *
 * @throws StartError for another shard key, or when the router refuses to tell; the signal's reason when it aborts. Errors
 * of the connection are thrown as they are.
 */
export async function checkSharding(db: Db, signal: AbortSignal): Promise<void> {
  const namespace = `${db.databaseName}.${JOURNAL_COLLECTION}`;
  let found: Document | null;
  try {
    const collections = db.client
      .db('config')
      .collection<{ _id: string; key: Document; dropped?: boolean }>('collections');
    found = await boundedCall({ timeoutMs: CALL_TIMEOUT_MS, signal }, (bound) =>
      collections.findOne({ _id: namespace }, { signal: bound }),
    );
  } catch (error) {
    if (!(error instanceof MongoServerError)) {
      throw error;
    }
    throw new StartError(
      `cannot read config.collections, which tells how ${namespace} is sharded: give the user the role clusterMonitor`,
      { cause: error },
    );
  }
  if (found === null || found['dropped'] === true) {
    return;
  }
  const key = JSON.stringify(found['key']);
  if (key !== '{"_id":1}') {
    throw new StartError(`the collection ${namespace} is sharded by ${key}, it must be by ranges of {"_id":1}`);
  }
}
