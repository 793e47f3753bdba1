import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createMemoryStateTables } from '#libs/store/memory/tables/state-tables.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import { createSqliteHome } from '#test/contract/store/open/store-homes.ts';
import { createSystemClock } from '../timers/system-clock.ts';
import { createOwnership } from './create-ownership.ts';
import { createRecordingHost } from './testing/recording-host.ts';
import {
  createSimulatedCluster,
  createSimulatedPair,
  epochsOf,
  type SimulatedCluster,
  type SimulatedPair,
} from './testing/simulated-cluster.ts';

const PARTITIONS = 16;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function createCluster(partitionCount = PARTITIONS): SimulatedCluster {
  return createSimulatedCluster(createMemoryStateTables(), partitionCount);
}

function createPair(): Promise<SimulatedPair> {
  return createSimulatedPair(createMemoryStateTables(), PARTITIONS);
}

test('the first node takes every partition, four at a time, and then has started', async () => {
  const cluster = createCluster();
  const a = cluster.join('a');
  let hasStarted = false;
  void a.started.then(() => (hasStarted = true));
  await cluster.pass(60);
  expect(a.host.served.size).toBeGreaterThan(0);
  expect(a.host.served.size).toBeLessThan(PARTITIONS);
  expect(hasStarted).toBe(false);
  await cluster.pass(200);
  expect(a.host.served.size).toBe(PARTITIONS);
  expect(hasStarted).toBe(true);
  expect(a.ownership.ownerOf(3)).toEqual({ kind: 'self' });
  expect(a.ownership.mayAnswer(3)).toBe(true);
});

test('a node that joins has started at once, and gets its share one partition in five seconds', async () => {
  const cluster = createCluster();
  const a = cluster.join('a');
  await cluster.pass(SECOND);
  const b = cluster.join('b');
  await cluster.pass(50);
  await b.started;
  await cluster.pass(MINUTE);
  expect([a.host.served.size, b.host.served.size]).toEqual([8, 8]);
  const moves = a.host.events.filter(({ kind }) => kind === 'release').map(({ ms }) => ms);
  expect(moves).toHaveLength(8);
  for (const [i, ms] of moves.entries()) {
    const sinceMs = ms - (moves[i - 1] ?? SECOND);
    expect(sinceMs).toBeGreaterThanOrEqual(5 * SECOND);
    expect(sinceMs).toBeLessThan(7.1 * SECOND);
  }
});

test('[90] renewals are spread, and each row costs one write an interval', async () => {
  const cluster = createCluster();
  const a = cluster.join('a');
  await cluster.pass(10 * SECOND);
  const before = a.link.calls;
  await cluster.pass(30 * SECOND);
  const perSecond = (a.link.calls - before) / 30;
  // 16 leases and a member in 3 s, two lists in 2 s.
  expect(perSecond).toBeGreaterThan(16 / 3.3);
  expect(perSecond).toBeLessThan(16 / 2.7 + 1 / 3 + 1 + 0.5);
});

test('[90] an owner that stands still may not answer before anybody else takes over, and has lost when it goes on', async () => {
  const { cluster, a, b } = await createPair();
  const [owned = 0] = a.host.served;
  a.machine.pause();
  await cluster.pass(7_900 - 3_300);
  expect(cluster.answering(owned)).toEqual(['a']);
  await cluster.pass(3_500);
  // The invariant that every event is checked for holds because this is false before b's becomes true.
  expect(a.ownership.mayAnswer(owned)).toBe(false);
  expect(b.host.served.size).toBe(8);
  await cluster.pass(6 * SECOND);
  expect(b.host.served.size).toBe(PARTITIONS);
  a.machine.resume();
  expect(a.ownership.mayAnswer(owned)).toBe(false);
  await cluster.pass(100);
  expect(a.host.served.size).toBe(0);
  expect(epochsOf([b], owned)).toEqual([2]);
});

test('[90] a crash costs at most a lease and one look', async () => {
  const { cluster, a, b } = await createPair();
  a.machine.kill();
  await cluster.pass(6 * SECOND);
  expect(b.host.served.size).toBe(8);
  await cluster.pass(6_100);
  expect(b.host.served.size).toBe(PARTITIONS);
  await cluster.pass(SECOND);
  expect(b.ownership.members().members.map(({ nodeId }) => nodeId)).toEqual(['b']);
});

test('[90] a read that fails postpones a take-over by a whole lease', async () => {
  const { cluster, a, b } = await createPair();
  a.machine.kill();
  await cluster.pass(6 * SECOND);
  b.link.failing = 1;
  await cluster.pass(2_100);
  b.link.failing = 0;
  await cluster.pass(9_800);
  expect(b.host.served.size).toBe(8);
  await cluster.pass(3 * SECOND);
  expect(b.host.served.size).toBe(PARTITIONS);
});

test('[90] a store that nobody reaches costs no owner its partitions', async () => {
  const { cluster, a, b } = await createPair();
  a.link.failing = 1;
  b.link.failing = 1;
  await cluster.pass(MINUTE);
  expect(cluster.answering(0)).toEqual([]);
  expect(a.ownership.ownerOf([...a.host.served][0] ?? 0)).toEqual({ kind: 'self' });
  a.link.failing = 0;
  b.link.failing = 0;
  const epochs = Array.from({ length: PARTITIONS }, (_, p) => epochsOf([a, b], p).length);
  await cluster.pass(MINUTE);
  expect([a.host.served.size, b.host.served.size]).toEqual([8, 8]);
  expect(Array.from({ length: PARTITIONS }, (_, p) => epochsOf([a, b], p).length)).toEqual(epochs);
});

test('[90] what was held back is told after a renewal that succeeds', async () => {
  const cluster = createCluster(1);
  const a = cluster.join('a');
  await cluster.pass(SECOND);
  a.link.failing = 1;
  await cluster.pass(20 * SECOND);
  expect(a.ownership.mayAnswer(0)).toBe(false);
  const told = a.host.events.filter(({ kind }) => kind === 'answerHeld').length;
  a.link.failing = 0;
  await cluster.pass(2 * SECOND);
  expect(a.ownership.mayAnswer(0)).toBe(true);
  expect(a.host.events.filter(({ kind }) => kind === 'answerHeld').length).toBeGreaterThan(told);
});

test('[90] twenty takers at once: every epoch is given to one of them', async () => {
  const cluster = createCluster(4);
  const nodes = Array.from({ length: 20 }, (_, i) => cluster.join(`n${i}`, { rate: 0.99 + i / 1000 }));
  await cluster.pass(MINUTE);
  for (let partition = 0; partition < 4; partition += 1) {
    const epochs = epochsOf(nodes, partition);
    expect(epochs.length).toBeGreaterThan(0);
    expect(new Set(epochs).size).toBe(epochs.length);
  }
  expect(cluster.serving().map((who) => who.length)).toEqual([1, 1, 1, 1]);
  expect(new Set(cluster.serving().flat()).size).toBe(4);
});

test('[90] a partition whose format is too new is not taken, however long its owner is gone', async () => {
  const cluster = createCluster(2);
  const a = cluster.join('a', { format: 2, newestFormat: 2 });
  await cluster.pass(SECOND);
  const b = cluster.join('b');
  await cluster.pass(SECOND);
  a.machine.kill();
  await cluster.pass(2 * MINUTE);
  expect(b.host.served.size).toBe(0);
  expect(b.ownership.ownerOf(0)).toEqual({ kind: 'nobody' });
  const c = cluster.join('c', { newestFormat: 2 });
  await cluster.pass(MINUTE);
  expect(c.host.served.size).toBe(2);
});

test('[8] a damaged lease row is taken like any other, one of a later release is not', async () => {
  const tables = createMemoryStateTables();
  const row = { nodeId: '', epoch: 7 };
  await tables.leases.insert({ ...row, partition: 0, body: new Uint8Array([1, 2, 3]) });
  await tables.leases.insert({ ...row, partition: 1, body: new Uint8Array() });
  await tables.leases.insert({ ...row, partition: 2, body: new Uint8Array([2, 0, 0, 0, 0, 0]) });
  await tables.members.insert({ nodeId: 'odd', body: new Uint8Array([9]) });
  const cluster = createSimulatedCluster(tables, 3);
  const a = cluster.join('a');
  await cluster.pass(MINUTE);
  expect(a.host.served).toEqual(new Set([0, 1]));
  expect(epochsOf([a], 0)).toEqual([8]);
  expect(a.ownership.members().members.map(({ nodeId }) => nodeId)).toEqual(['a']);
  expect(await tables.members.read('odd')).toBeUndefined();
});

test('[90] a take-over whose answer comes after a stop of fifteen seconds allows no answer', async () => {
  const tables = createMemoryStateTables();
  const cluster = createSimulatedCluster(tables, 1);
  const a = cluster.join('a');
  a.link.delayMs = 400;
  // The row is there, and the answer of its write is on its way.
  while ((await tables.leases.read(0)) === undefined) await cluster.pass(1);
  expect(cluster.answering(0)).toEqual([]);
  a.machine.pause();
  const b = cluster.join('b');
  await cluster.pass(13 * SECOND);
  expect(cluster.answering(0)).toEqual(['b']);
  a.machine.resume();
  await cluster.pass(SECOND);
  expect(cluster.answering(0)).toEqual(['b']);
  expect(a.host.served.size).toBe(0);
  expect(epochsOf([b], 0)).toEqual([2]);
});

test('nobody else has an exclusive store open: what another process left is taken without a wait', async () => {
  const cluster = createCluster(1);
  const a = cluster.join('a', { isExclusive: true });
  await cluster.pass(SECOND);
  a.machine.kill();
  const b = cluster.join('b', { isExclusive: true });
  await cluster.pass(100);
  await b.started;
  expect(b.host.served.size).toBe(1);
  expect(b.ownership.members().members.map(({ nodeId }) => nodeId)).toEqual(['b']);
  await cluster.pass(MINUTE);
  expect(b.ownership.mayAnswer(0)).toBe(true);
});

test('what a process left in a SQLite store is taken at once by the next, which alone has it open', async () => {
  await using home = await createSqliteHome();
  const clock = createSystemClock();
  const serve = async (store: OpenStateStore, nodeId: string) => {
    const host = createRecordingHost(clock, 1, 1);
    const ownership = createOwnership({
      node: host,
      tables: store.tables,
      clock,
      nodeId,
      self: { address: 'here', httpAddress: '', version: '', newestFormat: 1, startTime: 0 },
      partitionCount: store.meta.partitions,
      format: store.meta.format,
      isExclusive: true,
      log: pino({ level: 'silent' }),
    });
    await ownership.start(AbortSignal.timeout(4_000));
    return { host, ownership };
  };
  const first = await home.openState();
  const { ownership } = await serve(first, 'one');
  // Its store is gone before it can say farewell, as in a crash.
  await first[Symbol.asyncDispose]();
  await ownership[Symbol.asyncDispose]();
  await using second = await home.openState();
  expect(await second.tables.leases.list()).toMatchObject([{ nodeId: 'one', epoch: 1 }]);
  const next = await serve(second, 'two');
  expect(next.host.served).toEqual(new Set([0]));
  expect(next.ownership.mayAnswer(0)).toBe(true);
  await next.ownership.drain(AbortSignal.timeout(4_000));
  await next.ownership[Symbol.asyncDispose]();
  expect(await second.tables.leases.list()).toMatchObject([{ nodeId: '', epoch: 2 }]);
  expect(await second.tables.members.list()).toEqual([]);
});

test('a start waits for a store that fails, and gives up with its signal', async () => {
  const cluster = createCluster(1);
  const a = cluster.join('a', { prepare: () => undefined });
  a.link.failing = 1;
  await cluster.pass(10 * SECOND);
  expect(a.host.served.size).toBe(0);
  a.link.failing = 0;
  await cluster.pass(20 * SECOND);
  await a.started;
  expect(a.host.served.size).toBe(1);
  const stop = new AbortController();
  const again = a.ownership.start(stop.signal);
  stop.abort(new DomainError('DRAINING', 'enough'));
  await expect(again).rejects.toMatchObject({ reason: 'DRAINING' });
});

describe('what is told', () => {
  test('members with what they own, under a revision that grows with every change and not with time', async () => {
    const { cluster, a, b } = await createPair();
    const { revision, members, partitionCount } = a.ownership.members();
    expect(partitionCount).toBe(PARTITIONS);
    expect(members.map(({ nodeId, partitions }) => [nodeId, partitions.length])).toEqual([
      ['a', 8],
      ['b', 8],
    ]);
    await cluster.pass(MINUTE);
    expect(a.ownership.members().revision).toBe(revision);
    b.machine.kill();
    await cluster.pass(30 * SECOND);
    expect(a.ownership.members().revision).toBeGreaterThan(revision);
  });

  test('every change of an owner, to listeners that have not stopped', async () => {
    const cluster = createCluster(1);
    const a = cluster.join('a');
    const heard: string[] = [];
    const stop = a.ownership.onChange(() => heard.push(a.ownership.ownerOf(0).kind));
    await cluster.pass(SECOND);
    expect(heard.at(-1)).toBe('self');
    stop();
    const before = heard.length;
    const drained = a.ownership.drain(new AbortController().signal);
    await cluster.pass(SECOND);
    await drained;
    expect(heard.length).toBe(before);
  });
});
