import { expect, test } from 'vitest';
import type { Event } from '#libs/engine/events/event.ts';
import { runEndOf } from './run-end.ts';
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
