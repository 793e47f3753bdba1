import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createMemoryStateTables } from '#libs/store/memory/tables/state-tables.ts';
import { faultRuns } from '#test/fault/seed.ts';
import {
  createSimulatedCluster,
  epochsOf,
  type SimulatedCluster,
  type SimulatedNode,
  seededRandom,
} from './testing/simulated-cluster.ts';

const PARTITIONS = 5;
const CHAOS_MS = 90_000;
const HEALING_MS = 150_000;

/** Each takes a fifth of a second. */
const RUNS = faultRuns(20, 1_000);

/** Something that goes wrong, or is done, at some time to one of the nodes that live then. */
interface Fault {
  readonly ms: number;
  readonly node: number;
  readonly forMs: number;
  readonly share: number;
  readonly kind: 'pause' | 'kill' | 'cut' | 'slow' | 'drain' | 'collide' | 'stick' | 'fail' | 'join' | 'nudge';
}

const FAULT: fc.Arbitrary<Fault> = fc.record({
  ms: fc.nat(CHAOS_MS),
  node: fc.nat(9),
  forMs: fc.oneof(fc.nat(3_000), fc.nat(25_000)),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('pause', 'kill', 'cut', 'slow', 'drain', 'collide', 'stick', 'fail', 'join', 'nudge'),
});

/** A clock may be wrong by five percent. */
const RATES = [1, 0.95, 1.05, 0.98, 1.02];

/** How long a call takes each way at most, from next door to the other side of the world. */
const DELAYS_MS = [2, 60, 800];

/** Each node is told by the others that something changed, as their streams do, sooner or later. */
function joinNext(cluster: SimulatedCluster): void {
  const { world, nodes } = cluster;
  const { length } = nodes;
  const node = cluster.join(`n${length}`, { rate: RATES[length % RATES.length] ?? 1 });
  node.link.delayMs = delayOf(node);
  node.ownership.onChange(() => {
    for (const other of nodes) {
      if (other !== node) world.at(world.nowMs + 3, () => other.machine.deliver(() => other.ownership.nudge()));
    }
  });
}

function delayOf({ nodeId }: SimulatedNode): number {
  return DELAYS_MS[Number(nodeId.slice(1)) % DELAYS_MS.length] ?? 2;
}

function inflict(cluster: SimulatedCluster, fault: Fault): void {
  const { world } = cluster;
  const { kind, share, forMs } = fault;
  const living = cluster.nodes.filter(({ machine }) => !machine.isDead);
  const node = living[fault.node % Math.max(1, living.length)];
  if (node === undefined || kind === 'join') {
    if (living.length < 5) joinNext(cluster);
    return;
  }
  const { machine, link, host, ownership } = node;
  const later = (fn: () => void): void => world.at(world.nowMs + forMs, fn);
  switch (kind) {
    case 'pause':
      machine.pause();
      later(() => machine.resume());
      return;
    case 'kill':
      machine.kill();
      later(() => joinNext(cluster));
      return;
    case 'cut':
      link.failing = Math.max(link.failing, share);
      later(() => {
        link.failing = 0;
      });
      return;
    case 'slow':
      link.delayMs = 6_000 * share;
      later(() => {
        link.delayMs = delayOf(node);
      });
      return;
    case 'drain': {
      const patience = new AbortController();
      later(() => machine.deliver(() => patience.abort()));
      void ownership
        .drain(patience.signal)
        .then(() => ownership[Symbol.asyncDispose]())
        .then(() => machine.kill());
      return;
    }
    case 'collide': {
      const partition = Math.floor(share * PARTITIONS) % PARTITIONS;
      machine.deliver(() => {
        host.drop(partition);
        ownership.onLost(partition);
      });
      return;
    }
    case 'stick':
      host.takeOverMs = host.releaseMs = 15_000 * share;
      host.isStubborn = fault.ms % 2 === 0;
      later(() => {
        host.isStubborn = false;
        host.takeOverMs = host.releaseMs = 20;
      });
      return;
    case 'fail':
      host.failWith = (partition) =>
        partition / PARTITIONS < share ? new DomainError('UNAVAILABLE', 'asked to fail') : undefined;
      later(() => {
        host.failWith = () => undefined;
      });
      return;
    case 'nudge':
      machine.deliver(() => ownership.nudge());
      return;
  }
}

test('[90] whatever stops, fails or is slow: never may two answer at once, no epoch is given twice, and afterwards each partition has one owner', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(FAULT, { minLength: 3, maxLength: 25 }), async (seed, faults) => {
      const cluster = createSimulatedCluster(createMemoryStateTables(), PARTITIONS, seededRandom(seed));
      const { world, nodes } = cluster;
      for (let i = 0; i < 3; i += 1) world.at(i * 1_000, () => joinNext(cluster));
      for (const fault of faults) world.at(fault.ms, () => inflict(cluster, fault));
      world.at(CHAOS_MS + 30_000, () => {
        joinNext(cluster);
        for (const node of nodes) {
          const { machine, link, host } = node;
          link.failing = 0;
          link.delayMs = delayOf(node);
          host.takeOverMs = host.releaseMs = 20;
          host.failWith = () => undefined;
          if (!machine.isDead) machine.resume();
        }
      });
      // What must never be is looked for after every event.
      await world.runUntil(CHAOS_MS + 30_000 + HEALING_MS);

      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const epochs = epochsOf(nodes, partition);
        expect(new Set(epochs).size).toBe(epochs.length);
      }
      expect(nodes.flatMap(({ host }) => host.mistakes)).toEqual([]);
      const living = nodes.filter(({ machine }) => !machine.isDead);
      const serving = cluster.serving();
      for (const [partition, who] of serving.entries()) {
        expect([partition, who.length]).toEqual([partition, 1]);
        expect(cluster.answering(partition)).toEqual(who);
        for (const { nodeId, ownership } of living) {
          const owner = ownership.ownerOf(partition);
          expect(owner).toMatchObject(nodeId === who[0] ? { kind: 'self' } : { kind: 'peer', nodeId: who[0] });
        }
      }
      const bugs = nodes.flatMap(({ logs }) => logs.filter(({ msg }) => msg.startsWith('a bug')));
      expect(bugs).toEqual([]);
    }),
    { numRuns: RUNS },
  );
}, 1_200_000);
