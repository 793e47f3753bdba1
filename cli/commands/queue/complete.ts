import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { WorkItemSchema } from '#gen/millrace/state/v1/work_item_pb.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { readPayload } from '../calls/payload-input.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { payloadOptions, REQUEST_ID_OPTION } from '../run/run-options.ts';
import { itemName } from '../text/item-text.ts';
import { HOLD_OPTIONS, ITEM_ARGUMENT } from './item-options.ts';

const { json, file, contentType } = payloadOptions('what came of it');

/** `millrace queue complete`: a work item is done. */
export const COMPLETE_COMMAND: Command = defineCommand({
  name: 'queue complete',
  summary: 'say that a work item is done',
  args: ITEM_ARGUMENT,
  options: { ...HOLD_OPTIONS, output: json, outputFile: file, contentType, ...REQUEST_ID_OPTION, ...STATE_OPTIONS },
  check: ({ output, outputFile, contentType: type }) => [
    ...(output !== undefined && outputFile !== undefined ? ['--output, --output-file: only one of them'] : []),
    ...(type !== undefined && outputFile === undefined ? ['--content-type: only with --output-file'] : []),
  ],
  async run(values, context) {
    const { item: itemId, run: runId = '', worker: workerId, fence, requestId = '' } = values;
    await using state = await openState(values, context);
    const source = { json: values.output, file: values.outputFile, contentType: values.contentType };
    const output = await readPayload(source, runId, state, context);
    const hold = { tenantId: state.tenantId, itemId, runId, workerId, fence, requestId };
    const answer = await createClient(QueueService, state.channel).completeWorkItem(
      { ...hold, ...(output === undefined ? {} : { output }) },
      { signal: context.signal },
    );
    const item = answered(answer.item, 'the item');
    return { json: { item: messageJson(WorkItemSchema, item) }, text: `completed ${itemName(item)}` };
  },
});
