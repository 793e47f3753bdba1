import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import { type Run, RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { endLine, runLine, runTable, runText, waitedText } from './run-text.ts';
import { localTime } from './times.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const at = (secondsAgo: number) => timestampFromMs(NOW - secondsAgo * 1_000);

function runOf(init: Exclude<MessageInitShape<typeof RunSchema>, Run>): Run {
  return create(RunSchema, {
    runId: 'order-42',
    incarnation: '0195',
    workflow: 'order',
    version: '3',
    status: RunStatus.RUNNING,
    priority: 3,
    createTime: at(180),
    ...init,
  });
}

test('a table has a row for each run', () => {
  const runs = [
    runOf({ cancelling: true }),
    runOf({ runId: 'o1', status: RunStatus.COMPLETED, createTime: at(7_200), endTime: at(7_197.5) }),
  ];
  expect(runTable(runs, NOW)).toBe(`RUN        WORKFLOW   VERSION   STATUS                 CREATED   TOOK
order-42   order      3         RUNNING (cancelling)   3 m ago   -
o1         order      3         COMPLETED              2 h ago   2.5 s`);
  expect(runTable([], NOW)).toBe('');
});

test('a run is shown with what it waits for and its documents', () => {
  const run = runOf({
    queue: 'default',
    tags: ['a', 'b'],
    attributes: { customer: { kind: { case: 'keywordValue', value: 'acme' } } },
    lastSequence: 7n,
    waits: [{ nodePath: 'approve', kind: { case: 'signal', value: { name: 'paid', untilTime: at(-60) } } }],
    input: { value: { case: 'json', value: '{"a":1}' } },
  });
  expect(runText(run, NOW)).toBe(`Run           order-42
Status        RUNNING
Workflow      order 3
Incarnation   0195
Queue         default
Priority      3
Tags          a, b
Attributes    customer="acme"
Created       ${localTime(NOW - 180_000)} (3 m ago)
Events        7
Waits for     signal paid until ${localTime(NOW + 60_000)} (in 1 m) (approve)
Input
  {
    "a": 1
  }`);
});

test('a failed run is shown with what caused it and the stack', () => {
  const failure = { type: 'E', message: 'no', stack: 'at a\nat b', causes: [{ type: 'C', message: 'because' }] };
  const text = runText(runOf({ status: RunStatus.FAILED, endTime: at(60), failure }), NOW);
  expect(text).toContain(`Ended         ${localTime(NOW - 60_000)} (1 m ago), after 2 m`);
  expect(text).toContain('Failure       E: no\nCaused by     C: because\nStack\n  at a\n  at b');
});

test('the line about an end says why', () => {
  const endTime = at(177.5);
  expect(endLine(runOf({ status: RunStatus.COMPLETED, endTime }))).toBe('order-42 COMPLETED after 2.5 s');
  expect(endLine(runOf({ status: RunStatus.FAILED, endTime, failure: { type: 'E', message: 'no' } }))).toBe(
    'order-42 FAILED after 2.5 s: E: no',
  );
  expect(endLine(runOf({ status: RunStatus.TERMINATED, endTime, endedBy: 'ada', endReason: 'old' }))).toBe(
    'order-42 TERMINATED after 2.5 s: by ada: old',
  );
});

test('the line about now says which controls are pending', () => {
  expect(runLine(runOf({ controls: [{ kind: ControlKind.CANCEL }] }))).toBe('order-42 is RUNNING, with CANCEL pending');
  expect(runLine(runOf({ quarantined: true }))).toBe('order-42 is RUNNING (quarantined)');
});

test('what was waited for comes with its output, or with what it still waits for', () => {
  const output = { value: { case: 'json', value: '[1]' } } as const;
  expect(waitedText(runOf({ status: RunStatus.COMPLETED, output }), true, NOW)).toBe('order-42 COMPLETED\n[\n  1\n]');
  const waits = [{ kind: { case: 'worker', value: { queue: 'default' } } } as const];
  expect(waitedText(runOf({ waits }), false, NOW)).toBe(
    'order-42 is still RUNNING\n  waits for a worker to take it from queue default',
  );
});
