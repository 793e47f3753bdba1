import { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { readPayload } from '../calls/payload-input.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { INCARNATION_OPTION, payloadOptions, REQUEST_ID_OPTION, RUN_ARGUMENT } from './run-options.ts';

const { json, file, contentType } = payloadOptions('what the signal carries');

/** `millrace run signal`: sends a named message to a run. */
export const SIGNAL_COMMAND: Command = defineCommand({
  name: 'run signal',
  summary: 'send a signal to a run',
  args: { ...RUN_ARGUMENT, signal: { type: text(), doc: "the signal's name", isRequired: true } },
  options: {
    payload: json,
    payloadFile: file,
    contentType,
    signalId: { type: text('id'), doc: "the sender's id of the signal: it is stored once in a run" },
    allowUnborn: { type: boolean(), doc: 'a run that does not exist yet gets it when it starts within 24 h' },
    ...INCARNATION_OPTION,
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  check: ({ payload, payloadFile, contentType: type }) => [
    ...(payload !== undefined && payloadFile !== undefined ? ['--payload, --payload-file: only one of them'] : []),
    ...(type !== undefined && payloadFile === undefined ? ['--content-type: only with --payload-file'] : []),
  ],
  async run(values, context) {
    const { run: runId, signal: name, incarnation = '', signalId = '', requestId = '' } = values;
    await using state = await openState(values, context);
    const source = { json: values.payload, file: values.payloadFile, contentType: values.contentType };
    const payload = await readPayload(source, runId, state, context);
    const answer = await createClient(SignalService, state.channel).sendSignal(
      {
        tenantId: state.tenantId,
        runId,
        incarnation,
        name,
        signalId,
        requestId,
        allowUnborn: values.allowUnborn === true,
        ...(payload === undefined ? {} : { payload }),
      },
      { signal: context.signal },
    );
    const { duplicate, unborn } = answer;
    return {
      json: { runId, incarnation: answer.incarnation, signal: name, duplicate, unborn },
      text: duplicate
        ? `${runId} has that signal already: nothing was sent`
        : `sent ${name} to ${runId}${unborn ? ', which gets it when it starts' : ''}`,
    };
  },
});
