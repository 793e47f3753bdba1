import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { SkipReason } from '#gen/millrace/state/v1/task_events_pb.ts';
import { eventLine } from './event-text.ts';
import { localTimeWithMs } from './times.ts';

type Init = Exclude<MessageInitShape<typeof EventSchema>, Event>;

const TIME = Date.UTC(2026, 2, 1, 12, 0, 1, 250);
const time = timestampFromMs(TIME);
const shown = localTimeWithMs(TIME);
const json = (text: string) => ({ value: { case: 'json', value: text } }) as const;
const failure = { type: 'CardDeclined', message: 'no\nfunds' };
const step = { name: 'charge' };

function lineOf(kind: Init['kind']): string {
  return eventLine(create(EventSchema, { sequence: 12n, eventTime: time, ...(kind === undefined ? {} : { kind }) }));
}

test('a line has number, time, kind, what it is about, and details', () => {
  const value = { step: { scope: '0/1', name: 'charge', occurrence: 1 }, result: json('{"ok":true}'), attempt: 2 };
  expect(lineOf({ case: 'stepRecorded', value })).toBe(
    `    12  ${shown}  StepRecorded       0/1/charge#2: attempt 2, {"ok":true}`,
  );
});

test('a kind that this program does not know is a line too', () => {
  expect(lineOf({ case: undefined })).toBe(`    12  ${shown}  Unknown            newer than this program`);
});

const LINES: readonly (readonly [NonNullable<Init['kind']>, string])[] = [
  [{ case: 'runStarted', value: { workflow: 'order', version: '3', input: json('{"a":1}') } }, 'order 3: {"a":1}'],
  [{ case: 'runEnded', value: { status: RunStatus.FAILED, failure } }, 'FAILED: CardDeclined: no funds'],
  [{ case: 'runPaused', value: { requestedBy: 'ada', reason: 'lunch' } }, 'by ada, lunch'],
  [
    { case: 'controlRequested', value: { control: { kind: ControlKind.CANCEL, requestedBy: 'ada' } } },
    'CANCEL: by ada',
  ],
  [
    { case: 'stepFailed', value: { step, attempt: 1, failure, timedOut: true } },
    'charge: timed out, CardDeclined: no funds, for good',
  ],
  [
    { case: 'taskFailed', value: { nodePath: 'ship', attempt: 1, failure, retryTime: time, workerId: 'w1' } },
    `ship: CardDeclined: no funds, again at ${shown}, worker w1`,
  ],
  [{ case: 'taskSkipped', value: { nodePath: 'ship', reason: SkipReason.DEAD_EDGES } }, 'ship: DEAD_EDGES'],
  [{ case: 'timerStarted', value: { step: { name: 'sleep' }, dueTime: time } }, `sleep: until ${shown}`],
  [{ case: 'signalConsumed', value: { nodePath: 'approve', name: 'paid' } }, 'paid: approve'],
  [
    { case: 'childRejected', value: { runId: 'c1', rejection: { reason: ErrorReason.RUN_EXISTS, message: 'in use' } } },
    'c1: RUN_EXISTS: in use',
  ],
  [{ case: 'clientEvent', value: { type: 'TaskDone', data: json('[1]') } }, 'TaskDone: [1]'],
  [
    { case: 'systemRecord', value: { kind: { case: 'leaseGranted', value: { taskId: 'ship', workerId: 'w1' } } } },
    'lease granted: ship by w1',
  ],
];

test.each(LINES.map(([kind, about]) => [kind.case, kind, about] as const))('the line of %s', (_name, kind, about) => {
  expect(lineOf(kind)).toContain(`  ${about}`);
  expect(lineOf(kind)).not.toContain('\n');
});

test('every kind of event that there is makes one line', () => {
  for (const field of EventSchema.oneofs[0]?.fields ?? []) {
    const line = lineOf({ case: field.localName, value: {} } as Init['kind']);
    expect(line).toContain(`  ${field.message?.name}`);
    expect(line).not.toMatch(/undefined|\[object/);
  }
});
