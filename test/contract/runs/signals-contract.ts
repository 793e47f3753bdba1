import { describe, expect, test } from 'vitest';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { SendSignalResponse } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { DOORS, ROOT } from '#test/contract/state/serve-state.ts';
import { json, signalPark, type UnaryCalls, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { failureOf } from '#test/doors/failure.ts';
import { describeServed, type RunsContract } from './describe-served.ts';

interface SignalCalls extends UnaryCalls {
  readonly send: (runId: string, name: string, value: string, signalId?: string) => Promise<SendSignalResponse>;
}

/** What the signals carried that events consumed, in order. */
function consumed(events: readonly Event[]): readonly unknown[] {
  return events.flatMap(({ kind }) => (kind.case === 'signalConsumed' ? [kind.value.payload?.value.value] : []));
}

/** What becomes of signals to runs of functions, through both doors. */
export const signalsContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      async function open(): Promise<SignalCalls> {
        const calls = await unaryCalls(door, served());
        const { tenantId, signals } = calls;
        return {
          ...calls,
          send: (runId, signal, value, signalId = '') =>
            signals.sendSignal({ tenantId, runId, name: signal, payload: json(value), signalId }, ROOT),
        };
      }

      test('[33] signals are consumed in order, by name and by run', async () => {
        const { start, take, park, send } = await open();
        await start('a');
        const a = await take();
        await start('b');
        const b = await take();
        await send('a', 's', '"m1"');
        await send('a', 's', '"m2"');
        await send('a', 't', '"other"');
        const known = { knownSequence: (await park(a, [signalPark(1, 'u')])).ack?.lastSequence ?? 0n };
        const { events } = await park(a, [signalPark(2, 's'), signalPark(3, 's'), signalPark(4, 's')], known);
        expect(consumed(events)).toEqual(['"m1"', '"m2"']);
        const elsewhere = await park(b, [signalPark(1, 's')], { knownSequence: b.lastSequence });
        expect(consumed(elsewhere.events)).toEqual([]);
      });

      test('[34] a signal that was sent before the wait is its outcome, and one to a parked run advances it', async () => {
        const { start, take, poll, park, send } = await open();
        await start('r');
        const first = await take();
        await send('r', 's', '"early"');
        const { events } = await park(first, [signalPark(1, 's')], { knownSequence: first.lastSequence });
        expect(consumed(events)).toEqual(['"early"']);
        const knownSequence = events.at(-1)?.sequence ?? 0n;
        await park(first, [signalPark(2, 's')], { yieldSlot: true, knownSequence });
        await send('r', 'other', '"kept"');
        expect(await poll()).toEqual([]);
        await send('r', 's', '"late"');
        const second = await take();
        expect(consumed(second.history)).toEqual(['"early"', '"late"']);
        const more = await park(second, [signalPark(3, 'other')], { knownSequence: second.lastSequence });
        expect(consumed(more.events)).toEqual(['"kept"']);
      });

      test('[36] a signal id is stored once, also after it was consumed', async () => {
        const { start, take, park, send, kinds } = await open();
        await start('r');
        const assignment = await take();
        expect(await send('r', 's', '1', 'id')).toMatchObject({ duplicate: false });
        expect(await send('r', 's', '2', 'id')).toMatchObject({ duplicate: true });
        const { events } = await park(assignment, [signalPark(1, 's')], { knownSequence: assignment.lastSequence });
        expect(consumed(events)).toEqual(['1']);
        expect(await send('r', 's', '3', 'id')).toMatchObject({ duplicate: true });
        expect((await kinds('r')).filter((kind) => kind === 'signalReceived')).toHaveLength(1);
      });

      test('[36] a run that has ended takes none, and one that is missing only those that may wait for its start', async () => {
        const { tenantId, signals, start, take, park, complete, send, read } = await open();
        await start('over');
        await complete(await take(), 0);
        const terminal = { code: 'FAILED_PRECONDITION', reason: 'RUN_TERMINAL' };
        expect(await failureOf(send('over', 's', '1'))).toMatchObject(terminal);
        const missing = { code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' };
        expect(await failureOf(send('r', 's', '1'))).toMatchObject(missing);
        const unborn = { tenantId, runId: 'r', name: 's', allowUnborn: true };
        for (const [signalId, value, duplicate] of [
          ['one', '"first"', false],
          ['one', '"again"', true],
          ['two', '"second"', false],
        ] as const) {
          const sent = await signals.sendSignal({ ...unborn, signalId, payload: json(value) }, ROOT);
          expect(sent).toMatchObject({ unborn: true, duplicate });
        }
        await start('r');
        expect(await send('r', 's', '"third time"', 'one')).toMatchObject({ duplicate: true });
        const assignment = await take();
        const parks = [signalPark(1, 's'), signalPark(2, 's'), signalPark(3, 's')];
        const { events } = await park(assignment, parks, { knownSequence: assignment.lastSequence });
        // They came with the start, so that the worker has them with its assignment or after it.
        expect(consumed([...assignment.history, ...events])).toEqual(['"first"', '"second"']);
        expect(await read('r')).toMatchObject({ status: RunStatus.RUNNING });
      });

      test('[37] a wait that is over is told so, and is not resumed by what comes after', async () => {
        const { start, take, poll, park, send } = await open();
        await start('r');
        const wait = { case: 'signal', value: { name: 's', timeout: { nanos: 100_000_000 } } } as const;
        const before = performance.now();
        await park(await take(), [{ ordinal: 1, name: 'wait', wait }], { yieldSlot: true });
        const second = await take();
        expect(performance.now() - before).toBeGreaterThanOrEqual(95);
        expect(second.history.map(({ kind }) => kind.case)).toContain('signalWaitTimedOut');
        await park(second, [signalPark(2, 'other')], { yieldSlot: true, knownSequence: second.lastSequence });
        await send('r', 's', '"late"');
        expect(await poll()).toEqual([]);
        await send('r', 'other', '1');
        const third = await take();
        const { events } = await park(third, [signalPark(3, 's')], { knownSequence: third.lastSequence });
        expect(consumed(events)).toEqual(['"late"']);
      });
    });
  });
