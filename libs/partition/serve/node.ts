import { DomainError } from '#libs/errors/domain-error.ts';
import { partitionOfSlot, slotOf, slotsOfPartition } from '#libs/store/slots.ts';
import type { StateStore } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { CommitContext } from '../commit/commit-context.ts';
import type { CommitLine } from '../commit/commit-line.ts';
import { createCommitLoop } from '../commit/commit-loop.ts';
import { createDispatch, type Dispatch } from '../dispatch/dispatch.ts';
import type { AnnouncedCode } from '../dispatch/dispatch-session.ts';
import type { ReadyLists } from '../ready/ready-lists.ts';
import type { ReadRules } from '../rows/load-run.ts';
import { createFenceCounter } from '../state/fence.ts';
import type { OutboxMessage } from '../state/partition-state.ts';
import type { Clock } from '../timers/clock.ts';
import type { ResolveDefinition } from './definition-port.ts';
import { createRemoveDeleted } from './deletion.ts';
import { type DivergenceLift, startDivergenceLift } from './divergence-lift.ts';
import { createInbox, type IncomingMessage } from './inbox.ts';
import { createMaterialiser, type Materialiser } from './materialise.ts';
import { createMessages, type Messages } from './messages.ts';
import { createPartition, type Partition } from './partition.ts';
import { recoverPartition } from './recover.ts';
import { startRefill } from './refill.ts';
import { createRowScan, type RowScan } from './row-scan.ts';
import { createRunningRuns } from './running-runs.ts';
import { type Sweep, startSweep } from './sweep.ts';

/** Runs that nothing goes on with stay in memory up to so many on a node: some 60 MB. */
const MAX_IDLE_RUNS = 20_000;
/** However many partitions share them. */
const MIN_IDLE_RUNS = 500;
/** Runs that lack a row stay in memory up to so many on a node, some 100 MB, before starts are refused. */
const MAX_DIRTY_RUNS = 16_384;
const MIN_DIRTY_RUNS = 2_048;
/** How long a look for runs waits for the tables. */
const SETTLE_MS = 30_000;

/** What the partitions of a node are served with. */
export interface NodeOptions {
  readonly store: Pick<StateStore, 'journal' | 'tables' | 'blobs' | 'meta'>;
  readonly readRules: ReadRules;
  readonly clock: Clock;
  readonly commitContext: CommitContext;
  readonly resolve: ResolveDefinition;
  readonly newIncarnation: (now: number) => string;
  /** Brings messages of a partition to one that another node serves. Answers as `Messages` says. */
  readonly deliver: (source: number, target: number, messages: readonly OutboxMessage[]) => Promise<number>;
  /** The ready lists of the node. By default of the size that they have by themselves. */
  readonly lists?: ReadyLists;
  /** Runs of a partition that nothing goes on with stay in memory up to so many. By default a share of the node's 20 000. */
  readonly maxIdleRuns?: number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Whether the lease of a partition allows an answer at this moment. */
  readonly mayAnswer: (partition: number) => boolean;
  /** A partition is not served any more, because somebody else wrote to it or its journal is broken. */
  readonly onLost: (partition: number, error: unknown) => void;
  /** Something that is tried again, or concerns one run alone. */
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** The partitions that this node serves. */
export interface PartitionNode {
  readonly dispatch: Dispatch;
  /** The time that its partitions go by. */
  readonly clock: Clock;
  readonly partitionCount: number;
  /** The number of a run's partition, whoever serves it. */
  partitionNumber(key: RunKey): number;
  /**
   * The partition of a run.
   *
   * @throws NOT_OWNER when this node does not serve it at this moment.
   */
  partitionOf(key: RunKey): Partition;
  /** The same, by the number of the partition. */
  partitionAt(partition: number): Partition;
  /** The partitions that are served, in order. */
  served(): readonly Partition[];
  /**
   * Recovers a partition and serves it; `onServing` is called as soon as it is. Resolves once what waits in its tables is
   * offered too.
   */
  takeOver(partition: number, epoch: number, signal: AbortSignal, onServing?: () => void): Promise<void>;
  /** Brings the tables up to date while a partition is served, so that whoever takes it next has little to read. */
  catchUp(partition: number): Promise<void>;
  /** Hands a partition over: everything that was decided is in the journal afterwards. */
  release(partition: number): Promise<void>;
  /** Drops all memory of a partition. [journal.md 8] */
  drop(partition: number): void;
  /**
   * Takes messages of a partition that another node serves, in order; resolves with the number of the last one, once all
   * are durable.
   */
  receive(target: number, source: number, messages: readonly IncomingMessage[]): Promise<number>;
  /** Resolves once the tables show what was committed up to a position. */
  materialised(partition: number, position: number, signal: AbortSignal): Promise<void>;
  /** A worker announced these definitions, by `workflow@version`: runs go on that diverged under another build. */
  announceBuilds(tenantId: string, announced: ReadonlyMap<string, Pick<AnnouncedCode, 'build'>>): void;
  /** Tells what was held back while the lease did not allow it. */
  answerHeld(partition: number): void;
  /** Drops everything. What is not durable is settled by the next owner. */
  stop(): Promise<void>;
}

interface Served {
  readonly partition: Partition;
  readonly line: CommitLine;
  readonly materialiser: Materialiser;
  readonly scan: RowScan;
  readonly messages: Messages;
  readonly sweep: Sweep;
  readonly lift: DivergenceLift;
  isReleasing: boolean;
}

/** Makes a node that serves nothing yet. */
export function createPartitionNode(options: NodeOptions): PartitionNode {
  const { store, clock, readRules } = options;
  const { tables, journal, meta } = store;
  const loop = createCommitLoop(journal, options.commitContext);
  const dispatch = createDispatch(clock, options.lists);
  const served = new Map<number, Served>();
  let isStopping = false;

  const inbox = createInbox(options.resolve, options.newIncarnation);
  const refill = startRefill(dispatch, clock, () => Array.from(served.values(), ({ scan }) => scan), options.onTrouble);

  async function takeOver(number: number, epoch: number, signal: AbortSignal, onServing?: () => void): Promise<void> {
    const recovered = await recoverPartition(
      {
        partition: number,
        epoch,
        store,
        readRules,
        onPoisoned: (entry, error) => {
          options.onTrouble(`run ${entry.identity.runId} cannot be folded`, error);
        },
      },
      signal,
    );
    const fences = createFenceCounter(meta.era, epoch);
    const line = loop.open({
      partition: number,
      epoch,
      nextPosition: recovered.epochPosition + 1,
      mayAnswer: () => options.mayAnswer(number),
      onEnd: (end) => {
        drop(number);
        if (!isStopping) options.onLost(number, end.kind === 'broken' ? end.error : undefined);
      },
    });
    const messages = createMessages({
      partition: number,
      partitionCount: meta.partitions,
      state: recovered.state,
      clock,
      inbox,
      deliver: (target, waiting) => options.deliver(number, target, waiting),
      maybePartition: (target) => served.get(target)?.partition,
      record: (event) => partition.record(event),
      onTrouble: options.onTrouble,
    });
    const partition = createPartition({
      partition: number,
      line,
      tables,
      readRules,
      dispatch,
      clock,
      state: recovered.state,
      nextFence: () => fences.next(),
      onMessage: (visit, hot, effect) => messages.send(visit, hot, effect),
      queueMessage: (visit, message) => messages.queue(visit, message),
      maxIdleRuns: options.maxIdleRuns ?? Math.max(MIN_IDLE_RUNS, Math.floor(MAX_IDLE_RUNS / meta.partitions)),
      maxDirtyRuns: Math.max(MIN_DIRTY_RUNS, Math.floor(MAX_DIRTY_RUNS / meta.partitions)),
      onPoisoned: ({ runId }, error) => options.onTrouble(`run ${runId} is quarantined`, error),
      onDirty: () => materialiser.wake(),
      onEnded: (count) => materialiser.noteEnded(count),
      onBug: (error) => options.onTrouble('a bug', error),
    });
    const materialiser = createMaterialiser({
      partition,
      line,
      epoch,
      tables,
      journal,
      state: messages.roundState,
      removeDeleted: createRemoveDeleted(recovered.state, tables, store.blobs),
      clock,
      checkpointPosition: recovered.checkpointPosition,
      mayWrite: () => options.mayAnswer(number),
      onTrouble: (error) => options.onTrouble('the tables cannot be written', error),
    });
    const slots = slotsOfPartition(number, meta.partitions);
    const scan = createRowScan({ partition, slots, tables, clock, onTrouble: options.onTrouble });
    const mayWrite = (): boolean => options.mayAnswer(number);
    const { random, onTrouble } = options;
    const sweep = startSweep({ partition, slots, tables, clock, mayWrite, random, onTrouble });
    const running = createRunningRuns({
      partition: number,
      partitionCount: meta.partitions,
      tables,
      settle: () => materialiser.until(line.durablePosition, AbortSignal.timeout(SETTLE_MS)),
    });
    const lift = startDivergenceLift({ partition, clock, running, onTrouble });
    served.set(number, { partition, line, materialiser, scan, messages, sweep, lift, isReleasing: false });
    for (const hot of recovered.runs) partition.adopt(hot);
    messages.resume();
    materialiser.wake();
    // Workers that came while nobody served it have said already what they run.
    if (recovered.state.diverged.size > 0) {
      for (const { link, tenantId, announced } of dispatch.sessions()) {
        if (link !== undefined) announceTo(lift, tenantId, announced);
      }
    }
    onServing?.();
    await scan.start(signal);
  }

  function partitionNumber({ tenantId, runId }: RunKey): number {
    return meta.partitions === 1 ? 0 : partitionOfSlot(slotOf(tenantId, runId), meta.partitions);
  }

  function partitionAt(number: number): Partition {
    const found = served.get(number);
    if (found === undefined || found.isReleasing) throw notServed(number);
    return found.partition;
  }

  function drop(number: number): void {
    const found = served.get(number);
    if (found === undefined) return;
    served.delete(number);
    found.scan.stop();
    found.sweep.stop();
    found.lift.stop();
    found.messages.stop();
    void found.materialiser.stop();
    found.partition.close(
      new DomainError('UNAVAILABLE', `partition ${number} has another owner`, { retryAfterMs: 250 }),
    );
  }

  return {
    dispatch,
    clock,
    partitionCount: meta.partitions,
    partitionNumber,
    partitionOf: (key) => partitionAt(partitionNumber(key)),
    partitionAt,
    served: () => Array.from(served.values(), ({ partition }) => partition),
    takeOver,
    catchUp: async (number) => {
      await served.get(number)?.materialiser.catchUp();
    },
    release: async (number) => {
      const found = served.get(number);
      if (found === undefined) return;
      found.isReleasing = true;
      found.lift.stop();
      found.scan.stop();
      await loop.drain(found.line);
      drop(number);
    },
    drop,
    receive: async (target, source, messages) => {
      const found = served.get(target);
      if (found === undefined || found.isReleasing) throw notServed(target);
      return await inbox.takeAll(found.partition, source, messages);
    },
    materialised: async (number, position, signal) => {
      const found = served.get(number);
      if (found === undefined) throw notServed(number);
      await found.materialiser.until(position, signal);
    },
    announceBuilds: (tenantId, announced) => {
      for (const { partition, lift } of served.values()) {
        if (partition.state.diverged.size > 0) announceTo(lift, tenantId, announced);
      }
    },
    answerHeld: (number) => served.get(number)?.line.answerHeld(),
    stop: async () => {
      isStopping = true;
      const all = [...served.values()];
      await refill.stop();
      loop.stop();
      for (const [number] of served) drop(number);
      await Promise.all(all.map(({ materialiser }) => materialiser.stop()));
    },
  };
}

function announceTo(
  lift: DivergenceLift,
  tenantId: string,
  announced: ReadonlyMap<string, Pick<AnnouncedCode, 'build'>>,
): void {
  for (const [name, { build }] of announced) lift.announce(tenantId, name, build);
}

function notServed(partition: number): DomainError {
  return new DomainError('NOT_OWNER', `partition ${partition} is not served here at this moment`, {
    retryAfterMs: 250,
  });
}
