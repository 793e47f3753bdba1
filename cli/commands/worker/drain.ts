import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { WorkerSchema } from '#gen/millrace/state/v1/worker_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';

const MAX_GRACE_MS = 3_600_000;

/** `millrace worker drain`: tells a worker to take no new work. */
export const DRAIN_WORKER_COMMAND: Command = defineCommand({
  name: 'worker drain',
  summary: 'tell a worker to take no new work and to end or hand back what it has',
  args: { worker: { type: text(), doc: "the worker's id", isRequired: true } },
  options: {
    grace: {
      type: durationMs({ minMs: 0, maxMs: MAX_GRACE_MS }),
      doc: 'how long it has to end what it holds, by default 25s',
    },
    reason: { type: text('text'), doc: 'why' },
    undo: { type: boolean(), doc: 'take a drain back' },
    requestId: { type: text('id'), doc: 'makes a repeat safe for 24 h' },
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { worker: workerId, grace, reason = '', undo = false, requestId = '' } = values;
    await using state = await openState(values, context);
    const answer = await createClient(DispatchService, state.channel).drainWorker(
      {
        tenantId: state.tenantId,
        workerId,
        reason,
        undo,
        requestId,
        ...(grace === undefined ? {} : { grace: durationFromMs(grace) }),
      },
      { signal: context.signal },
    );
    const worker = answered(answer.worker, 'the worker');
    const held = `${worker.leased} of ${worker.slots} slots in use`;
    return {
      json: { worker: messageJson(WorkerSchema, worker) },
      text: `${workerId} ${worker.draining ? 'drains' : 'takes work'}, ${held}`,
    };
  },
});
