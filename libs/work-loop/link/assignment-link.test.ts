import { create } from '@bufbuild/protobuf';
import { afterEach, expect, test, vi } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { AssignmentSchema, type WorkRejection } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import type { FrameLine, LineFrame } from '../frames/frame-line.ts';
import { createSendBudget, type SendBudget } from '../frames/send-budget.ts';
import { NULL_PAYLOAD } from '../values/payload.ts';
import { AssignmentLink, NOBODY } from './assignment-link.ts';

afterEach(() => {
  vi.useRealTimers();
});

interface Rig {
  readonly link: AssignmentLink;
  readonly budget: SendBudget;
  readonly told: string[];
  /** What went over the stream: kind and ordinal. */
  readonly sent: string[];
  readonly record: (name: string) => void;
}

function lineInto(sent: string[]): FrameLine {
  const add = (frame: LineFrame): void => {
    const kind = frame.$typeName.slice('millrace.state.v1.'.length);
    sent.push('ordinal' in frame ? `${kind} ${frame.handle}/${frame.ordinal}` : `${kind} ${frame.handle}`);
  };
  const nothing = (): void => {};
  return {
    add,
    addCredits: nothing,
    beat: nothing,
    announce: nothing,
    retract: nothing,
    flush: nothing,
    drop: nothing,
  };
}

function rigOf(maxUnacknowledged = 100): Rig {
  const told: string[] = [];
  const sent: string[] = [];
  const budget = createSendBudget(1_000_000);
  const link = new AssignmentLink(create(AssignmentSchema, { handle: 2, runId: 'r', itemId: 'i', fence: 7n }), {
    budget,
    maxUnacknowledged,
    mending: { initialMs: 100, maxMs: 1_000 },
    random: () => 0,
    onOver: () => told.push('over'),
  });
  link.holder = {
    ...NOBODY,
    settled: () => told.push('settled'),
    lost: ({ reason }) => told.push(`lost ${reason}`),
    refused: ({ reason }) => told.push(`refused ${reason}`),
    moved: (durable, lastSequence) => told.push(`moved ${durable.length} ${lastSequence}`),
  };
  link.attach(lineInto(sent), 2);
  const record = (name: string): void => {
    const frame: StepRecord = {
      $typeName: 'millrace.state.v1.StepRecord',
      handle: 0,
      ordinal: 0,
      name,
      scope: '',
      occurrence: 0,
      attempt: 1,
      record: { case: 'result', value: NULL_PAYLOAD },
    };
    link.record(frame, {
      recorded: (_ordinal, sequence, isExact) => told.push(`${name} ${sequence}${isExact ? '' : ' or before'}`),
    });
  };
  return { link, budget, told, sent, record };
}

function rejection(ordinal: number, reason: ErrorReason): WorkRejection {
  return { $typeName: 'millrace.state.v1.WorkRejection', handle: 2, ordinal, reason, message: 'no', metadata: {} };
}

test('records get the next ordinals and are kept until everything up to them is acknowledged', () => {
  const { link, budget, told, sent, record } = rigOf();
  for (const name of ['a', 'b', 'c']) record(name);
  expect(sent).toEqual(['StepRecord 2/1', 'StepRecord 2/2', 'StepRecord 2/3']);
  link.acknowledge(2, 5, false);
  link.acknowledge(2, 5, false);
  expect(told).toEqual(['a 5 or before', 'b 5']);
  expect(link.unacknowledged).toBe(1);
  link.acknowledge(3, 6, false);
  expect(told).toEqual(['a 5 or before', 'b 5', 'c 6']);
  expect(budget.bytes).toBe(0);
});

test('what was not acknowledged is sent again over another stream, in order and before anything new', () => {
  const { link, told, sent, record } = rigOf();
  for (const name of ['a', 'b', 'c']) record(name);
  link.acknowledge(1, 4, false);
  link.detach();
  expect(link.heldAs(9)).toMatchObject({ handle: 9, ordinal: 1, lease: { runId: 'r', itemId: 'i', fence: 7n } });
  record('d');
  link.settle({ $typeName: 'millrace.state.v1.WorkCompletion', handle: 0, stepCount: 4 });
  sent.length = 0;
  link.move(lineInto(sent), 9, 2, 5);
  expect(sent).toEqual(['StepRecord 9/3', 'StepRecord 9/4', 'WorkCompletion 9']);
  expect(told).toEqual(['a 4', 'moved 1 5']);
  link.acknowledge(4, 7, false);
  expect(told.slice(2)).toEqual(['c 7 or before', 'd 7 or before']);
});

test('a lost assignment drops what was kept, and nothing of it is sent any more', () => {
  const { link, budget, told, sent, record } = rigOf();
  record('a');
  link.reject(rejection(1, ErrorReason.LEASE_LOST));
  record('b');
  link.acknowledge(1, 4, false);
  expect(told).toEqual(['over', 'lost LEASE_LOST']);
  expect(sent).toEqual(['StepRecord 2/1']);
  expect(budget.bytes).toBe(0);
  expect(link.isOver).toBe(true);
});

test('what is refused for now waits, with all that comes meanwhile, and is sent again after a pause that grows', () => {
  vi.useFakeTimers();
  const { link, told, sent, record } = rigOf();
  record('a');
  record('b');
  link.reject(rejection(1, ErrorReason.UNAVAILABLE));
  link.reject(rejection(2, ErrorReason.STEPS_MISSING));
  record('c');
  vi.advanceTimersByTime(99);
  expect(sent).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(sent.slice(2)).toEqual(['StepRecord 2/1', 'StepRecord 2/2', 'StepRecord 2/3']);
  link.reject(rejection(1, ErrorReason.OVERLOADED));
  vi.advanceTimersByTime(199);
  expect(sent).toHaveLength(5);
  vi.advanceTimersByTime(1);
  expect(sent).toHaveLength(8);
  expect(told).toEqual([]);
});

test('missing steps that are still missing after eight times are refused for good', () => {
  vi.useFakeTimers();
  const { link, told, record } = rigOf();
  record('a');
  for (let time = 0; time < 9; time += 1) {
    link.reject(rejection(1, ErrorReason.STEPS_MISSING));
    vi.advanceTimersByTime(1_000);
  }
  expect(told).toEqual(['refused STEPS_MISSING']);
});

test('a record that is refused for good takes with it what follows; later refusals of that do not matter', () => {
  const { link, told, sent, record } = rigOf();
  for (const name of ['a', 'b', 'c']) record(name);
  link.acknowledge(1, 4, false);
  link.reject(rejection(2, ErrorReason.PAYLOAD_TOO_LARGE));
  link.reject(rejection(3, ErrorReason.STEPS_MISSING));
  expect(told).toEqual(['a 4', 'refused PAYLOAD_TOO_LARGE']);
  expect(link.ordinal).toBe(1);
  link.settle({ $typeName: 'millrace.state.v1.WorkFailure', handle: 0, stepCount: link.ordinal, diverged: false });
  link.acknowledge(1, 5, true);
  expect(sent.at(-1)).toBe('WorkFailure 2');
  expect(told.slice(2)).toEqual(['over', 'settled']);
});

test('events that were asked for are asked for again over another stream until the last has come', () => {
  const { link, sent } = rigOf();
  link.recall(5);
  link.detach();
  link.move(lineInto(sent), 9, 0, 8);
  expect(sent).toEqual(['HistoryRequest 2', 'HistoryRequest 9']);
  link.recalled({ $typeName: 'millrace.state.v1.HistoryChunk', handle: 9, events: [], last: true });
  link.detach();
  link.move(lineInto(sent), 11, 0, 8);
  expect(sent).toHaveLength(2);
});

test('records that are not acknowledged have a limit that is named', () => {
  const { record } = rigOf(2);
  record('a');
  record('b');
  expect(() => record('c')).toThrow(
    expect.objectContaining({ reason: 'OVERLOADED', metadata: { limit: 'unacknowledged_records', maximum: '2' } }),
  );
});

test('what has no answer for long is sent again over the same stream', () => {
  const { link, told, sent, record } = rigOf();
  link.look();
  record('a');
  link.look();
  link.look();
  expect(sent).toEqual(['StepRecord 2/1']);
  link.look();
  expect(sent).toEqual(['StepRecord 2/1', 'StepRecord 2/1']);
  record('b');
  link.look();
  link.look();
  link.acknowledge(1, 4, false);
  link.look();
  expect(sent).toHaveLength(3);
  expect(told).toEqual(['a 4 or before']);
});
