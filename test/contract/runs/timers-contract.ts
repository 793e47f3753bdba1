import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { DOORS, GRPC, ROOT } from '#test/contract/state/serve-state.ts';
import { unaryCalls } from '#test/contract/state/unary-calls.ts';
import { describeServed, type RunsContract } from './describe-served.ts';
import { createMovingState } from './moving-state.ts';

const FORTY_DAYS_MS = 40 * 24 * 60 * 60 * 1000;

/** A wait for a moment. */
function timerPark(ordinal: number, dueTimeMs: number) {
  const dueTime = timestampFromMs(dueTimeMs);
  const wait = { case: 'timer', value: { due: { case: 'dueTime', value: dueTime } } } as const;
  return { ordinal, name: 'sleep', occurrence: ordinal - 1, wait };
}

/** The occurrences whose timers have fired, with the time of it, in the order of the log. */
function fired(events: readonly Event[]): readonly (readonly [number | undefined, number])[] {
  return events.flatMap(({ kind, eventTime }) =>
    kind.case === 'timerFired'
      ? [[kind.value.step?.occurrence, eventTime === undefined ? 0 : timestampMs(eventTime)] as const]
      : [],
  );
}

/** When timers of functions fire, through both doors and over a fail-over. */
export const timersContract: RunsContract = (name, createHome) => {
  describeServed(name, createHome, (served) => {
    test.each(DOORS)(
      '[94] timers in the past, at one instant and far ahead fire once, none early, by $name',
      async (door) => {
        const { tenantId, dispatch, start, take, poll, park, read } = await unaryCalls(door, served());
        await start('r');
        const now = Date.now();
        const dueTimes = [now - 3_600_000, now + 300, now + 300, now + 100, now + FORTY_DAYS_MS];
        const parks = dueTimes.map((dueTime, at) => timerPark(at + 1, dueTime));
        await park(await take(), parks, { yieldSlot: true });
        const seen: (readonly [number | undefined, number])[] = [];
        while (seen.length < 4) {
          const again = await take();
          seen.splice(0, seen.length, ...fired(again.history));
          await park(again, [], { yieldSlot: true, knownSequence: again.lastSequence });
        }
        expect(seen.map(([occurrence]) => occurrence)).toEqual([0, 3, 1, 2]);
        for (const [occurrence = 0, time] of seen) expect(time).toBeGreaterThanOrEqual(dueTimes[occurrence] ?? 0);
        expect(await poll({ wait: { nanos: 200_000_000 } })).toEqual([]);
        const wakeTime = (await read('r'))?.wakeTime;
        expect(wakeTime === undefined ? undefined : timestampMs(wakeTime)).toBe(now + FORTY_DAYS_MS);
        const { events } = await dispatch.getHistory({ tenantId, runId: 'r', pageSize: 1_000 }, ROOT);
        expect(fired(events)).toHaveLength(4);
      },
    );
  });

  describe(`${name}, by gRPC`, { timeout: 60_000 }, () => {
    test('[94] a timer that was due while nobody owned its run fires once when somebody does, those ahead in time', async () => {
      await using state = await createMovingState(createHome);
      const before = await unaryCalls(GRPC, state.served);
      const { tenantId } = before;
      await before.start('r');
      const now = Date.now();
      const dueTimes = [now + 50, now + 1_500, now + FORTY_DAYS_MS];
      await before.park(
        await before.take(),
        dueTimes.map((dueTime, at) => timerPark(at + 1, dueTime)),
        { yieldSlot: true },
      );
      const after = await unaryCalls(GRPC, await state.failOver(), tenantId);
      let events: readonly Event[] = [];
      while (fired(events).length < 2) {
        const again = await after.take();
        await after.park(again, [], { yieldSlot: true, knownSequence: again.lastSequence });
        events = again.history;
      }
      ({ events } = await after.dispatch.getHistory({ tenantId, runId: 'r', pageSize: 1_000 }, ROOT));
      expect(fired(events).map(([occurrence]) => occurrence)).toEqual([0, 1]);
      for (const [occurrence = 0, time] of fired(events)) {
        expect(time).toBeGreaterThanOrEqual(dueTimes[occurrence] ?? 0);
      }
    });
  });
};
