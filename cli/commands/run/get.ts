import { RunSchema, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { runText } from '../text/run-text.ts';
import { INCARNATION_OPTION, RUN_ARGUMENT } from './run-options.ts';

/** `millrace run get`: shows a run with its documents. */
export const GET_COMMAND: Command = defineCommand({
  name: 'run get',
  summary: 'show a run: status, what it waits for, input, state and output',
  args: RUN_ARGUMENT,
  options: { ...INCARNATION_OPTION, ...STATE_OPTIONS },
  async run(values, context) {
    await using state = await openState(values, context);
    const { run } = await createClient(RunService, state.channel).getRun(
      {
        tenantId: state.tenantId,
        runId: values.run,
        incarnation: values.incarnation ?? '',
        view: RunView.FULL,
      },
      { signal: context.signal },
    );
    const found = answered(run, 'the run');
    return { json: { run: messageJson(RunSchema, found) }, text: runText(found, context.wallMs()) };
  },
});
