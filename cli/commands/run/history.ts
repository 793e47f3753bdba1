import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { boolean } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { printEvent, printUntilEnd } from './print-events.ts';
import { EVENT_OPTIONS, INCARNATION_OPTION, RUN_ARGUMENT, sequenceBefore } from './run-options.ts';

const PAGE_SIZE = 1_000;

/** `millrace run history`: prints the log of a run. */
export const HISTORY_COMMAND: Command = defineCommand({
  name: 'run history',
  summary: 'print the events of a run so far',
  notes: 'A line for each event, with --json {"event": …}.',
  args: RUN_ARGUMENT,
  options: {
    follow: { type: boolean(), doc: 'go on with what is to come, until the run has ended, as run watch does' },
    ...EVENT_OPTIONS,
    ...INCARNATION_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    await using state = await openState(values, context);
    const afterSequence = sequenceBefore(values.since);
    const includeSystem = values.system === true;
    const ref = { tenantId: state.tenantId, runId: values.run, incarnation: values.incarnation ?? '' };
    if (values.follow === true) {
      return await printUntilEnd(state, { ...ref, afterSequence, includeSystem }, context);
    }
    const log = createClient(EventLogService, state.channel);
    let pageToken = '';
    do {
      const request = { ...ref, afterSequence, includeSystem, pageSize: PAGE_SIZE, pageToken };
      const page = await log.listEvents(request, { signal: context.signal });
      for (const event of page.events) {
        printEvent(context.out, event);
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return {};
  },
});
