import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { PollWorkRequestSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { CancelRunRequestSchema, StartRunRequestSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { WorkCompletionSchema, WorkFailureSchema } from '#gen/millrace/state/v1/work_up_pb.ts';
import { guardOf } from './guard.ts';
import { isPlain } from './plain-names.ts';
import { violationsOf } from './validate.ts';

test('a name with a control character is told by its path, wherever it stands', () => {
  const start = create(StartRunRequestSchema, {
    runId: 'a\nb',
    workflow: 'order',
    tags: ['good', 'b\u0000d'],
    attributes: { 'a\u0001': { kind: { case: 'keywordValue', value: 'two\nlines' } } },
    firstTask: { taskId: 'a', tags: ['\u007f'] },
  });
  const violations = violationsOf(StartRunRequestSchema, start);
  expect(violations.map(({ field }) => field)).toEqual([
    'run_id',
    'first_task.tags[0]',
    'tags[1]',
    'attributes["a\\u0001"]',
  ]);
  expect(violations[0]).toEqual({
    field: 'run_id',
    description: 'must have no control characters',
    rule: 'string.plain',
  });
  expect(guardOf(StartRunRequestSchema)(start)).toBe(false);
});

test('names within lists of messages have their whole path', () => {
  const definitions = [
    { workflow: 'order', version: '1' },
    { workflow: 'order', version: '1\t' },
  ];
  const request = create(PollWorkRequestSchema, { workerId: 'w', definitions });
  expect(violationsOf(PollWorkRequestSchema, request).map(({ field }) => field)).toEqual(['definitions[1].version']);
});

test('what is for people may have lines', () => {
  const request = create(CancelRunRequestSchema, { runId: 'r', reason: 'two\nlines' });
  expect(violationsOf(CancelRunRequestSchema, request)).toEqual([]);
  expect(guardOf(CancelRunRequestSchema)(request)).toBe(true);
});

test('the type of a failure is what user code calls it', () => {
  const failure = { type: 'Odd\nError', message: 'a\nb', causes: [{ type: '\u0000' }] };
  expect(violationsOf(WorkFailureSchema, create(WorkFailureSchema, { failure }))).toEqual([]);
});

test('what a payload holds is not looked at', () => {
  const output = { value: { case: 'json', value: '{"a":\n1}' } } as const;
  expect(violationsOf(WorkCompletionSchema, create(WorkCompletionSchema, { output }))).toEqual([]);
});

test.each([
  ['plain', true],
  ['ünï\u{1f600}', true],
  ['', true],
  ['\u0000', false],
  ['a\u0085', false],
  [['a', 'b'], true],
  [['a', 'b\n'], false],
  [{ a: 1 }, true],
  [{ 'a\n': 1 }, false],
])('of %j it is known whether it is plain', (value, plain) => {
  expect(isPlain(value)).toBe(plain);
});
