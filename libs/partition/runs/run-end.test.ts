import { expect, test } from 'vitest';
import type { Event } from '#libs/engine/events/event.ts';
import { failureOf } from '#libs/engine/testing/scenario.ts';
import { copyRunEnd, runEndOf } from './run-end.ts';
import { createHistory } from './testing/history.ts';

test.each(['SERVER', 'CLIENT'] as const)(
  'the end of a %s run is told by the event that ends it, and no other',
  (driver) => {
    const { log, hot, act } = createHistory(driver);
    act({ kind: 'terminateRun', requestedBy: 'ann', reason: 'enough' });
    const ends = log.map((event: Event) => runEndOf(event));
    expect(ends.slice(0, -1)).toEqual(log.slice(1).map(() => undefined));
    expect(ends.at(-1)).toMatchObject({ kind: 'runEnded', status: 'TERMINATED', requestedBy: 'ann', reason: 'enough' });
    expect(ends.at(-1)).toMatchObject({ sequence: hot.run.lastSequence, eventTime: hot.run.endTime });
  },
);

test('a copy of an end shares no memory with what it was read from', () => {
  const page = new Uint8Array(1_000);
  const payload = { contentType: '', encodings: [], data: page.subarray(10, 20), ref: undefined };
  const reference = { ...payload, data: undefined, ref: { sha256: page.subarray(20, 52), size: 5 } };
  const rest = { sequence: 1, eventTime: 2, requestedBy: '', reason: '', interruptedAt: '' };
  const ended = { kind: 'runEnded', status: 'FAILED', output: payload, ...rest } as const;
  const copy = copyRunEnd({ ...ended, failure: { ...failureOf('E'), details: reference } });
  page.fill(9);
  expect(copy.output?.data).toEqual(new Uint8Array(10));
  expect(copy.failure?.details?.ref).toEqual({ sha256: new Uint8Array(32), size: 5 });
  expect(copyRunEnd({ ...ended, output: undefined, failure: undefined })).toMatchObject({ kind: 'runEnded' });
});
