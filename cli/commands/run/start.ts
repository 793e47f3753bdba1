import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { ConflictPolicy, RunService, StartOutcome, StartOutcomeSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { durationMs, integer } from '#libs/config/number-types.ts';
import { boolean, choice, list, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { attributes } from '../attributes-type.ts';
import { answered } from '../calls/answered.ts';
import { readPayload } from '../calls/payload-input.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { waitForEnd } from '../calls/wait-for-end.ts';
import { type Command, defineCommand } from '../command.ts';
import { exitCodeOfStatus } from '../exit-codes.ts';
import { enumName, messageJson } from '../json/message-json.ts';
import { runLine, waitedText } from '../text/run-text.ts';
import { MAX_DURATION_MS } from '../value-types.ts';
import { payloadOptions, REQUEST_ID_OPTION } from './run-options.ts';

const POLICIES = {
  fail: ConflictPolicy.FAIL,
  'use-existing': ConflictPolicy.USE_EXISTING,
  'terminate-existing': ConflictPolicy.TERMINATE_EXISTING,
} as const;

const { json, file, contentType } = payloadOptions('the input');

/** `millrace run start`: starts a run, and waits for its end when it is asked to. */
export const START_COMMAND: Command = defineCommand({
  name: 'run start',
  summary: 'start a run of a workflow',
  notes:
    'With --wait the exit code tells how the run ended: 0 COMPLETED, 3 FAILED, 4 CANCELLED, 5 TERMINATED, 6 still open\n' +
    'when the time was up. Ctrl-C ends the waiting, not the run.',
  args: { workflow: { type: text(), doc: "the workflow's name", isRequired: true } },
  options: {
    id: { type: text('id'), doc: "the run's id, by default a new one" },
    version: { type: text('version'), doc: 'the version to run, by default the active one' },
    input: json,
    inputFile: file,
    contentType,
    wait: { type: boolean(), doc: 'wait until the run has ended' },
    timeout: {
      type: durationMs({ minMs: 0, maxMs: MAX_DURATION_MS }),
      doc: 'how long --wait waits, by default without an end',
    },
    conflict: {
      type: choice('fail', 'use-existing', 'terminate-existing'),
      doc: 'what happens when the id is in use: refuse, answer the run that is there, or end it and start anew',
      default: 'fail',
    },
    allowNewDefinition: { type: boolean(), doc: 'with terminate-existing, another definition is fine' },
    priority: { type: integer({ min: 1, max: 5 }), doc: "1, the most urgent, to 5; by default the definition's" },
    tags: { type: list(text('tag')), doc: 'tags that a worker must all have to get the work' },
    attributes: { type: attributes(), doc: 'values by which the run is found' },
    queue: { type: text('queue'), doc: "the queue of its work, by default the definition's" },
    runTimeout: {
      type: durationMs({ minMs: 1, maxMs: MAX_DURATION_MS }),
      doc: "how long the run may take, by default the definition's",
    },
    retention: {
      type: durationMs({ minMs: 60_000, maxMs: MAX_DURATION_MS }),
      doc: "how long it is kept after its end, by default the definition's",
    },
    driver: {
      type: choice('server', 'client'),
      doc: 'who advances it: the engine, or a runtime that keeps its state here',
      default: 'server',
    },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  check: ({ input, inputFile, contentType: type, timeout, wait, conflict, allowNewDefinition }) => [
    ...(input !== undefined && inputFile !== undefined ? ['--input, --input-file: only one of them'] : []),
    ...(type !== undefined && inputFile === undefined ? ['--content-type: only with --input-file'] : []),
    ...(timeout !== undefined && wait !== true ? ['--timeout: only with --wait; see --run-timeout'] : []),
    ...(allowNewDefinition === true && conflict !== 'terminate-existing'
      ? ['--allow-new-definition: only with --conflict terminate-existing']
      : []),
  ],
  async run(values, context) {
    const { workflow, id = '', version = '', priority, tags = [], queue = '', runTimeout, retention, wait } = values;
    await using state = await openState(values, context);
    const { tenantId, channel } = state;
    const runs = createClient(RunService, channel);
    const source = { json: values.input, file: values.inputFile, contentType: values.contentType };
    const input = await readPayload(source, id, state, context);
    const started = await runs.startRun(
      {
        tenantId,
        workflow,
        runId: id,
        version,
        tags: [...tags],
        queue,
        requestId: values.requestId ?? '',
        conflictPolicy: POLICIES[values.conflict],
        allowNewDefinition: values.allowNewDefinition === true,
        driver: values.driver === 'client' ? Driver.CLIENT : Driver.SERVER,
        attributes: values.attributes ?? {},
        ...(input === undefined ? {} : { input }),
        ...(priority === undefined ? {} : { priority }),
        ...(runTimeout === undefined ? {} : { runTimeout: durationFromMs(runTimeout) }),
        ...(retention === undefined ? {} : { retention: durationFromMs(retention) }),
      },
      { signal: context.signal },
    );
    const run = answered(started.run, 'the run');
    const outcome = enumName(StartOutcomeSchema, started.outcome);
    const text =
      started.outcome === StartOutcome.EXISTING
        ? `${runLine(run)}: it was there before`
        : `started ${run.runId} (incarnation ${run.incarnation})`;
    if (wait !== true) {
      return { json: { outcome, run: messageJson(RunSchema, run) }, text };
    }
    context.terminal.note(text);
    const ref = { tenantId, runId: run.runId, incarnation: run.incarnation };
    const waited = await waitForEnd(runs, ref, values.timeout ?? Number.POSITIVE_INFINITY, context);
    return {
      json: { outcome, ended: waited.ended, run: messageJson(RunSchema, waited.run) },
      text: waitedText(waited.run, waited.ended, context.wallMs()),
      exitCode: exitCodeOfStatus(waited.run.status),
    };
  },
});
