import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { WorkItemSchema } from '#gen/millrace/state/v1/work_item_pb.ts';
import { integer } from '#libs/config/number-types.ts';
import { list, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { itemLine } from '../text/item-text.ts';

/** `millrace queue reclaim`: ends the leases that are over. */
export const RECLAIM_COMMAND: Command = defineCommand({
  name: 'queue reclaim',
  summary: 'end the leases of work items that are over, which also happens by itself',
  options: {
    queues: { type: list(text('queue')), doc: 'only of these queues' },
    limit: { type: integer({ min: 1, max: 1_000 }), doc: 'how many at most, by default 100' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { queues = [], limit = 0, requestId = '' } = values;
    await using state = await openState(values, context);
    const request = { tenantId: state.tenantId, queues: [...queues], pageSize: limit, requestId };
    const client = createClient(QueueService, state.channel);
    const { retryable, exhausted, more } = await client.reclaimExpiredLeases(request, { signal: context.signal });
    if (retryable.length + exhausted.length === 0) context.terminal.note('no lease was over');
    if (more) context.terminal.note('there are more: call it again');
    return {
      json: {
        retryable: retryable.map((item) => messageJson(WorkItemSchema, item)),
        exhausted: exhausted.map((item) => messageJson(WorkItemSchema, item)),
        more,
      },
      text: [...retryable, ...exhausted].map((item) => itemLine(item, context.wallMs())).join('\n'),
    };
  },
});
