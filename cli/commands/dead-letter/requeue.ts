import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { WorkItemSchema } from '#gen/millrace/state/v1/work_item_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { itemLine } from '../text/item-text.ts';
import { MAX_DURATION_MS } from '../value-types.ts';
import { DEAD_LETTER_ARGUMENT } from './dead-letter-options.ts';

/** `millrace dead-letter requeue`: puts an item back. */
export const REQUEUE_DEAD_LETTER_COMMAND: Command = defineCommand({
  name: 'dead-letter requeue',
  summary: 'put the work item of a dead letter back, at its first attempt',
  args: DEAD_LETTER_ARGUMENT,
  options: {
    delay: { type: durationMs({ minMs: 0, maxMs: MAX_DURATION_MS }), doc: 'it is not offered before so long' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { deadLetter: deadLetterId, delay, requestId = '' } = values;
    await using state = await openState(values, context);
    const answer = await createClient(QueueService, state.channel).requeueDeadLetter(
      {
        tenantId: state.tenantId,
        deadLetterId,
        requestId,
        ...(delay === undefined ? {} : { notBeforeTime: timestampFromMs(context.wallMs() + delay) }),
      },
      { signal: context.signal },
    );
    const item = answered(answer.item, 'the item');
    return { json: { item: messageJson(WorkItemSchema, item) }, text: itemLine(item, context.wallMs()) };
  },
});
