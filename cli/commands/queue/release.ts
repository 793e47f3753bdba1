import { LeaseSchema } from '#gen/millrace/state/v1/lease_pb.ts';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { fence } from '../value-types.ts';
import { ITEM_RUN_OPTION } from './item-options.ts';

/** `millrace queue release`: an operator ends a lease. */
export const RELEASE_COMMAND: Command = defineCommand({
  name: 'queue release',
  summary: 'end the lease of a work item or task, whoever has it',
  args: { work: { type: text(), doc: 'the id of the item, or with --task of the task', isRequired: true } },
  options: {
    ...ITEM_RUN_OPTION,
    task: { type: boolean(), doc: 'it is a task of the run' },
    fence: { type: fence(), doc: 'only this lease, by default whatever lease there is' },
    countAttempt: { type: boolean(), doc: 'the attempt counts' },
    reason: { type: text('why'), doc: 'why, for the audit log' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  check: ({ task, run }) => (task === true && run === undefined ? ['--task: only with --run'] : []),
  async run(values, context) {
    const { work, run: runId = '', task, fence: only, countAttempt, reason = '', requestId = '' } = values;
    await using state = await openState(values, context);
    const answer = await createClient(QueueService, state.channel).forceRelease(
      {
        tenantId: state.tenantId,
        runId,
        work: { case: task === true ? 'taskId' : 'itemId', value: work },
        countAttempt: countAttempt === true,
        reason,
        requestId,
        ...(only === undefined ? {} : { fence: only }),
      },
      { signal: context.signal },
    );
    const lease = answered(answer.lease, 'the lease');
    return { json: { lease: messageJson(LeaseSchema, lease) }, text: `released ${work}, which ${lease.workerId} had` };
  },
});
