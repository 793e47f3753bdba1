import { pino } from 'pino';
import { createOwnership } from '../create-ownership.ts';
import type { Ownership, OwnershipOptions } from '../ownership.ts';
import { createRecordingHost, type RecordingHost } from './recording-host.ts';
import { createSimulatedLink, type OwnershipTables, type SimulatedLink } from './simulated-link.ts';
import {
  createSimulatedMachine,
  createSimulatedWorld,
  type SimulatedMachine,
  type SimulatedWorld,
} from './simulated-world.ts';

/** A node of a simulated cluster. */
export interface SimulatedNode {
  readonly nodeId: string;
  readonly machine: SimulatedMachine;
  readonly link: SimulatedLink;
  readonly host: RecordingHost;
  readonly ownership: Ownership;
  /** Settles when `start` does. */
  readonly started: Promise<void>;
  /** Lines of the log, newest last. */
  readonly logs: readonly LogLine[];
}

/** A line of the log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
}

/** Several nodes on one store, in simulated time. */
export interface SimulatedCluster {
  readonly world: SimulatedWorld;
  readonly nodes: readonly SimulatedNode[];
  /** Starts a node. */
  join(nodeId: string, options?: JoinOptions): SimulatedNode;
  /** Lets this much time pass. */
  pass(ms: number): Promise<void>;
  /** The nodes that may answer for a partition now. */
  answering(partition: number): readonly string[];
  /** Who serves each partition, among the nodes that live. */
  serving(): readonly (readonly string[])[];
}

/** What differs from node to node. */
export interface JoinOptions extends Partial<Omit<OwnershipOptions, 'node' | 'tables' | 'clock' | 'nodeId'>> {
  readonly rate?: number;
  readonly newestFormat?: number;
  /** Changes the host before the node starts. */
  readonly prepare?: (host: RecordingHost) => void;
}

/** Makes a cluster without nodes. After every event it throws when two nodes may answer for one partition. */
export function createSimulatedCluster(
  tables: OwnershipTables,
  partitionCount: number,
  random: () => number = seededRandom(1),
): SimulatedCluster {
  const nodes: SimulatedNode[] = [];
  const world = createSimulatedWorld(() => {
    for (let partition = 0; partition < partitionCount; partition += 1) {
      const who = answering(partition);
      if (who.length > 1) throw new Error(`${who.join(' and ')} may answer for partition ${partition}`);
    }
  });

  function answering(partition: number): readonly string[] {
    return nodes
      .filter(({ machine, ownership }) => !machine.isDead && ownership.mayAnswer(partition))
      .map(({ nodeId }) => nodeId);
  }

  return {
    world,
    nodes,
    join: (nodeId, { rate = 1, newestFormat = 1, prepare, ...options } = {}) => {
      const machine = createSimulatedMachine(world, rate);
      const link = createSimulatedLink(world, machine, tables, random);
      const host = createRecordingHost(machine.clock);
      prepare?.(host);
      const logs: LogLine[] = [];
      const write = (line: string): void => void logs.push(JSON.parse(line) as LogLine);
      const ownership = createOwnership({
        node: host,
        tables: link.tables,
        clock: machine.clock,
        nodeId,
        self: { address: `${nodeId}:7400`, httpAddress: '', version: '0.1.0', newestFormat, startTime: 0 },
        partitionCount,
        format: 1,
        log: pino({ level: 'info' }, { write }),
        random,
        ...options,
      });
      const started = ownership.start(new AbortController().signal);
      // A node that is killed never starts, and some tests do not ask.
      started.catch(() => undefined);
      const node = { nodeId, machine, link, host, ownership, started, logs };
      nodes.push(node);
      return node;
    },
    pass: (ms) => world.runUntil(world.nowMs + ms),
    answering,
    serving: () =>
      Array.from({ length: partitionCount }, (_, partition) =>
        nodes.filter(({ machine, host }) => !machine.isDead && host.served.has(partition)).map(({ nodeId }) => nodeId),
      ),
  };
}

/** Two nodes, each with its half of the partitions. */
export interface SimulatedPair {
  readonly cluster: SimulatedCluster;
  readonly a: SimulatedNode;
  readonly b: SimulatedNode;
}

/** Makes a cluster of two nodes and waits until it is in balance. */
export async function createSimulatedPair(tables: OwnershipTables, partitionCount: number): Promise<SimulatedPair> {
  const cluster = createSimulatedCluster(tables, partitionCount);
  const a = cluster.join('a');
  await cluster.pass(1_000);
  const b = cluster.join('b');
  await cluster.pass(120_000);
  if (a.host.served.size !== b.host.served.size) throw new Error('the pair is not in balance');
  return { cluster, a, b };
}

/** The epochs under which a partition was taken over, by node. */
export function epochsOf(nodes: readonly SimulatedNode[], partition: number): readonly number[] {
  return nodes.flatMap(({ host }) =>
    host.events.filter((event) => event.kind === 'takeOver' && event.partition === partition).map(({ epoch }) => epoch),
  );
}

/** Numbers from 0 up to 1, always the same for a seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
