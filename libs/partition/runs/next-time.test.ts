import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHeldBack } from '#libs/engine/model/client-tasks.ts';
import { createScenario, type Scenario } from '#libs/engine/testing/scenario.ts';
import { HEARTBEAT_LEASE_MS, isLeased, nextTimeOf } from './next-time.ts';
import { offerableNodes } from './ready-entry-of.ts';
import { createHistory, smallMoves } from './testing/history.ts';

function expectNext(s: Scenario, time: number): void {
  expect(nextTimeOf(s.run, s.now)).toBe(time);
}

describe('the time at which a run is looked at next', () => {
  test('is never, while its item waits for a worker or nothing is ahead', () => {
    expectNext(createScenario(), Infinity);
    expectNext(createScenario('CLIENT'), Infinity);
    expectNext(createScenario('SERVER', {}, null), Infinity);
  });

  test('is its time-out, even while its item waits', () => {
    const s = createScenario('SERVER', {}, { runTimeoutMs: 500 });
    expectNext(s, s.now + 500);
  });

  test('is that of its timer while it sleeps, and never once it has ended', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 9_000 });
    s.yield(lease);
    expectNext(s, s.now + 9_000);
    s.accept({ kind: 'terminateRun', requestedBy: '', reason: '' });
    expectNext(s, Infinity);
  });

  test('is when a worker that lives by heartbeats may be lost, and the end of a lease that has one', () => {
    const s = createScenario();
    s.lease();
    expect(isLeased(s.run)).toBe(true);
    expectNext(s, s.now + HEARTBEAT_LEASE_MS);
    const ttl = createScenario();
    ttl.lease({ expiry: { kind: 'ttl', ttlMs: 77 } });
    expectNext(ttl, ttl.now + 77);
    const held = createScenario();
    held.lease({ expiry: { kind: 'noExpiry' } });
    expectNext(held, Infinity);
  });

  test('is when an item may be offered that has to wait, and not any more once it may', () => {
    const s = createScenario();
    const lease = s.lease();
    s.accept({ kind: 'releaseItem', lease, retryAfterMs: 300, reason: '' });
    const time = s.now + 300;
    expectNext(s, time);
    expect([...offerableNodes(s.run, time - 1)]).toEqual([]);
    expect([...offerableNodes(s.run, time)].length).toBe(1);
    s.now = time;
    expectNext(s, Infinity);
  });
});

test.each(['SERVER', 'CLIENT'] as const)(
  'at any time, an open item of a %s run that is not held is offered, or leased, or the run is looked at',
  (driver) => {
    fc.assert(
      fc.property(smallMoves, fc.nat(100_000), (moves, laterMs) => {
        const { hot, play, now } = createHistory(driver);
        play(moves);
        const at = now + laterMs;
        const next = nextTimeOf(hot.run, at);
        expect(next).toBeLessThanOrEqual(hot.run.wakeTime);
        const offered = new Set(Array.from(offerableNodes(hot.run, at), ({ path }) => path));
        for (const { path, item } of hot.run.nodes.values()) {
          if (item === undefined || item.lease !== undefined || isHeldBack(hot.run)) continue;
          if (!offered.has(path)) expect(next).toBeLessThanOrEqual(item.notBeforeTime ?? 0);
        }
      }),
      { numRuns: 100 },
    );
  },
);
