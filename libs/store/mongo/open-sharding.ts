import type { Db, Document } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { JOURNAL_COLLECTION } from './journal.ts';

const TIMEOUT_MS = 10_000;

/**
 * Refuses a journal that is sharded by anything but ranges of its `_id`: the fence is the built-in index, which is
 * unique over all shards only then. A journal that is not sharded is fine. [journal.md 28]
 *
 * @throws StartError for another shard key, or when the router does not tell.
 */
export async function checkSharding(db: Db): Promise<void> {
  const namespace = `${db.databaseName}.${JOURNAL_COLLECTION}`;
  let found: Document | null;
  try {
    const collections = db.client
      .db('config')
      .collection<{ _id: string; key: Document; dropped?: boolean }>('collections');
    found = await collections.findOne({ _id: namespace }, { timeoutMS: TIMEOUT_MS });
  } catch (error) {
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
