import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { ControlKindSchema } from '#gen/millrace/state/v1/control_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { type Run } from '#gen/millrace/state/v1/run_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { attributeJson, enumName } from '../json/message-json.ts';
import { failureText, statusText } from './names.ts';
import { payloadText } from './payload-text.ts';
import { indent, type Row, renderFields, renderTable } from './table.ts';
import { describeAge, describeMoment, describeSpan } from './times.ts';
import { waitText } from './wait-text.ts';

const TITLES: Row = ['RUN', 'WORKFLOW', 'VERSION', 'STATUS', 'CREATED', 'TOOK'];

/** Runs as a table, without titles where there are none. */
export function runTable(runs: readonly Run[], nowMs: number): string {
  const rows = runs.map((run) => [
    run.runId,
    run.workflow,
    run.version,
    statusText(run),
    run.createTime === undefined ? '' : describeAge(timestampMs(run.createTime), nowMs),
    spanOf(run) ?? '',
  ]);
  return rows.length === 0 ? '' : renderTable(TITLES, rows);
}

/** A run in a line, as of now: `order-42 is RUNNING`, and which controls its runtime has not taken yet. */
export function runLine(run: Run): string {
  const pending = run.controls.map(({ kind }) => enumName(ControlKindSchema, kind));
  return `${run.runId} is ${statusText(run)}${pending.length === 0 ? '' : `, with ${pending.join(' and ')} pending`}`;
}

/** How a run ended, in a line: `order-42 FAILED after 2.5 s: CardDeclined: no funds`. */
export function endLine(run: Run): string {
  const span = spanOf(run);
  const why = failureText(run.failure) ?? controlText(run);
  return `${run.runId} ${statusText(run)}${span === undefined ? '' : ` after ${span}`}${why === undefined ? '' : `: ${why}`}`;
}

/** How a run stands once it was waited for: its end with its output, or what it still waits for. */
export function waitedText(run: Run, ended: boolean, nowMs: number): string {
  if (!ended) {
    const waits = run.waits.map((wait) => `waits for ${waitText(wait, nowMs)}`);
    return [`${run.runId} is still ${statusText(run)}`, ...waits.map(indent)].join('\n');
  }
  const output = run.status === RunStatus.COMPLETED ? maybePayload(run.output) : undefined;
  return [endLine(run), ...(output === undefined ? [] : [output])].join('\n');
}

/** Everything about a run. */
export function runText(run: Run, nowMs: number): string {
  const { failure, parent } = run;
  const time = (moment: Timestamp | undefined) => moment && describeMoment(moment, nowMs);
  const waits = run.waits.map((wait) => waitText(wait, nowMs));
  const span = run.endTime === undefined ? undefined : spanOf(run);
  return renderFields([
    ['Run', run.runId],
    ['Status', statusText(run)],
    ['Workflow', `${run.workflow} ${run.version}`],
    ['Incarnation', run.incarnation],
    ['Driver', run.driver === Driver.CLIENT ? 'its own runtime (CLIENT)' : ''],
    ['Parent', parent && `${parent.runId} at ${parent.nodePath}`],
    ['Queue', run.queue],
    ['Priority', String(run.priority)],
    ['Tags', run.tags.join(', ')],
    ['Attributes', attributesText(run)],
    ['Created', time(run.createTime)],
    ['Started', time(run.startTime)],
    ['Ended', run.endTime && `${time(run.endTime)}${span === undefined ? '' : `, after ${span}`}`],
    ['Wakes', time(run.wakeTime)],
    ['Kept until', time(run.expireTime)],
    ['Events', String(run.lastSequence)],
    ['Waits for', waits.length > 1 ? `\n${waits.join('\n')}`.slice(1) : waits[0]],
    [
      'Controls',
      run.controls.map(({ kind, requestedBy }) => `${enumName(ControlKindSchema, kind)} by ${requestedBy}`).join(', '),
    ],
    ['Ended by', controlText(run)],
    ['Failure', failureText(failure)],
    ['Caused by', failure?.causes.map(({ type, message }) => `${type}: ${message}`).join('\n')],
    ['Stack', failure?.stack],
    ['Input', maybePayload(run.input)],
    ['State', maybePayload(run.state)],
    ['Output', maybePayload(run.output)],
  ]);
}

/** Who ended a run by a control, and why. */
function controlText({ endedBy, endReason }: Run): string | undefined {
  const said = [endedBy === '' ? '' : `by ${endedBy}`, endReason].filter((part) => part !== '');
  return said.length === 0 ? undefined : said.join(': ');
}

function attributesText({ attributes }: Run): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${JSON.stringify(attributeJson(value))}`)
    .join(', ');
}

function maybePayload(payload: Payload | undefined): string | undefined {
  return payload === undefined ? undefined : payloadText(payload);
}

/** How long a run took from its creation to its end. */
function spanOf({ createTime, endTime }: Run): string | undefined {
  return createTime === undefined || endTime === undefined
    ? undefined
    : describeSpan(timestampMs(endTime) - timestampMs(createTime));
}
