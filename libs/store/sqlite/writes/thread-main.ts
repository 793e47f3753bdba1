/** The thread that writes the tables of a state service. Its work is the path of their file. */
import { parentPort, workerData } from 'node:worker_threads';
import { StoreError } from '#libs/store/store-error.ts';
import { openTablesFile } from '../tables/tables-file.ts';
import { type ConnectionWrites, createConnectionWrites } from './connection-writes.ts';
import { packError } from './packed-error.ts';
import { unpackWrites } from './packed-writes.ts';
import type { ThreadOrder, ThreadReply, ThreadRequest } from './thread-messages.ts';

const file = openTablesFile(workerData as string);
const writes = createConnectionWrites(file);

function reply(message: ThreadReply): void {
  parentPort?.postMessage(message);
}

function perform(on: ConnectionWrites, order: ThreadOrder): number | undefined {
  switch (order.kind) {
    case 'rows':
      on.rows(order.stamp, unpackWrites(order.writes));
      return undefined;
    case 'bury':
      on.bury(order.stamp, order.key);
      return undefined;
    case 'drop':
      return on.drop(order.key, order.most);
    case 'purge':
      return on.purge(order.before, order.most);
    case 'run':
      return on.run(order.sql, order.values);
  }
}

function answerTo(id: number, order: ThreadOrder): ThreadReply {
  try {
    return { id, value: perform(writes, order) };
  } catch (error) {
    return { id, error: packError(error) };
  }
}

parentPort?.on('message', (request: ThreadRequest) => {
  if (request === 'close') {
    file[Symbol.dispose]();
    parentPort?.close();
    return;
  }
  reply(answerTo(request.id, request.order));
  try {
    writes.copyLog();
  } catch (error) {
    // Whatever else it is, it is tried again after the next write.
    if (error instanceof StoreError && error.problem === 'broken') reply({ broken: packError(error) });
  }
});

reply('ready');
