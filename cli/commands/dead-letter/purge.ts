import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { UsageError } from '../usage-error.ts';
import { FILTER_OPTIONS, maybeFilter } from './dead-letter-options.ts';

/** `millrace dead-letter purge`: removes dead letters for good. */
export const PURGE_DEAD_LETTERS_COMMAND: Command = defineCommand({
  name: 'dead-letter purge',
  summary: 'remove dead letters with their work items',
  notes:
    'One that is named, those of a filter, or with --every all of them. On a terminal it asks before it removes more than\n' +
    'one, elsewhere it wants --yes.',
  args: { deadLetter: { type: text(), doc: "the dead letter's id" } },
  options: {
    ...FILTER_OPTIONS,
    every: { type: boolean(), doc: 'every dead letter of the tenant' },
    yes: { type: boolean(), doc: 'do not ask' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { deadLetter, every, yes, requestId = '' } = values;
    const { terminal, signal } = context;
    const filter = maybeFilter(values, context.wallMs());
    const said = [deadLetter !== undefined, filter !== undefined, every === true].filter(Boolean).length;
    if (said !== 1) throw new UsageError(['<dead-letter>, a filter, --every: exactly one of them']);
    if (deadLetter === undefined && yes !== true) {
      if (!terminal.canAsk) throw new UsageError(['--yes: is missing, and nobody is at a terminal to be asked']);
      const which = every === true ? 'every dead letter' : 'all dead letters of the filter';
      if (!(await terminal.confirm(`Remove ${which} for good?`))) throw new StartError('nothing was removed');
    }
    await using state = await openState(values, context);
    const { purged } = await createClient(QueueService, state.channel).purgeDeadLetters(
      {
        tenantId: state.tenantId,
        deadLetterIds: deadLetter === undefined ? [] : [deadLetter],
        all: every === true,
        requestId,
        ...(filter === undefined ? {} : { filter }),
      },
      { signal },
    );
    const count = Number(purged);
    return { json: { purged: count }, text: `removed ${count} ${count === 1 ? 'dead letter' : 'dead letters'}` };
  },
});
