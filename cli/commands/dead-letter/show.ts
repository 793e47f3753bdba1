import { DeadLetterSchema } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { deadLetterText } from '../text/item-text.ts';
import { DEAD_LETTER_ARGUMENT } from './dead-letter-options.ts';

/** `millrace dead-letter show`: shows one with its payload, its attempts and their errors. */
export const SHOW_DEAD_LETTER_COMMAND: Command = defineCommand({
  name: 'dead-letter show',
  summary: 'show a dead letter with its payload, its attempts and their errors',
  args: DEAD_LETTER_ARGUMENT,
  options: { ...STATE_OPTIONS },
  async run(values, context) {
    await using state = await openState(values, context);
    const request = { tenantId: state.tenantId, deadLetterId: values.deadLetter };
    const answer = await createClient(QueueService, state.channel).getDeadLetter(request, { signal: context.signal });
    const letter = answered(answer.deadLetter, 'the dead letter');
    return { json: { deadLetter: messageJson(DeadLetterSchema, letter) }, text: deadLetterText(letter) };
  },
});
