import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { WorkItemSchema } from '#gen/millrace/state/v1/work_item_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { itemLine, itemName } from '../text/item-text.ts';
import { HOLD_OPTIONS, ITEM_ARGUMENT } from './item-options.ts';

const MAX_RETRY_MS: number = 365 * 24 * 60 * 60 * 1000;

/** `millrace queue fail`: an attempt of a work item failed. */
export const FAIL_COMMAND: Command = defineCommand({
  name: 'queue fail',
  summary: 'say that an attempt of a work item failed',
  notes: 'It comes back after 2^attempt s, at most 64 s, until its attempts are used up: then it is a dead letter.',
  args: ITEM_ARGUMENT,
  options: {
    ...HOLD_OPTIONS,
    type: { type: text('type'), doc: 'the type of the failure', default: 'Failed' },
    message: { type: text(), doc: 'what happened' },
    retryAfter: { type: durationMs({ minMs: 0, maxMs: MAX_RETRY_MS }), doc: 'it is not offered before so long' },
    rateLimited: { type: boolean(), doc: 'it was only too early: it is parked, and no attempt counts' },
    countAttempt: { type: boolean(), doc: 'with --rate-limited, the attempt counts all the same' },
    poison: { type: boolean(), doc: 'it can never be handled: it is a dead letter at once' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  check: ({ countAttempt, rateLimited, poison }) => [
    ...(countAttempt === true && rateLimited !== true ? ['--count-attempt: only with --rate-limited'] : []),
    ...(poison === true && rateLimited === true ? ['--poison, --rate-limited: only one of them'] : []),
  ],
  async run(values, context) {
    const { item: itemId, run: runId = '', worker: workerId, fence, requestId = '' } = values;
    const { type, message = '', retryAfter, rateLimited, countAttempt, poison } = values;
    await using state = await openState(values, context);
    const answer = await createClient(QueueService, state.channel).failWorkItem(
      {
        tenantId: state.tenantId,
        itemId,
        runId,
        workerId,
        fence,
        requestId,
        failure: { type, message },
        rateLimited: rateLimited === true,
        poison: poison === true,
        ...(countAttempt === true ? { countAttempt: true } : {}),
        ...(retryAfter === undefined ? {} : { retryAfter: durationFromMs(retryAfter) }),
      },
      { signal: context.signal },
    );
    const item = answered(answer.item, 'the item');
    const { deadLetterId } = answer;
    return {
      json: { item: messageJson(WorkItemSchema, item), deadLetterId },
      text:
        deadLetterId === '' ? itemLine(item, context.wallMs()) : `${itemName(item)} is the dead letter ${deadLetterId}`,
    };
  },
});
