import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { boolean } from '#libs/config/text-types.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { runLine } from '../text/run-text.ts';
import { UsageError } from '../usage-error.ts';
import { REQUEST_ID_OPTION, RUN_ARGUMENT } from './run-options.ts';

/** `millrace run delete`: removes a run for good. */
export const DELETE_COMMAND: Command = defineCommand({
  name: 'run delete',
  summary: 'delete a run with all its incarnations and all that belongs to them',
  notes: 'An open run is terminated first. On a terminal it asks before it does so, elsewhere it wants --yes.',
  args: RUN_ARGUMENT,
  options: {
    yes: { type: boolean(), doc: 'do not ask' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { run: runId, yes, requestId = '' } = values;
    const { terminal, signal } = context;
    if (yes !== true && !terminal.canAsk) {
      throw new UsageError(['--yes: is missing, and nobody is at a terminal to be asked']);
    }
    await using state = await openState(values, context);
    const { tenantId } = state;
    const runs = createClient(RunService, state.channel);
    if (yes !== true) {
      const { run } = await runs.getRun({ tenantId, runId }, { signal });
      const question = `${runLine(answered(run, 'the run'))}. Delete it with all its incarnations?`;
      if (!(await terminal.confirm(question))) {
        throw new StartError('nothing was deleted');
      }
    }
    const { deletedIncarnations, terminated } = await runs.deleteRun({ tenantId, runId, requestId }, { signal });
    const count = Number(deletedIncarnations);
    return {
      json: { runId, deletedIncarnations: count, terminated },
      text: `deleted ${runId}: ${count} ${count === 1 ? 'incarnation' : 'incarnations'}${terminated ? ', one of which was open' : ''}`,
    };
  },
});
