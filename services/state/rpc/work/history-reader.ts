import type { WorkResponse } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { HistoryRequest } from '#gen/millrace/state/v1/work_up_pb.ts';
import { readHistory } from '#libs/partition/serve/history.ts';
import type { StateContext } from '../context.ts';
import { historyToProto } from '../wire/assignment.ts';
import { type LogFault, workRejection } from '../wire/rejection.ts';
import type { DownBatch } from './down-batch.ts';
import { noAssignment } from './no-assignment.ts';
import type { StreamItems } from './stream-items.ts';

/** Events of one chunk at most. */
const CHUNK_EVENTS = 1_000;
/** Bytes of one chunk at most, as the log keeps them. */
const CHUNK_BYTES: number = 512 * 1024;

/** Sends events that a worker asks for. */
export interface HistoryReader {
  send(request: HistoryRequest): void;
}

/** Makes the reader of a stream. */
export function createHistoryReader(
  context: StateContext,
  items: StreamItems,
  batch: DownBatch<WorkResponse>,
  logFault: LogFault,
  signal: AbortSignal,
): HistoryReader {
  async function read({ handle, afterSequence }: HistoryRequest): Promise<void> {
    const item = items.get(handle);
    if (item === undefined) throw noAssignment();
    if (item.route !== undefined && item.route !== 'here') {
      const request: HistoryRequest = {
        $typeName: 'millrace.state.v1.HistoryRequest',
        handle: item.peerHandle,
        afterSequence,
      };
      item.route.open().historyRequest.push(request);
      return;
    }
    let after = Number(afterSequence);
    for (let isLast = false; !isLast; ) {
      if (signal.aborted || items.get(handle) !== item) return;
      const { key, proof } = item;
      const window = { afterSequence: after, maxEvents: CHUNK_EVENTS, maxBytes: CHUNK_BYTES };
      const partition = context.node.partitionOf(key);
      const { events, lastSequence } = await readHistory(context.history, partition, key, proof.incarnation, window);
      after = events.at(-1)?.sequence ?? lastSequence;
      isLast = after >= lastSequence;
      batch.open(CHUNK_BYTES).history.push(historyToProto(handle, item, events, isLast));
    }
  }

  return {
    send: (request) => {
      read(request).catch((error: unknown) => {
        batch.open().reject.push(workRejection(request.handle, 0, error, logFault));
      });
    },
  };
}
