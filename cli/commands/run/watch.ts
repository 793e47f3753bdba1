import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { printUntilEnd } from './print-events.ts';
import { EVENT_OPTIONS, INCARNATION_OPTION, RUN_ARGUMENT, sequenceBefore } from './run-options.ts';

/** `millrace run watch`: prints a run's events as they happen, until it has ended. */
export const WATCH_COMMAND: Command = defineCommand({
  name: 'run watch',
  summary: 'print the events of a run as they happen, until it has ended',
  notes:
    'A line for each event: number, time, kind, what it is about. The last line says how the run ended; the exit code\n' +
    'does not, see run wait. With --json the lines are {"event": …}, and {"run": …} at the end.',
  args: RUN_ARGUMENT,
  options: { ...EVENT_OPTIONS, ...INCARNATION_OPTION, ...STATE_OPTIONS },
  async run(values, context) {
    await using state = await openState(values, context);
    const range = {
      tenantId: state.tenantId,
      runId: values.run,
      incarnation: values.incarnation ?? '',
      afterSequence: sequenceBefore(values.since),
      includeSystem: values.system === true,
    };
    return await printUntilEnd(state, range, context);
  },
});
