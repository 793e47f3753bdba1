import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { LogPosition } from './log-position.ts';

function recorded(ordinal: number, sequence: number): Event {
  const value = { step: { name: 'a' }, ordinal };
  return create(EventSchema, { sequence: BigInt(sequence), kind: { case: 'stepRecorded', value } });
}

function received(sequence: number): Event {
  return create(EventSchema, { sequence: BigInt(sequence), kind: { case: 'signalReceived', value: {} } });
}

test('what an acknowledgement passed over is asked for too, once the log is asked', () => {
  const recalls: number[] = [];
  const position = new LogPosition((after) => recalls.push(after));
  position.reach(3);
  // A signal stands at 4 that nobody waited for: the step after it is acknowledged with 5.
  expect(position.acknowledge(1, 5, true, false)).toBe(true);
  expect(position.acknowledge(2, 6, true, false)).toBe(true);
  expect(position.heard).toBe(6);
  position.expect(8);
  expect(recalls).toEqual([3]);
  expect(position.take(received(4))).toBe(false);
  position.reach(8);
  position.onLast();
  position.expect(9);
  expect(recalls).toEqual([3, 8]);
});

test('records that follow each other leave nothing to ask for again', () => {
  const recalls: number[] = [];
  const position = new LogPosition((after) => recalls.push(after));
  position.reach(3);
  for (let sequence = 4; sequence <= 9; sequence += 1) position.acknowledge(sequence - 3, sequence, true, false);
  position.expect(12);
  expect(recalls).toEqual([9]);
});

test('what was asked for and is not enough is asked for again from where it begins to be, once the rest has come', () => {
  const recalls: number[] = [];
  const position = new LogPosition((after) => recalls.push(after));
  position.reach(5);
  position.expect(7);
  expect(position.lack(3)).toBe(true);
  expect([position.isLacking, position.isBehind]).toEqual([true, true]);
  position.onLast();
  expect([position.isLacking, position.isBehind]).toEqual([false, true]);
  position.reach(7);
  position.onLast();
  expect([position.isBehind, recalls]).toEqual([false, [5, 2]]);
  expect(position.lack(3)).toBe(false);
});

test('a record is news once, whether its event comes first or its acknowledgement', () => {
  const recalls: number[] = [];
  const position = new LogPosition((after) => recalls.push(after));
  position.reach(3);
  position.expect(4);
  expect(position.take(received(4))).toBe(true);
  expect(position.take(recorded(1, 5))).toBe(true);
  position.onLast();
  expect(position.acknowledge(1, 5, false, false)).toBe(false);
  // The acknowledgement of the next one never comes.
  position.expect(6);
  expect(position.take(recorded(2, 6))).toBe(true);
  position.onLast();
  expect(position.acknowledge(3, 7, true, false)).toBe(true);
  expect(position.take(recorded(3, 7))).toBe(false);
  expect(recalls).toEqual([3, 5]);
});

test('a record whose place is not told exactly is asked for', () => {
  const recalls: number[] = [];
  const position = new LogPosition((after) => recalls.push(after));
  position.reach(3);
  expect(position.acknowledge(1, 5, false, false)).toBe(false);
  expect(recalls).toEqual([3]);
});
