import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Run, RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { type CancelRunRequestSchema, RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { text } from '#libs/config/text-types.ts';
import type { CallOptions } from '#libs/rpc/client/call-options.ts';
import { createClient, type RpcClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { runLine } from '../text/run-text.ts';
import { INCARNATION_OPTION, REQUEST_ID_OPTION, RUN_ARGUMENT } from './run-options.ts';

/** The fields that all controls have. */
export type ControlRequest = Omit<
  Exclude<MessageInitShape<typeof CancelRunRequestSchema>, { $typeName: string }>,
  '$typeName'
>;

/** A control as a command. */
export interface ControlVerb {
  /** The word after `run`. */
  readonly verb: string;
  readonly summary: string;
  readonly notes?: string;
  /** Makes the call. */
  readonly call: (
    runs: RpcClient<typeof RunService>,
    request: ControlRequest,
    options: CallOptions,
  ) => Promise<{ readonly run?: Run | undefined }>;
}

/** A command that steers a run, and shows how it stands after that. */
export function defineControl({ verb, summary, notes, call }: ControlVerb): Command {
  return defineCommand({
    name: `run ${verb}`,
    summary,
    ...(notes === undefined ? {} : { notes }),
    args: RUN_ARGUMENT,
    options: {
      reason: { type: text('text'), doc: 'why, for those who look at the run' },
      requestedBy: { type: text('name'), doc: "who asks, by default the token's name" },
      ...INCARNATION_OPTION,
      ...REQUEST_ID_OPTION,
      ...STATE_OPTIONS,
    },
    async run(values, context) {
      const { run: runId, incarnation = '', reason = '', requestedBy = '', requestId = '' } = values;
      await using state = await openState(values, context);
      const runs = createClient(RunService, state.channel);
      const request = { tenantId: state.tenantId, runId, incarnation, reason, requestedBy, requestId };
      const { run } = await call(runs, request, { signal: context.signal });
      const found = answered(run, 'the run');
      return { json: { run: messageJson(RunSchema, found) }, text: runLine(found) };
    },
  });
}
