import { DeadLetterSchema } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { ITEM_ARGUMENT, ITEM_RUN_OPTION } from '../queue/item-options.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { fence } from '../value-types.ts';

/** `millrace dead-letter move`: nobody tries a work item any more. */
export const MOVE_TO_DEAD_LETTER_COMMAND: Command = defineCommand({
  name: 'dead-letter move',
  summary: 'make a dead letter of a work item',
  args: ITEM_ARGUMENT,
  options: {
    ...ITEM_RUN_OPTION,
    fence: { type: fence(), doc: "the lease's fence; an operator may leave it out" },
    type: { type: text('type'), doc: 'the type of the failure', default: 'Moved' },
    message: { type: text(), doc: 'why' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { item: itemId, run: runId = '', fence: held, type, message = '', requestId = '' } = values;
    await using state = await openState(values, context);
    const request = { tenantId: state.tenantId, itemId, runId, failure: { type, message }, requestId };
    const answer = await createClient(QueueService, state.channel).moveToDeadLetter(
      { ...request, ...(held === undefined ? {} : { fence: held }) },
      { signal: context.signal },
    );
    const letter = answered(answer.deadLetter, 'the dead letter');
    return {
      json: { deadLetter: messageJson(DeadLetterSchema, letter) },
      text: `${itemId} is the dead letter ${letter.deadLetterId}`,
    };
  },
});
