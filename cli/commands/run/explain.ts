import { BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import { RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { blockerText } from '../text/blocker-text.ts';
import { INCARNATION_OPTION, RUN_ARGUMENT } from './run-options.ts';

/** `millrace run explain`: says why a run does not move, and what can be done about it. */
export const EXPLAIN_COMMAND: Command = defineCommand({
  name: 'run explain',
  summary: 'say why a run does not move, and what can be done about it',
  args: RUN_ARGUMENT,
  options: { ...INCARNATION_OPTION, ...STATE_OPTIONS },
  async run(values, context) {
    await using state = await openState(values, context);
    const ref = { tenantId: state.tenantId, runId: values.run, incarnation: values.incarnation ?? '' };
    const answer = await createClient(RunService, state.channel).explainRun(ref, { signal: context.signal });
    // Of a partition that nobody serves the state is not known.
    const { summary, run, blockers, blockersTruncated } = answer;
    const nowMs = context.wallMs();
    return {
      json: {
        summary,
        ...(run === undefined ? {} : { run: messageJson(RunSchema, run) }),
        blockers: blockers.map((blocker) => messageJson(BlockerSchema, blocker)),
        blockersTruncated,
      },
      text: [
        summary,
        ...blockers.map((blocker) => blockerText(blocker, values.run, nowMs)),
        ...(blockersTruncated ? ['- and more than these'] : []),
      ].join('\n'),
    };
  },
});
