import { RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { waitForEnd } from '../calls/wait-for-end.ts';
import { type Command, defineCommand } from '../command.ts';
import { exitCodeOfStatus } from '../exit-codes.ts';
import { messageJson } from '../json/message-json.ts';
import { waitedText } from '../text/run-text.ts';
import { MAX_DURATION_MS } from '../value-types.ts';
import { INCARNATION_OPTION, RUN_ARGUMENT } from './run-options.ts';

/** `millrace run wait`: waits for the end of a run, and tells it by the exit code. */
export const WAIT_COMMAND: Command = defineCommand({
  name: 'run wait',
  summary: 'wait until a run has ended, and tell by the exit code how',
  notes: 'Exit codes: 0 COMPLETED, 3 FAILED, 4 CANCELLED, 5 TERMINATED, 6 still open when the time was up.',
  args: RUN_ARGUMENT,
  options: {
    timeout: {
      type: durationMs({ minMs: 0, maxMs: MAX_DURATION_MS }),
      doc: 'how long, by default without an end; 0s looks once',
    },
    ...INCARNATION_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    await using state = await openState(values, context);
    const runs = createClient(RunService, state.channel);
    const ref = { tenantId: state.tenantId, runId: values.run, incarnation: values.incarnation ?? '' };
    const { ended, run } = await waitForEnd(runs, ref, values.timeout ?? Number.POSITIVE_INFINITY, context);
    return {
      json: { ended, run: messageJson(RunSchema, run) },
      text: waitedText(run, ended, context.wallMs()),
      exitCode: exitCodeOfStatus(run.status),
    };
  },
});
