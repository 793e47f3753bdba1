import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { WorkItemSchema } from '#gen/millrace/state/v1/work_item_pb.ts';
import { durationMs, integer } from '#libs/config/number-types.ts';
import { list, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { readPayload } from '../calls/payload-input.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { INCARNATION_OPTION, payloadOptions, REQUEST_ID_OPTION } from '../run/run-options.ts';
import { itemLine, itemName } from '../text/item-text.ts';
import { MAX_DURATION_MS } from '../value-types.ts';
import { ITEM_RUN_OPTION } from './item-options.ts';

const { json, file, contentType } = payloadOptions('what is to be done');

/** `millrace queue enqueue`: makes a work item. */
export const ENQUEUE_COMMAND: Command = defineCommand({
  name: 'queue enqueue',
  summary: 'put a work item into a queue',
  args: { item: { type: text(), doc: "the item's id, by default a new one; one that is known is left as it is" } },
  options: {
    queue: { type: text('queue'), doc: 'the queue, by default `default`' },
    ...ITEM_RUN_OPTION,
    ...INCARNATION_OPTION,
    node: { type: text('node'), doc: 'the node or task that it is for' },
    payload: json,
    payloadFile: file,
    contentType,
    priority: { type: integer({ min: 1, max: 5 }), doc: '1, the most urgent, to 5; by default 3' },
    tags: { type: list(text('tag')), doc: 'tags that a worker must all have to get it' },
    maxAttempts: { type: integer({ min: 1, max: 1_000_000 }), doc: 'how often it is tried, by default 3' },
    delay: { type: durationMs({ minMs: 0, maxMs: MAX_DURATION_MS }), doc: 'it is not offered before so long' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  check: ({ payload, payloadFile, contentType: type, incarnation, run }) => [
    ...(payload !== undefined && payloadFile !== undefined ? ['--payload, --payload-file: only one of them'] : []),
    ...(type !== undefined && payloadFile === undefined ? ['--content-type: only with --payload-file'] : []),
    ...(incarnation !== undefined && run === undefined ? ['--incarnation: only with --run'] : []),
  ],
  async run(values, context) {
    const { item: itemId = '', queue = '', run: runId = '', incarnation = '', node: nodeId = '', tags = [] } = values;
    const { priority, maxAttempts, delay, requestId = '' } = values;
    await using state = await openState(values, context);
    const source = { json: values.payload, file: values.payloadFile, contentType: values.contentType };
    const payload = await readPayload(source, runId, state, context);
    const { item, created } = await createClient(QueueService, state.channel).enqueueWorkItem(
      {
        tenantId: state.tenantId,
        itemId,
        runId,
        incarnation,
        nodeId,
        queue,
        tags: [...tags],
        requestId,
        ...(payload === undefined ? {} : { payload }),
        ...(priority === undefined ? {} : { priority }),
        ...(maxAttempts === undefined ? {} : { maxAttempts }),
        ...(delay === undefined ? {} : { notBeforeTime: timestampFromMs(context.wallMs() + delay) }),
      },
      { signal: context.signal },
    );
    const made = answered(item, 'the item');
    return {
      json: { created, item: messageJson(WorkItemSchema, made) },
      text: created
        ? `put ${itemName(made)} into queue ${made.queue}`
        : `${itemLine(made, context.wallMs())}: it was there before`,
    };
  },
});
