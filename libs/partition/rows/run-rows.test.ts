import { describe, expect, test } from 'vitest';
import type { OwnedTable, RowWrite } from '#libs/store/tables/row-writer.ts';
import { type HotRun, replaceRun } from '../runs/hot-run.ts';
import { createHistory, type History, plainMove } from '../runs/testing/history.ts';
import { decodeHeadBody } from './head-body.ts';
import { phasesOf } from './row-phases.ts';
import { settleRunRows, takeRunRows } from './run-rows.ts';

const FIRST = '01980000-0000-7000-8000-000000000001';
const SECOND = '01980000-0000-7000-8000-000000000002';
const THIRD = '01980000-0000-7000-8000-000000000003';

function take(hot: HotRun, now: number = 1_800_000_000_000): readonly RowWrite[] {
  const writes: RowWrite[] = [];
  takeRunRows(hot, now, writes);
  return writes;
}

function putsOf<T extends OwnedTable>(writes: readonly RowWrite[], table: T) {
  return writes.flatMap((write) => (write.table === table && 'put' in write ? [write.put] : [])) as Extract<
    RowWrite<T>,
    { readonly put: unknown }
  >['put'][];
}

/** What is written, in order, in few words. */
function wordsOf(writes: readonly RowWrite[]): readonly string[] {
  return writes.map((write) => `${'put' in write ? 'put' : 'delete'} ${write.table}`);
}

/** Records steps with payloads of a size, by a worker that has the run. */
function addSteps(history: History, count: number, bytes: number): void {
  history.play([{ ...plainMove({ choice: 4, a: 0, b: 0, elapsedMs: 1 }), bytes, repeats: count - 1 }]);
}

function addSignals(history: History, count: number, bytes: number): void {
  for (let at = 0; at < count; at += 1) {
    const payload = { contentType: '', encodings: [], data: new Uint8Array(bytes), ref: undefined };
    history.act({ kind: 'sendSignal', name: 'go', signalId: `signal-${at}-${'x'.repeat(20)}`, payload });
  }
}

function terminate(history: History): void {
  history.act({ kind: 'terminateRun', requestedBy: '', reason: '' });
}

/** Starts another incarnation in the place of one that ended, as a visit does. */
function replace(before: HotRun, incarnation: string): History {
  const history = createHistory('SERVER', { incarnation });
  replaceRun(before, history.hot);
  return history;
}

describe('the rows of a run', () => {
  test('that starts and ends between two rounds are one', () => {
    const history = createHistory('SERVER');
    addSteps(history, 10, 100);
    terminate(history);
    const writes = take(history.hot);
    expect(wordsOf(writes)).toEqual(['put heads']);
    const [head] = putsOf(writes, 'heads');
    const { endTime } = history.hot.run;
    expect(head).toMatchObject({
      status: 'TERMINATED',
      closeTime: endTime,
      expireTime: (endTime ?? 0) + history.hot.start.retentionMs,
    });
    expect(head).not.toHaveProperty('nextWakeTime');
    expect(decodeHeadBody(head?.body ?? new Uint8Array()).ended).toBe('last');
    expect(writes[0]).toMatchObject({ isNew: true });
    settleRunRows(history.hot);
    expect(take(history.hot)[0]).toMatchObject({ isNew: false });
  });

  test('that waits for a worker are its head and its item, which goes with the lease', () => {
    const history = createHistory('SERVER');
    expect(wordsOf(take(history.hot))).toEqual(['put heads', 'put items']);
    settleRunRows(history.hot);
    expect(wordsOf(take(history.hot))).toEqual(['put heads']);
    settleRunRows(history.hot);
    addSteps(history, 1, 1);
    expect(wordsOf(take(history.hot))).toEqual(['delete items', 'put heads']);
  });

  test('say when it wakes, and only as long as it is ahead of everything', () => {
    const history = createHistory('SERVER');
    expect(putsOf(take(history.hot), 'heads')[0]?.nextWakeTime).toBe(history.hot.run.wakeTime);
    addSteps(history, 1, 1);
    expect(putsOf(take(history.hot), 'heads')[0]?.nextWakeTime).toBe(history.now + 30_000);
  });

  test('let go of the input that came with the start, which keeps the whole message in memory', () => {
    const { hot } = createHistory('SERVER');
    const input = { contentType: '', encodings: [], data: Uint8Array.of(1), ref: undefined };
    hot.freshInput = input;
    take(hot);
    expect(hot.freshInput).toBe(input);
    settleRunRows(hot);
    expect(hot.freshInput).toBeUndefined();
  });

  test('are all taken again as long as nobody says that they were written', () => {
    const history = createHistory('SERVER');
    addSteps(history, 250, 10);
    const first = take(history.hot);
    expect(wordsOf(first)).toEqual(['put segments', 'put segments', 'put heads']);
    addSteps(history, 100, 10);
    const second = take(history.hot);
    expect(putsOf(second, 'segments').map(({ segment }) => segment)).toEqual([0, 1, 2]);
    expect(putsOf(second, 'segments').slice(0, 2)).toEqual(putsOf(first, 'segments'));
    addSteps(history, 60, 10);
    settleRunRows(history.hot);
    expect(putsOf(take(history.hot), 'segments').map(({ segment }) => segment)).toEqual([3]);
  });

  test('that has large events have a segment that is written again as long as it is open', () => {
    const history = createHistory('SERVER');
    addSteps(history, 4, 10_000);
    const [segment] = putsOf(take(history.hot), 'segments');
    const [head] = putsOf(take(history.hot), 'heads');
    expect(segment).toMatchObject({ segment: 0 });
    expect(decodeHeadBody(head?.body ?? new Uint8Array())).toMatchObject({ openFrom: 1, openEvents: undefined });
    settleRunRows(history.hot);
    addSteps(history, 30, 10_000);
    const segments = putsOf(take(history.hot), 'segments');
    expect(segments.map(({ body }) => body.length < 280_000)).toEqual([true, true]);
    expect(segments[0]?.segment).toBe(0);
    expect(segments[1]?.segment).toBeGreaterThan(2 ** 32);
  });

  test('that has a large snapshot have one of these, and the one before goes behind the head that no longer names it', () => {
    const history = createHistory('SERVER');
    addSignals(history, 3_000, 1);
    const first = take(history.hot);
    const version = history.hot.run.lastSequence;
    expect(putsOf(first, 'snapshots').map((row) => row.version)).toEqual([version]);
    expect(wordsOf(take(history.hot))).not.toContain('delete snapshots');
    settleRunRows(history.hot);
    addSignals(history, 3_001, 1);
    expect(wordsOf(take(history.hot)).slice(-3)).toEqual(['put snapshots', 'put heads', 'delete snapshots']);
    terminate(history);
    const last = take(history.hot);
    expect(wordsOf(last).filter((word) => word.endsWith('snapshots'))).toEqual([
      'delete snapshots',
      'delete snapshots',
    ]);
    settleRunRows(history.hot);
    expect(wordsOf(take(history.hot))).not.toContain('delete snapshots');
  });

  test('of a CLIENT run have one too, by the last place of its log', () => {
    const history = createHistory('CLIENT');
    addSignals(history, 3_000, 1);
    const place = history.hot.tail.nextSequence - 1;
    expect(putsOf(take(history.hot), 'snapshots').map((row) => row.version)).toEqual([place]);
  });
});

describe('a run that was replaced', () => {
  test('leaves a past head, before the head of the run in its place', () => {
    const first = createHistory('SERVER', { incarnation: FIRST });
    take(first.hot);
    settleRunRows(first.hot);
    terminate(first);
    const second = replace(first.hot, SECOND);
    const writes = take(second.hot);
    expect(wordsOf(writes)).toEqual(['delete items', 'put pastHeads', 'put heads', 'put items']);
    expect(putsOf(writes, 'pastHeads')).toMatchObject([{ incarnation: FIRST }]);
    expect(putsOf(writes, 'heads')).toMatchObject([{ incarnation: SECOND }]);
    expect(writes[2]).toMatchObject({ isNew: false });
    settleRunRows(second.hot);
    expect(second.hot.replaced).toEqual([]);
    expect(wordsOf(take(second.hot))).toEqual(['put heads']);
  });

  test('writes no head of its own any more, which would stand in the way of the newer one', () => {
    const first = createHistory('SERVER', { incarnation: FIRST });
    terminate(first);
    const second = replace(first.hot, SECOND);
    expect(take(first.hot)).toEqual([]);
    expect(wordsOf(take(second.hot))).toEqual(['put pastHeads', 'put heads', 'put items']);
  });

  test('loses nothing when a round of it failed before, whose end is told after it was replaced', () => {
    const first = createHistory('SERVER', { incarnation: FIRST });
    addSteps(first, 250, 10);
    terminate(first);
    take(first.hot);
    const second = replace(first.hot, SECOND);
    expect(take(first.hot)).toEqual([]);
    settleRunRows(first.hot);
    const segments = putsOf(take(second.hot), 'segments');
    expect(segments.map(({ incarnation, segment }) => [incarnation, segment])).toEqual([
      [FIRST, 0],
      [FIRST, 1],
    ]);
  });

  test('is written with all before it, however often that is tried', () => {
    const first = createHistory('SERVER', { incarnation: FIRST });
    terminate(first);
    const second = replace(first.hot, SECOND);
    take(second.hot);
    terminate(second);
    const third = replace(second.hot, THIRD);
    settleRunRows(second.hot);
    const writes = take(third.hot);
    expect(putsOf(writes, 'pastHeads').map(({ incarnation }) => incarnation)).toEqual([FIRST, SECOND]);
    expect(putsOf(writes, 'heads').map(({ incarnation }) => incarnation)).toEqual([THIRD]);
    expect(second.hot.replaced).toEqual([]);
    settleRunRows(third.hot);
    expect(third.hot.replaced).toEqual([]);
  });

  test('is kept until its retention ends', () => {
    const first = createHistory('SERVER', { incarnation: FIRST });
    terminate(first);
    const second = replace(first.hot, SECOND);
    const [past] = putsOf(take(second.hot), 'pastHeads');
    expect(past?.expireTime).toBe((first.hot.run.endTime ?? 0) + first.hot.start.retentionMs);
  });
});

test('what heads name is written before them, and what may be missing of a head after it', () => {
  const first = createHistory('SERVER', { incarnation: FIRST });
  take(first.hot);
  settleRunRows(first.hot);
  addSteps(first, 150, 10);
  addSignals(first, 3_000, 1);
  take(first.hot);
  settleRunRows(first.hot);
  addSignals(first, 3_200, 1);
  terminate(first);
  const second = replace(first.hot, SECOND);
  const phases = phasesOf(take(second.hot));
  expect(phases.map((phase) => [...new Set(wordsOf(phase))])).toEqual([
    ['put segments', 'put pastHeads'],
    ['put heads'],
    ['delete snapshots', 'put items'],
  ]);
  expect(phasesOf([])).toEqual([]);
});

test('the row of an item is written again after a round that failed may have deleted it', () => {
  const history = createHistory('SERVER');
  take(history.hot);
  settleRunRows(history.hot);
  history.act({ kind: 'pauseRun', requestedBy: '', reason: '' });
  expect(wordsOf(take(history.hot))).toContain('delete items');
  history.act({ kind: 'resumeRun', requestedBy: '', reason: '' });
  expect(wordsOf(take(history.hot))).toContain('put items');
  settleRunRows(history.hot);
  expect(wordsOf(take(history.hot))).toEqual(['put heads']);
});
