import { isTerminal } from '#libs/engine/model/status.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { createBacklog } from '../back-pressure/backlog.ts';
import { maybeOverload } from '../back-pressure/intake-check.ts';
import type { CommitLine } from '../commit/commit-line.ts';
import type { ItemOwner } from '../dispatch/held-lease.ts';
import { createKnownIds } from '../mailboxes/known-ids.ts';
import { createMailboxes } from '../mailboxes/mailboxes.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import { maybeLoadRun } from '../rows/load-run.ts';
import { settleRunRows } from '../rows/run-rows.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { isLeased } from '../runs/next-time.ts';
import type { PartitionEvent } from '../state/partition-event.ts';
import { evolvePartition, type PartitionState } from '../state/partition-state.ts';
import { createDirtyRuns, type DirtyRuns } from './dirty-runs.ts';
import { noteDivergence } from './divergence-lift.ts';
import { createIdleRuns } from './idle-runs.ts';
import type { RunMessage } from './message.ts';
import { offerRow } from './offer-row.ts';
import { EMPTY_ENTRY, partitionEntry } from './partition-entry.ts';
import type { PartitionOptions } from './partition-options.ts';
import { maybeQuarantined, quarantinedOf } from './quarantine.ts';
import { createRunClock, RING_AGAIN_MS } from './run-clock.ts';
import { createRunEffects } from './run-effects.ts';
import type { RunTask } from './run-task.ts';
import { createVisits, type DrivenVisit, type RunVisit } from './run-visit.ts';
import { createSpilledItems } from './spilled-items.ts';
import { createStepHeartbeats } from './step-heartbeats.ts';
import { createWatchers, type RunWatcher } from './watchers.ts';

/** The runs of a partition, as their owner serves them. */
export interface Partition extends ItemOwner {
  readonly partition: number;
  readonly line: CommitLine;
  readonly state: PartitionState;
  /** How many runs are in memory. */
  readonly residentRuns: number;
  /** Runs whose rows lack something. What is taken counts as written from then on. */
  readonly dirty: Pick<DirtyRuns, 'size' | 'endedCount' | 'takeAll' | 'takeEnded'>;
  /** Looks at a run and does something with it; later when it has to be loaded, and in the order of the calls. */
  visit(key: RunKey, task: RunTask): void;
  /** As `visit`, for whoever has found the run before: a shorter way while it is still in memory. */
  visitAgain(key: RunKey, found: HotRun | undefined, task: RunTask): void;
  /** The run under an id, if it is in memory. */
  peek(key: RunKey): HotRun | undefined;
  /** Tells of what happens to a run from now on. Answers how to stop. */
  watch(key: RunKey, watcher: RunWatcher): () => void;
  /** Makes a position of the journal, nothing else: rows that are written at it are newer than all before. */
  advance(): number;
  /** A fence that is larger than all that were given out: for a command of this visit. */
  nextFence(): bigint;
  /** Something happens to the partition, outside any visit. */
  record(event: PartitionEvent): void;
  /** Sends a message to another run, in the record of the visit. */
  queueMessage(visit: RunVisit, message: RunMessage): void;
  /** Puts a recovered run into memory and serves it. */
  adopt(hot: HotRun): void;
  /** Offers an item whose row was read. Answers false when there is no more room for its kind. `isLater`: see `RowOffer`. */
  offerRow(entry: ReadyEntry, isLater?: boolean): boolean;
  /** When a run that is in memory, or whose row was noted, wakes next. Infinity: none does. */
  nextWakeTime(): number;
  /** A run wakes at a time, by its row. */
  noteWake(key: RunKey, time: number): void;
  /** A run has a row. */
  noteKnown(key: RunKey): void;
  /** Whether there may be a run under an id, or may have been one since the partition is served. */
  mayHave(key: RunKey): boolean;
  /** Every run that has a row was noted: an id that is not known needs no look into the tables any more. */
  allKnown(): void;
  /** Holds a run as it is, because of an error: nothing is decided about it, and the others go on. [journal.md 14] */
  quarantine(hot: HotRun, error: unknown): void;
  /** Takes a run out of memory, because it was deleted. */
  forgetRun(hot: HotRun): void;
  /** The rows that were taken of a run stand: it leaves memory when nothing of it goes on. */
  settle(hot: HotRun): void;
  /** Rows cover the journal up to a position. Answers how many bytes of it no longer wait for them. */
  cover(position: number): number;
  /** Forgets everything: the partition is served no more. */
  close(error: unknown): void;
}

/** Serves a partition. */
export function createPartition(options: PartitionOptions): Partition {
  const { line, tables, dispatch, clock, readRules, state } = options;
  const backlog = createBacklog(options.maxDirtyRuns);
  const watchers = createWatchers();
  const dirty = createDirtyRuns();
  const known = createKnownIds();
  /** What runs that are in memory here have for their home. */
  const home = {};
  for (const answered of state.requests.values()) known.add(runIdKey(answered));
  let isAllKnown = false;
  let isClosed = false;

  const mailboxes = createMailboxes<HotRun, RunTask>({
    onRun: act,
    onFailure: (task, error) => task.fail(error),
    mayExist: (id) => !isAllKnown || known.mayHave(id),
    load: async (key) => {
      const hot = await maybeLoadRun(tables, readRules, key);
      // The rows of a run that was deleted may still stand.
      if (hot === undefined || isClosed || state.deletions.has(hot.identity.incarnation)) return undefined;
      hot.home = home;
      effects.adoptLeases(hot);
      runClock.arm(hot, readTime());
      stepHeartbeats.arm(hot);
      if (!isLeased(hot.run)) idle.add(hot);
      return hot;
    },
  });

  const runClock = createRunClock({ clock, dispatch, onDue: ring });
  const stepHeartbeats = createStepHeartbeats({
    clock,
    tables,
    visit,
    onTrouble: (_what, error) => options.onBug(error),
  });
  const spilled = createSpilledItems(dispatch);
  const idle = createIdleRuns(options.maxIdleRuns, evict);

  const partition: Partition = {
    partition: options.partition,
    line,
    state,
    get residentRuns() {
      return mailboxes.size;
    },
    dirty,
    visit,
    visitAgain: (key, found, task) => {
      if (found?.home === home && !mailboxes.isLoading && !isClosed) act(found.identity, found, task);
      else visit(key, task);
    },
    peek: (key) => mailboxes.peek(runIdKey(key)),
    watch: (key, watcher) => watchers.add(runIdKey(key), watcher),
    leaseClaimed: (entry, worker) => {
      effects.forgetOffered(runIdKey(entry), entry);
      visit(entry, {
        intent: 'leaseItem',
        act: (visited) => {
          const { hot } = visited;
          if (hot?.identity.incarnation === entry.incarnation) effects.lease(visited, hot, entry, worker);
          else dispatch.returnCredit(worker.sessionId);
        },
        fail: () => dispatch.returnCredit(worker.sessionId),
      });
    },
    advance: () => addEntry(EMPTY_ENTRY, EMPTY_ENTRY.length),
    nextFence: () => options.nextFence(),
    record: (event) => {
      evolvePartition(state, event);
      const entry = partitionEntry(event);
      addEntry(entry, entry.length);
      options.onDirty();
    },
    queueMessage: (visited, message) => options.queueMessage(visited, message),
    adopt: (hot) => {
      mailboxes.put(hot.id, hot);
      hot.home = home;
      known.add(hot.id);
      dirty.add(hot);
      effects.adoptLeases(hot);
      runClock.arm(hot, readTime());
      stepHeartbeats.arm(hot);
      visit(hot.identity, {
        intent: 'wake',
        act: (visited) => effects.offerReady(visited, hot),
        fail: options.onBug,
      });
    },
    offerRow: (entry, isLater = false) =>
      offerRow(
        { dispatch, effects, owner: partition, hot: mailboxes.peek(runIdKey(entry)), now: readTime(), isLater },
        entry,
      ),
    nextWakeTime: () => runClock.nextTime(),
    noteWake: (key, time) => {
      if (mailboxes.peek(runIdKey(key)) === undefined) runClock.note(runIdKey(key), time);
    },
    noteKnown: (key) => known.add(runIdKey(key)),
    mayHave: (key) => !isAllKnown || known.mayHave(runIdKey(key)),
    allKnown: () => {
      isAllKnown = true;
    },
    quarantine,
    forgetRun,
    settle: (hot) => {
      settleRunRows(hot);
      spilled.settle(hot);
      if (hot.isDirty || hot.home !== home) return;
      if (isTerminal(hot.run.status)) evict(hot);
      // What a worker holds stays: its frames come at any moment.
      else if (!isLeased(hot.run)) idle.add(hot);
    },
    cover: (position) => {
      const before = backlog.byteLength;
      backlog.cover(position);
      return before - backlog.byteLength;
    },
    close: (error) => {
      if (isClosed) return;
      isClosed = true;
      runClock.close();
      stepHeartbeats.close();
      dispatch.forget(partition);
      mailboxes.close(error);
      watchers.close();
      dirty.clear();
      line.drop();
    },
  };

  const effects = createRunEffects({
    tables,
    dispatch,
    watchers,
    line,
    owner: partition,
    nextFence: () => options.nextFence(),
    onMessage: (visited, hot, effect) => options.onMessage(visited, hot, effect),
    onSpilled: (hot, entry, isByTime) => {
      if (!spilled.note(hot, entry)) return;
      markDirty(hot);
      // Nothing happened but that its time came: an empty entry makes a position at which its rows are newer than before.
      if (isByTime) addEntry(EMPTY_ENTRY, EMPTY_ENTRY.length);
    },
    onBug: options.onBug,
  });

  const visits = createVisits({
    onEffect: (visited, hot, effect) => effects.apply(visited, hot, effect),
    onStarted: (hot) => {
      hot.knowsAnswers = isAllKnown && !known.mayHave(hot.id);
      mailboxes.put(hot.id, hot);
      hot.home = home;
      known.add(hot.id);
    },
    onRecord: (event) => {
      evolvePartition(state, event);
      options.onDirty();
    },
    addEntry,
  });

  function readTime(): number {
    state.time = Math.max(state.time, clock.now());
    return state.time;
  }

  function visit(key: RunKey, task: RunTask): void {
    mailboxes.visit(key, task);
  }

  function act(key: RunKey, found: HotRun | undefined, task: RunTask): void {
    const refusal = maybeRefusal(key, task);
    if (refusal !== undefined) {
      task.fail(refusal);
      return;
    }
    const visited = visits.open(key, found, readTime());
    try {
      task.act(visited);
      visited.write();
    } catch (error) {
      if (error instanceof DomainError) refuse(visited, task, error);
      else poison(visited, task, error);
      visited.end();
      return;
    }
    finish(visited);
    visited.end();
  }

  /** What a visit did is in the record that fills: what follows from that. */
  function finish(visited: DrivenVisit): void {
    noteDivergence(visited, state, visited.isForgotten);
    visited.writeRecords();
    const { hot, waiters } = visited;
    if (hot !== undefined) {
      if (visited.isForgotten) forgetRun(hot);
      else if (visited.hasChanged) note(hot, visited.now);
    }
    for (const waiter of waiters) line.whenDurable(waiter);
  }

  /** Why nothing can be decided about a run now. */
  function maybeRefusal(key: RunKey, { intent }: RunTask): DomainError | undefined {
    if (!line.isOpen) {
      return new DomainError('UNAVAILABLE', 'the journal does not answer in time', { retryAfterMs: 1_000 });
    }
    if (intent === 'read') return undefined;
    return maybeQuarantined(state, key) ?? maybeOverload(intent, backlog.intake(clock.monotonic(), dirty.size));
  }

  /** A task was refused in the middle: what it decided before stands, and like every answer this one waits. */
  function refuse(visited: DrivenVisit, task: RunTask, error: DomainError): void {
    visited.write();
    finish(visited);
    line.whenDurable((news) => {
      if (news !== 'late') task.fail(error);
    });
  }

  function addEntry(bytes: Uint8Array, length: number): number {
    line.add(bytes, length);
    backlog.add(line.position, length, clock.monotonic());
    return line.position;
  }

  function markDirty(hot: HotRun): void {
    if (hot.isDirty) return;
    hot.isDirty = true;
    idle.remove(hot);
    dirty.add(hot);
    if (dirty.size === 1) options.onDirty();
  }

  function note(hot: HotRun, now: number): void {
    markDirty(hot);
    if (hot.ended !== undefined) {
      dirty.noteEnd(hot);
      options.onEnded(dirty.endedCount);
    }
    runClock.arm(hot, now);
    stepHeartbeats.arm(hot);
    if (!watchers.hearsEvents(hot.id)) return;
    const { lastSequence } = hot.run;
    line.whenDurable((news) => {
      if (news === 'durable') watchers.tellEvents(hot, lastSequence);
    });
  }

  function evict(hot: HotRun): void {
    if (hot.home !== home || hot.isDirty || isLeased(hot.run)) return;
    runClock.release(hot);
    leave(hot);
  }

  function leave(hot: HotRun): void {
    hot.home = undefined;
    mailboxes.evict(hot.id);
  }

  function forgetRun(hot: HotRun): void {
    quit(hot);
    if (hot.home === home) leave(hot);
  }

  /** Nothing goes on with a run any more. */
  function quit(hot: HotRun): void {
    effects.withdrawAll(hot);
    spilled.forget(hot);
    runClock.clear(hot);
    stepHeartbeats.forget(hot);
    dirty.delete(hot);
    idle.remove(hot);
  }

  function quarantine(hot: HotRun, error: unknown): void {
    quit(hot);
    partition.record(quarantinedOf(hot, error, readTime()));
    options.onPoisoned(hot.identity, error);
  }

  /** A run threw while it was decided or folded. */
  function poison({ hot, waiters }: DrivenVisit, task: RunTask, error: unknown): void {
    if (hot === undefined) options.onBug(error);
    else quarantine(hot, error);
    task.fail(error);
    for (const waiter of waiters) waiter('lost');
  }

  function ring(key: RunKey): void {
    visit(key, {
      intent: 'wake',
      act: (visited) => {
        const { hot } = visited;
        if (hot === undefined) return;
        runClock.handleRing(visited, hot);
        effects.offerReady(visited, hot);
      },
      fail: (error) => {
        // The run is looked at again: nothing is forgotten because the journal was slow once.
        if (!isClosed && !(error instanceof DomainError && error.reason === 'QUARANTINED')) {
          runClock.note(runIdKey(key), clock.now() + RING_AGAIN_MS);
        }
      },
    });
  }

  return partition;
}
