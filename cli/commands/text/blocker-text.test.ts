import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { type Blocker, BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import { type Wait, WaitSchema } from '#gen/millrace/state/v1/wait_pb.ts';
import { blockerText } from './blocker-text.ts';
import { localTime } from './times.ts';
import { waitText } from './wait-text.ts';

type Init = Exclude<MessageInitShape<typeof BlockerSchema>, Blocker>;
type WaitInit = Exclude<MessageInitShape<typeof WaitSchema>, Wait>;

const NOW = Date.UTC(2026, 2, 1, 12);
const at = (secondsAgo: number) => timestampFromMs(NOW - secondsAgo * 1_000);
const text = (init: Init, runId = 'order-42') => blockerText(create(BlockerSchema, init), runId, NOW);

test('work that nobody takes says which worker to start, and what those that are there lack', () => {
  const kind: NonNullable<Init['kind']> = {
    case: 'noWorker',
    value: {
      queue: 'gpu',
      tags: ['a100'],
      workflow: 'order',
      version: '3',
      task: 'ship',
      ahead: 12n,
      nearWorkers: [
        { workerId: 'w1', wrongVersion: true, missingTags: ['a100'] },
        { workerId: 'w2', noFreeSlot: true },
      ],
    },
  };
  expect(text({ nodePath: 'ship', sinceTime: at(200), kind })).toBe(
    `- ship: no worker takes it from queue gpu; about 12 items stand before it (for 3 m 20 s)
    start a worker that announces order 3, takes from queue gpu, runs task ship, has the tags a100
    worker w1 does not announce the version, lacks the tags a100
    worker w2 has no free slot`,
  );
});

test('what a person can type is there to be copied, quoted where it has to be', () => {
  const signal = { case: 'signal', value: { name: 'paid', untilTime: at(-60) } } as const;
  expect(text({ kind: signal }, "it's 42")).toBe(
    `- waits for signal paid until ${localTime(NOW + 60_000)} (in 1 m)\n    millrace run signal 'it'\\''s 42' paid`,
  );
  const paused = { case: 'paused', value: { requestedBy: 'ada', reason: 'lunch' } } as const;
  expect(text({ kind: paused }, '-x')).toBe('- paused by ada: lunch\n    millrace run resume -- -x');
});

test('every kind of blocker that there is says something', () => {
  for (const field of BlockerSchema.oneofs[0]?.fields ?? []) {
    const line = text({ kind: { case: field.localName, value: {} } as NonNullable<Init['kind']> });
    expect(line).toMatch(/^- ./);
    expect(line).not.toMatch(/undefined|\[object|newer/);
  }
  expect(text({})).toBe('- something newer than this program');
});

test('every kind of wait that there is says something', () => {
  for (const field of WaitSchema.oneofs[0]?.fields ?? []) {
    const kind = { case: field.localName, value: {} } as NonNullable<WaitInit['kind']>;
    const line = waitText(create(WaitSchema, { nodePath: 'ship', kind }), NOW);
    expect(line).toMatch(/\(ship\)$/);
    expect(line).not.toMatch(/undefined|\[object|newer/);
  }
});
