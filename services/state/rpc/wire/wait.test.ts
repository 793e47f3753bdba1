import { toJson } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { WaitSchema } from '#gen/millrace/state/v1/wait_pb.ts';
import type { WaitReason } from '#libs/engine/views/waits-for.ts';
import { FAILURE, FAILURE_JSON, INCARNATION, STEP, TIME, TIME_JSON } from './testing/samples.ts';
import { shapeFaults } from './testing/shape-faults.ts';
import { waitToProto } from './wait.ts';

const node = { nodePath: 'a/b', step: undefined, sinceTime: TIME };
const step = { nodePath: '', step: STEP, sinceTime: TIME };
const divergence = { expectedStep: 'a', foundStep: 'b', sourceLocation: 'c', build: 'd' };

const REASONS: ReadonlyArray<readonly [WaitReason, object]> = [
  [
    { kind: 'worker', ...node, itemSequence: 2, queue: 'gpu', workerId: 'w7' },
    { nodePath: 'a/b', worker: { itemId: `${INCARNATION}.2`, queue: 'gpu', workerId: 'w7' } },
  ],
  [
    { kind: 'timer', ...step, dueTime: TIME },
    { nodePath: '0/3/größe', timer: { dueTime: TIME_JSON } },
  ],
  [
    { kind: 'signal', ...step, name: 'go', untilTime: TIME },
    { nodePath: '0/3/größe', signal: { name: 'go', untilTime: TIME_JSON } },
  ],
  [
    { kind: 'signal', ...step, name: 'go', untilTime: undefined },
    { nodePath: '0/3/größe', signal: { name: 'go' } },
  ],
  [
    { kind: 'child', ...step, runId: 'c', incarnation: 'i' },
    { nodePath: '0/3/größe', child: { runId: 'c', incarnation: 'i' } },
  ],
  [
    { kind: 'retry', ...step, dueTime: TIME, attempt: 2, failureSequence: 9 },
    { nodePath: '0/3/größe', retry: { dueTime: TIME_JSON, attempt: 2, failure: FAILURE_JSON } },
  ],
  [
    { kind: 'retry', ...step, dueTime: TIME, attempt: 2, failureSequence: 8 },
    { nodePath: '0/3/größe', retry: { dueTime: TIME_JSON, attempt: 2 } },
  ],
  [{ kind: 'divergence', ...node, nodePath: '', divergence }, { divergence }],
];

test.each(REASONS)('a wait of kind $kind says what for, where and since when', (reason, json) => {
  const message = waitToProto(reason, INCARNATION, (sequence) => (sequence === 9 ? FAILURE : undefined));
  expect(shapeFaults(WaitSchema, message)).toEqual([]);
  expect(toJson(WaitSchema, message)).toEqual({ sinceTime: TIME_JSON, ...json });
});
