import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { LeaseSchema } from '#gen/millrace/state/v1/lease_pb.ts';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { leaseText } from '../text/item-text.ts';
import { HOLD_OPTIONS, ITEM_ARGUMENT } from './item-options.ts';

const MAX_TTL_MS: number = 30 * 24 * 60 * 60 * 1000;

/** `millrace queue renew`: holds a work item longer. */
export const RENEW_COMMAND: Command = defineCommand({
  name: 'queue renew',
  summary: 'hold a work item longer',
  args: ITEM_ARGUMENT,
  options: {
    ...HOLD_OPTIONS,
    ttl: { type: durationMs({ minMs: 1, maxMs: MAX_TTL_MS }), doc: 'how long from now on, by default 30s' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { item: itemId, run: runId = '', worker: workerId, fence, ttl, requestId = '' } = values;
    await using state = await openState(values, context);
    const hold = { tenantId: state.tenantId, itemId, runId, workerId, fence, requestId };
    const answer = await createClient(QueueService, state.channel).renewLease(
      { ...hold, ...(ttl === undefined ? {} : { ttl: durationFromMs(ttl) }) },
      { signal: context.signal },
    );
    const lease = answered(answer.lease, 'the lease');
    return {
      json: { lease: messageJson(LeaseSchema, lease) },
      text: `${workerId} has ${itemId} ${leaseText(lease, context.wallMs())}`,
    };
  },
});
