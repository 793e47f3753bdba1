import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createMemoryStateTables } from '#libs/store/memory/tables/state-tables.ts';
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

test('[90] a hand-over frees every lease for its target, which takes it at once when it is told', async () => {
  const { cluster, a, b } = await createPair();
  a.ownership.onChange(() => b.ownership.nudge());
  const drained = a.ownership.drain(new AbortController().signal);
  await cluster.pass(400);
  await drained;
  expect(b.host.served.size).toBe(PARTITIONS);
  const of = (wanted: string): readonly number[] =>
    a.host.events
      .filter(({ kind }) => kind === wanted)
      .map(({ partition }) => partition)
      .toSorted((x, y) => x - y);
  expect(of('released')).toEqual(of('release'));
  expect(a.host.events.some(({ kind }) => kind === 'drop')).toBe(false);
  expect(a.ownership.ownerOf(0)).toEqual({ kind: 'peer', nodeId: 'b', address: 'b:7400' });
  expect(a.ownership.members().members).toMatchObject([
    { nodeId: 'a', isDraining: true, partitions: [] },
    { nodeId: 'b' },
  ]);
});

test('[90] a hand-over leaves at most two partitions without anybody at a time, and the others are served on', async () => {
  const { cluster, a, b } = await createPair();
  a.ownership.onChange(() => b.ownership.nudge());
  b.ownership.onChange(() => a.ownership.nudge());
  const isServed = (partition: number): boolean => cluster.serving()[partition]?.length === 1;
  const drained = a.ownership.drain(new AbortController().signal);
  let most = 0;
  for (let ms = 0; ms < 2 * SECOND; ms += 1) {
    await cluster.pass(1);
    const unserved = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter((one) => !isServed(one));
    most = Math.max(most, unserved.length);
  }
  await drained;
  expect(b.host.served.size).toBe(PARTITIONS);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2);
});

test('nothing is moved to a node that died before its last sign of life is a lease old', async () => {
  for (const diedMs of [0, 700, 1_400, 2_100, 2_800]) {
    const { cluster, a, b } = await createPair();
    await cluster.pass(diedMs);
    const before = a.host.events.length;
    b.machine.kill();
    await cluster.pass(MINUTE);
    expect(a.host.served.size).toBe(PARTITIONS);
    expect(a.host.events.slice(before).filter(({ kind }) => kind === 'release')).toEqual([]);
  }
});

test('a hand-over that nobody tells of is found within a look', async () => {
  const { cluster, a, b } = await createPair();
  const drained = a.ownership.drain(new AbortController().signal);
  await cluster.pass(2_400);
  await drained;
  expect(b.host.served.size).toBe(PARTITIONS);
});

test('the last node hands over to nobody, and the next one takes at once', async () => {
  const cluster = createCluster();
  const a = cluster.join('a');
  await cluster.pass(SECOND);
  const drained = a.ownership.drain(new AbortController().signal);
  await cluster.pass(300);
  await drained;
  const left = a.ownership[Symbol.asyncDispose]();
  await cluster.pass(100);
  await left;
  const b = cluster.join('b');
  await cluster.pass(300);
  await b.started;
  expect(b.host.served.size).toBe(PARTITIONS);
});

test('a drain that takes too long drops what is left and frees it nevertheless', async () => {
  const { cluster, a, b } = await createPair();
  a.host.releaseMs = MINUTE;
  const patience = new AbortController();
  const drained = a.ownership.drain(patience.signal);
  await cluster.pass(SECOND);
  patience.abort();
  await cluster.pass(100);
  await drained;
  expect(a.host.served.size).toBe(0);
  await cluster.pass(2_400);
  expect(b.host.served.size).toBe(PARTITIONS);
});

test('a partition that was freed for a node that drains by now goes on to the next', async () => {
  const { cluster, a, b } = await createPair();
  const c = cluster.join('c');
  await cluster.pass(100);
  // Nobody has seen yet that c drains.
  c.ownership.nudge();
  const drained = c.ownership.drain(new AbortController().signal);
  await cluster.pass(MINUTE);
  await drained;
  expect(a.host.served.size + b.host.served.size).toBe(PARTITIONS);
  expect(c.host.served.size).toBe(0);
});

test('[93] a partition whose records cannot be read is faulted: its lease is kept, it is neither moved nor tried again', async () => {
  const cluster = createCluster(4);
  const broken = new DomainError('DATA_CORRUPTION', 'a record fails its checksum');
  const prepare = (host: { failWith: (partition: number) => unknown }): void => {
    host.failWith = (partition) => (partition === 2 ? broken : undefined);
  };
  const a = cluster.join('a', { prepare });
  await cluster.pass(SECOND);
  await a.started;
  expect(a.ownership.ownerOf(2)).toEqual({ kind: 'faulted' });
  expect(a.host.served).toEqual(new Set([0, 1, 3]));
  expect(a.logs.filter(({ level }) => level === 50).map(({ msg }) => msg)).toEqual([
    expect.stringContaining('PARTITION FAULTED'),
  ]);
  const b = cluster.join('b', { prepare });
  await cluster.pass(2 * MINUTE);
  expect(epochsOf([a, b], 2)).toEqual([1]);
  expect(b.ownership.ownerOf(2)).toEqual({ kind: 'peer', nodeId: 'a', address: 'a:7400' });
  expect(a.host.served.size + b.host.served.size).toBe(3);
});

test('records that break while they are served fault the partition too', async () => {
  const cluster = createCluster(2);
  const a = cluster.join('a');
  await cluster.pass(SECOND);
  a.host.drop(1);
  a.ownership.onLost(1, new DomainError('DATA_CORRUPTION', 'no record'));
  expect(a.ownership.ownerOf(1)).toEqual({ kind: 'faulted' });
  await cluster.pass(MINUTE);
  expect(epochsOf([a], 1)).toEqual([1]);
});

test('[90] a partition that somebody wrote to is recovered under a new epoch while its lease is ours', async () => {
  const cluster = createCluster(2);
  const a = cluster.join('a');
  await cluster.pass(SECOND);
  a.host.drop(1);
  a.ownership.onLost(1);
  expect(a.ownership.ownerOf(1)).toEqual({ kind: 'nobody' });
  expect(a.ownership.mayAnswer(1)).toBe(false);
  await cluster.pass(100);
  expect(a.ownership.ownerOf(1)).toEqual({ kind: 'self' });
  expect(epochsOf([a], 1)).toEqual([1, 2]);
});

test('a node that cannot recover a partition asks another after five tries, which keeps it', async () => {
  const cluster = createCluster(2);
  const a = cluster.join('a', {
    prepare: (host) => {
      host.failWith = (partition) => (partition === 1 ? new DomainError('UNAVAILABLE', 'no tables') : undefined);
    },
  });
  await cluster.pass(SECOND);
  const b = cluster.join('b');
  await cluster.pass(MINUTE);
  expect(b.host.served.has(1)).toBe(true);
  await cluster.pass(2 * MINUTE);
  expect(b.host.served.has(1)).toBe(true);
  expect(epochsOf([a], 1).length).toBeLessThan(10);
});

test('a recovery that comes to its end after its lease was lost leaves nothing behind', async () => {
  const cluster = createCluster(1);
  const a = cluster.join('a', {
    prepare: (host) => {
      host.takeOverMs = 30 * SECOND;
      host.isStubborn = true;
    },
  });
  await cluster.pass(SECOND);
  const b = cluster.join('b');
  await cluster.pass(SECOND);
  a.link.failing = 1;
  await cluster.pass(20 * SECOND);
  expect(b.ownership.ownerOf(0)).toEqual({ kind: 'self' });
  a.link.failing = 0;
  await cluster.pass(5 * SECOND);
  expect(a.ownership.ownerOf(0)).toEqual({ kind: 'peer', nodeId: 'b', address: 'b:7400' });
  await cluster.pass(MINUTE);
  expect(a.host.served.size + b.host.served.size).toBe(1);
  expect(a.host.mistakes).toEqual([]);
});

test('[90] a journal that is still written to is tried again when it says so, under a new epoch', async () => {
  const busy = new DomainError('UNAVAILABLE', 'still written to', { retryAfterMs: 10 * SECOND });
  let failures = 1;
  const cluster = createCluster(1);
  const a = cluster.join('a', {
    prepare: (host) => {
      host.failWith = () => ((failures -= 1) >= 0 ? busy : undefined);
    },
  });
  await cluster.pass(9 * SECOND);
  expect(epochsOf([a], 0)).toEqual([1]);
  await cluster.pass(2 * SECOND);
  expect(epochsOf([a], 0)).toEqual([1, 2]);
  expect(a.ownership.ownerOf(0)).toEqual({ kind: 'self' });
});
