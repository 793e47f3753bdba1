import { DomainError } from '#libs/errors/domain-error.ts';
import { createClusterView } from './cluster-view.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { createLookLoop } from './look-loop.ts';
import { createMemberKeeper } from './member-keeper.ts';
import { createMover } from './mover.ts';
import type { Ownership, OwnershipOptions } from './ownership.ts';
import { createPartitionSlot, type PartitionSlot } from './partition-slot.ts';
import { createPlanner } from './planner.ts';
import { createSight } from './sight.ts';
import { completeTiming } from './timing.ts';
import { createTroubleLog } from './trouble-log.ts';
import { interruptible, orAborted, sleepOn } from './waits.ts';

/** How long a start that the store refused waits before it is tried again. */
const START_RETRY_MS = 500;
/** How long a farewell may take that nobody needs: without it the others wait a lease. */
const FAREWELL_MS = 2_000;

/**
 * Makes the ownership of a node; nothing happens before `start`.
 *
 * Three loops run side by side. The *lease keeper* renews what is held and knows until when answers may leave. The
 * *member keeper* gives signs of life. The *look loop* reads all rows, and after each look the planner begins what has
 * become possible: to take what falls to this node, to hand over what belongs elsewhere, to free what was left over. The
 * rows alone decide; what nodes tell each other only makes a look come sooner.
 *
 * @throws INVALID_FIELDS for times that contradict each other.
 */
export function createOwnership(options: OwnershipOptions): Ownership {
  const { node, tables, clock, nodeId, log, partitionCount } = options;
  const { isExclusive = false, random = Math.random } = options;
  const timing = completeTiming(options.timing);
  const trouble = createTroubleLog(log, clock);
  const stopped = new AbortController();
  const slots = Array.from({ length: partitionCount }, (_, partition) => createPartitionSlot(partition));
  const waiting = new Set<() => void>();
  let isDraining = false;

  const sight = createSight({ tables, clock, timing, nodeId, partitionCount, isExclusive, onTrouble: trouble });
  const view = createClusterView({
    nodeId,
    address: options.self.address,
    slots,
    sight,
    firstRevision: clock.now(),
    trouble,
  });
  const member = createMemberKeeper({
    table: tables.members,
    clock,
    timing,
    nodeId,
    facts: options.self,
    onTrouble: (error) => trouble('the row of this member cannot be written', error),
  });
  const keeper = createLeaseKeeper({
    table: tables.leases,
    clock,
    timing,
    partitionCount,
    random,
    onRenewed: (row) => {
      sight.note(row);
      node.answerHeld(row.partition);
    },
    onLost: (partition, row) => {
      if (row !== undefined) sight.note(row);
      const slot = slots[partition];
      if (slot !== undefined) mover.leaseLost(slot);
      refresh();
      looks.nudge();
    },
    onTrouble: (error) => trouble('a lease cannot be renewed', error),
  });
  const mover = createMover({
    ...options,
    timing,
    keeper,
    sight,
    trouble,
    mayTake: () => !isDraining && !stopped.signal.aborted,
    onChange: refresh,
    onUnclear: () => looks.nudge(),
    until,
  });
  const planner = createPlanner({
    ...options,
    isExclusive,
    timing,
    slots,
    keeper,
    sight,
    mover,
    trouble,
    isDraining: () => isDraining,
  });
  const looks = createLookLoop({
    clock,
    lookMs: timing.lookMs,
    look: async () => {
      const isSeen = await sight.look();
      let dueMs = Number.POSITIVE_INFINITY;
      if (stopped.signal.aborted) return { isSeen, dueMs };
      try {
        if (isSeen) dueMs = planner.act();
        refresh();
      } catch (error) {
        trouble('a bug in planning', error);
      }
      return { isSeen, dueMs };
    },
  });

  /** Looks again at what is told, and wakes who waits inside, also for what is not told. */
  function refresh(): void {
    view.refresh();
    const woken = Array.from(waiting);
    for (const wake of woken) wake();
  }

  /** Waits until something is so, as far as this node can see. */
  async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isSo()) {
      await interruptible<void>(signal, (resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
        return () => void waiting.delete(wake);
      });
    }
  }

  function isNothingOurs(): boolean {
    return slots.every(
      ({ partition, phase, isBusy }) => phase === 'none' && !isBusy && sight.lease(partition)?.row.nodeId !== nodeId,
    );
  }

  /** Drops everything, so that nothing is answered, and frees the leases where the store lets that happen soon. */
  async function giveUpAll(farewell: () => Promise<void>): Promise<void> {
    for (const slot of slots) {
      if (slot.phase === 'serving' || slot.phase === 'faulted') slot.phase = 'none';
      keeper.forget(slot.partition);
      slot.abort?.abort(ended());
      node.drop(slot.partition);
    }
    refresh();
    const timeout = new AbortController();
    const cancel = clock.setTimer(FAREWELL_MS, () => timeout.abort(ended()));
    try {
      const freed = slots.map(async (slot) => {
        const row = sight.lease(slot.partition)?.row;
        if (row?.nodeId === nodeId) await mover.free(slot, row, {});
      });
      await orAborted(Promise.all([...freed, farewell()]), timeout.signal);
    } catch (error) {
      trouble('this node gave up without a word', error);
    } finally {
      cancel();
    }
  }

  return {
    partitionCount,
    start: async (signal) => {
      const either = AbortSignal.any([signal, stopped.signal]);
      for (;;) {
        either.throwIfAborted();
        try {
          await orAborted(member.join(), either);
          break;
        } catch (error) {
          either.throwIfAborted();
          trouble('the row of this member cannot be written', error);
          await sleepOn(clock, START_RETRY_MS, either);
        }
      }
      while (!(await orAborted(looks.start(), either))) await sleepOn(clock, START_RETRY_MS, either);
      const wanted = slots.filter(({ isBusy }) => isBusy);
      const isSettled = ({ partition, isBusy }: PartitionSlot): boolean =>
        !isBusy && view.ownerOf(partition).kind !== 'nobody';
      await until(() => wanted.every(isSettled), either);
    },
    mayAnswer: (partition) => keeper.mayAnswer(partition),
    ownerOf: (partition) => view.ownerOf(partition),
    members: () => view.members(),
    onChange: (listener) => view.onChange(listener),
    nudge: () => looks.nudge(),
    drain: async (signal) => {
      isDraining = true;
      const either = AbortSignal.any([signal, stopped.signal]);
      for (const { phase, abort } of slots) if (phase === 'taking') abort?.abort(ended());
      try {
        // The next sign of life says it too; until then the others may hand over to this node what it passes on.
        const said = member.setDraining().catch((error: unknown) => trouble('nobody knows of the drain', error));
        await orAborted(said, either);
        looks.nudge();
        await until(isNothingOurs, either);
      } catch (error) {
        if (!either.aborted) throw error;
        if (!stopped.signal.aborted) await giveUpAll(async () => undefined);
      }
    },
    onLost: (partition, error) => {
      const slot = slots[partition];
      if (slot !== undefined) mover.servingLost(slot, error);
    },
    [Symbol.asyncDispose]: async () => {
      if (stopped.signal.aborted) return;
      stopped.abort(ended());
      looks.stop();
      keeper.stop();
      member.stop();
      await giveUpAll(() => member.leave());
    },
  };
}

function ended(): DomainError {
  return new DomainError('DRAINING', 'this node gives its partitions up', { retryAfterMs: 250 });
}
