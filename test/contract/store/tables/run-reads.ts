import { expect, test } from 'vitest';
import { ALL_SLOTS, slotOf } from '#libs/store/slots.ts';
import {
  bodyOf,
  deadLetterRow,
  outboxRow,
  RUN,
  requestIdRow,
  segmentRow,
  signalRow,
  snapshotRow,
  write,
} from './rows.ts';
import type { CurrentTables } from './tables-store.ts';

/** Segments, snapshots, signals, dead letters, messages and first replies. */
export function runReads(current: CurrentTables): void {
  test('segments are read from a number on, in order', async () => {
    const { state } = current();
    const rows = [11, 2, 0, 1, 10, 3].map((segment) => segmentRow({ segment, body: bodyOf(`${segment}`) }));
    await write(current(), 1, ...rows.map((put) => ({ table: 'segments', put }) as const));
    await write(current(), 1, { table: 'segments', put: segmentRow({ incarnation: '0190-2', segment: 4 }) });
    const numbers = async (from: number, limit: number): Promise<number[]> =>
      (await state.readSegments(RUN, from, limit)).map(({ segment }) => segment);
    expect(await numbers(0, 100)).toEqual([0, 1, 2, 3, 10, 11]);
    expect(await numbers(2, 3)).toEqual([2, 3, 10]);
    expect(await numbers(4, 1)).toEqual([10]);
    expect(await numbers(12, 1)).toEqual([]);
    expect(await state.readSegments({ ...RUN, tenantId: 'other' }, 0, 10)).toEqual([]);
    await write(current(), 2, { table: 'segments', delete: segmentRow({ segment: 2 }) });
    expect(await numbers(0, 3)).toEqual([0, 1, 3]);
  });

  test('the newest snapshot is read, or the newest up to a version', async () => {
    const { state } = current();
    expect(await state.readSnapshot(RUN)).toBeUndefined();
    expect(await state.listSnapshotVersions(RUN)).toEqual([]);
    const rows = [5, 100, 20].map((version) => snapshotRow({ version, body: bodyOf(`${version}`) }));
    await write(current(), 1, ...rows.map((put) => ({ table: 'snapshots', put }) as const));
    await write(current(), 1, { table: 'snapshots', put: snapshotRow({ incarnation: '0190-2', version: 50 }) });
    expect((await state.readSnapshot(RUN))?.version).toBe(100);
    expect(await state.readSnapshot(RUN, 99)).toEqual(rows[2]);
    expect((await state.readSnapshot(RUN, 20))?.version).toBe(20);
    expect(await state.readSnapshot(RUN, 4)).toBeUndefined();
    expect(await state.listSnapshotVersions(RUN)).toEqual([100, 20, 5]);
    await write(current(), 2, { table: 'snapshots', delete: snapshotRow({ version: 100 }) });
    expect((await state.readSnapshot(RUN))?.version).toBe(20);
    expect(await state.listSnapshotVersions(RUN)).toEqual([20, 5]);
    expect((await state.listSnapshotRuns('tenant', { limit: 10 })).rows).toEqual(['run']);
    await write(
      current(),
      2,
      ...[5, 20].map((version) => ({ table: 'snapshots', delete: snapshotRow({ version }) }) as const),
      { table: 'snapshots', delete: snapshotRow({ incarnation: '0190-2', version: 50 }) },
    );
    expect((await state.listSnapshotRuns('tenant', { limit: 10 })).rows).toEqual([]);
  });

  test('signals are read in order of arrival, whatever their names', async () => {
    const { state } = current();
    const rows = [30, 10, 20].map((order) => signalRow({ order, name: `name-${order % 20}` }));
    await write(current(), 1, ...rows.map((put) => ({ table: 'signals', put }) as const));
    const unborn = signalRow({ incarnation: '', order: 1, expireTime: 100 });
    await write(current(), 1, { table: 'signals', put: unborn });
    const orders = async (limit: number, after?: number): Promise<number[]> =>
      (await state.readSignals(RUN, limit, after)).map(({ order }) => order);
    expect(await orders(10)).toEqual([10, 20, 30]);
    expect(await orders(1)).toEqual([10]);
    expect(await orders(10, 10)).toEqual([20, 30]);
    expect(await orders(10, 30)).toEqual([]);
    expect(await state.readSignals({ ...RUN, incarnation: '' }, 10)).toStrictEqual([unborn]);
  });

  test('signals and first replies expire strictly before a time, earliest first, in their slots', async () => {
    const { state } = current();
    const signals = [3, 1, 2].map((expireTime) => signalRow({ incarnation: '', order: expireTime, expireTime }));
    const replies = [3, 1, 2].map((expireTime) => requestIdRow({ requestId: `request-${expireTime}`, expireTime }));
    await write(current(), 1, ...signals.map((put) => ({ table: 'signals', put }) as const));
    await write(current(), 1, ...replies.map((put) => ({ table: 'requestIds', put }) as const));
    await write(current(), 1, { table: 'signals', put: signalRow({ order: 9 }) });
    const slot = slotOf('tenant', 'run');
    for (const slots of [ALL_SLOTS, { from: slot, to: slot + 1 }]) {
      expect(await state.signalsExpiredBefore(slots, 3, 10)).toStrictEqual(
        [1, 2].map((order) => ({ ...RUN, incarnation: '', name: 'approve', order })),
      );
      expect(await state.requestIdsExpiredBefore(slots, 3, 10)).toStrictEqual(
        [1, 2].map((time) => ({ tenantId: 'tenant', runId: 'run', rpc: 'StartRun', requestId: `request-${time}` })),
      );
    }
    expect(await state.signalsExpiredBefore(ALL_SLOTS, 9, 1)).toHaveLength(1);
    expect(await state.requestIdsExpiredBefore(ALL_SLOTS, 9, 1)).toHaveLength(1);
    expect(await state.signalsExpiredBefore({ from: slot + 1, to: slot + 1 }, 9, 1)).toEqual([]);
    expect(await state.requestIdsExpiredBefore({ from: 0, to: slot }, 9, 1)).toEqual([]);
    await write(current(), 2, { table: 'signals', delete: signals[1] ?? signalRow() });
    await write(current(), 2, { table: 'requestIds', delete: replies[1] ?? requestIdRow() });
    expect(await state.signalsExpiredBefore(ALL_SLOTS, 3, 10)).toHaveLength(1);
    expect(await state.requestIdsExpiredBefore(ALL_SLOTS, 3, 10)).toHaveLength(1);
  });

  test('dead letters are found by queue, by run and by both; free ones have no run', async () => {
    const { state } = current();
    const letters = [
      deadLetterRow({ deadLetterId: 'a', deadTime: 1 }),
      deadLetterRow({ deadLetterId: 'b', deadTime: 2, queue: 'other' }),
      deadLetterRow({ deadLetterId: 'c', deadTime: 3, runId: 'second' }),
      deadLetterRow({ deadLetterId: 'd', deadTime: 3, runId: '', incarnation: '' }),
    ];
    await write(current(), 1, ...letters.map((put) => ({ table: 'deadLetters', put }) as const));
    const ids = async (filter: { queue?: string; runId?: string }, tenantId: string = 'tenant'): Promise<string> =>
      (await state.listDeadLetters(tenantId, filter, { limit: 10 })).rows.map((row) => row.deadLetterId).join('');
    expect(await ids({})).toBe('cdba');
    expect(await ids({ queue: 'default' })).toBe('cda');
    expect(await ids({ runId: 'run' })).toBe('ba');
    expect(await ids({ runId: '' })).toBe('d');
    expect(await ids({ runId: 'run', queue: 'other' })).toBe('b');
    expect(await ids({ runId: 'second', queue: 'other' })).toBe('');
    expect(await ids({}, 'other')).toBe('');
    expect(await state.readDeadLetter('tenant', 'd')).toEqual(letters[3]);
    expect(await state.readDeadLetter('other', 'd')).toBeUndefined();
    const { nextToken: token = '' } = await state.listDeadLetters('tenant', { runId: 'run' }, { limit: 1 });
    const rest = await state.listDeadLetters('tenant', { runId: 'run' }, { limit: 1, token });
    expect(rest).toEqual({ rows: [letters[0]], nextToken: undefined });
  });

  test('messages are read in order of target and number, after one if that is given', async () => {
    const { state } = current();
    const rows = [
      [0, 1],
      [2, 9],
      [2, 10],
      [10, 1],
      [10, 2],
    ].map(([targetPartition = 0, number = 0]) => outboxRow({ targetPartition, number }));
    await write(current(), 1, ...rows.toReversed().map((put) => ({ table: 'outbox', put }) as const));
    await write(current(), 1, { table: 'outbox', put: outboxRow({ sourcePartition: 2 }) });
    expect(await state.readOutbox(1, 10)).toEqual(rows);
    expect(await state.readOutbox(1, 2)).toEqual(rows.slice(0, 2));
    expect(await state.readOutbox(1, 2, rows[1])).toEqual(rows.slice(2, 4));
    expect(await state.readOutbox(1, 10, outboxRow({ targetPartition: 9, number: 99 }))).toEqual(rows.slice(3));
    expect(await state.readOutbox(1, 10, rows[4])).toEqual([]);
    expect(await state.readOutbox(3, 10)).toEqual([]);
    await write(current(), 2, ...rows.slice(0, 3).map((row) => ({ table: 'outbox', delete: row }) as const));
    expect(await state.readOutbox(1, 10)).toEqual(rows.slice(3));
  });
}
