import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { WorkItemSchema } from '#gen/millrace/state/v1/work_item_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { boolean, list, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { claimedText } from '../text/item-text.ts';
import { MAX_DURATION_MS } from '../value-types.ts';

/** The longest that one call waits. */
const MAX_WAIT_MS = 50_000;
const MAX_TTL_MS: number = 30 * 24 * 60 * 60 * 1000;
/** What a call takes besides its waiting. */
const CALL_MS = 10_000;

/** `millrace queue claim`: takes the best item of some queues. */
export const CLAIM_COMMAND: Command = defineCommand({
  name: 'queue claim',
  summary: 'take the best work item of some queues',
  notes: 'What it prints settles the item: worker and fence go to `queue complete`, `queue fail` and `queue renew`.',
  options: {
    worker: { type: text('worker'), doc: 'who claims', isRequired: true },
    queues: { type: list(text('queue')), doc: 'the queues, by default `default`' },
    tags: { type: list(text('tag')), doc: "the worker's tags" },
    wait: {
      type: durationMs({ minMs: 0, maxMs: MAX_WAIT_MS }),
      doc: 'how long to wait for an item, by default not at all',
    },
    ttl: { type: durationMs({ minMs: 1, maxMs: MAX_TTL_MS }), doc: 'how long the lease holds, by default 30s' },
    noExpiry: { type: boolean(), doc: 'the lease holds for ever; `queue release` can end it' },
    session: { type: text('uuid'), doc: 'the session of a stream whose heartbeats keep the lease' },
    aging: {
      type: durationMs({ minMs: 1_000, maxMs: MAX_DURATION_MS }),
      doc: 'how long a priority level is worth in waiting, by default 5m',
    },
    noAging: { type: boolean(), doc: 'waiting raises no priority' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  check: ({ ttl, noExpiry, aging, noAging }) => [
    ...(ttl !== undefined && noExpiry === true ? ['--ttl, --no-expiry: only one of them'] : []),
    ...(aging !== undefined && noAging === true ? ['--aging, --no-aging: only one of them'] : []),
  ],
  async run(values, context) {
    const { worker, queues = [], tags = [], wait = 0, ttl, noExpiry, session = '', aging, noAging } = values;
    await using state = await openState(values, context);
    const { item } = await createClient(QueueService, state.channel).claimWorkItem(
      {
        tenantId: state.tenantId,
        workerId: worker,
        queues: [...queues],
        tags: [...tags],
        wait: durationFromMs(wait),
        sessionId: session,
        requestId: values.requestId ?? '',
        ...(ttl === undefined ? {} : { expiry: { case: 'ttl' as const, value: durationFromMs(ttl) } }),
        ...(noExpiry === true ? { expiry: { case: 'noExpiry' as const, value: true } } : {}),
        ...(aging === undefined ? {} : { aging: { case: 'agingInterval' as const, value: durationFromMs(aging) } }),
        ...(noAging === true ? { aging: { case: 'noAging' as const, value: true } } : {}),
      },
      { signal: context.signal, deadlineMs: wait + CALL_MS },
    );
    if (item === undefined) {
      context.terminal.note('no item');
      return { json: {} };
    }
    return { json: { item: messageJson(WorkItemSchema, item) }, text: claimedText(item, context.wallMs()) };
  },
});
