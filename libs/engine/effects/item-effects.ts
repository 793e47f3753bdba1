import type { EventOf } from '../events/event.ts';
import type { Lease } from '../model/lease.ts';
import type { OpenItem } from '../model/open-node.ts';
import { ROOT, type Run } from '../model/run.ts';
import type { Effect, Notice } from './effect.ts';

/**
 * Follows the items of a run through the events of one commit, from how they were before it, and writes down what that
 * means for ready lists and workers. An item is in a ready list exactly while it is open, not leased, and its run is not
 * paused.
 */
export interface ItemEffects {
  readonly schedule: (event: EventOf<'taskScheduled'>) => void;
  readonly lease: (event: EventOf<'taskLeased'>) => void;
  /** The worker ended its hold. */
  readonly settle: (nodePath: string) => void;
  /** An attempt failed, by its worker's word or not. */
  readonly fail: (nodePath: string, byWorker: boolean) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly endAll: () => void;
  /** Tells every worker that has an item. */
  readonly tell: (notice: Notice) => void;
  /** Who has the function now. */
  readonly rootLease: () => Lease | undefined;
}

/** Follows the items of `run` and adds to `effects`. */
export function createItemEffects(run: Run, effects: Effect[]): ItemEffects {
  // Only nodes that this commit touches are kept here; the others are as the run has them.
  const touched = new Map<string, { item: OpenItem | undefined; failedWorkerId: string }>();
  let held = run.status === 'PAUSED';

  function itemAt(path: string): OpenItem | undefined {
    const seen = touched.get(path);
    return seen === undefined ? run.nodes.get(path)?.item : seen.item;
  }

  function touch(path: string, item: OpenItem | undefined, failedWorkerId?: string): void {
    const before = touched.get(path)?.failedWorkerId ?? run.nodes.get(path)?.failedWorkerId ?? '';
    touched.set(path, { item, failedWorkerId: failedWorkerId ?? before });
  }

  function* openItems(): Generator<[path: string, item: OpenItem]> {
    for (const path of new Set([...run.nodes.keys(), ...touched.keys()])) {
      const item = itemAt(path);
      if (item !== undefined) yield [path, item];
    }
  }

  function queue(nodePath: string, item: OpenItem): void {
    const { itemSequence, attempt, priority, tags, scheduleTime, notBeforeTime } = item;
    const failedWorkerId = touched.get(nodePath)?.failedWorkerId ?? run.nodes.get(nodePath)?.failedWorkerId ?? '';
    const ready = { itemSequence, nodePath, attempt, queue: item.queue, priority, tags, scheduleTime, notBeforeTime };
    effects.push({ kind: 'queue', item: { ...ready, failedWorkerId } });
  }

  /** Ends an item: out of its list, or out of the hands of its worker. */
  function end(item: OpenItem, byWorker: boolean): void {
    if (item.lease !== undefined) effects.push({ kind: byWorker ? 'free' : 'revoke', lease: item.lease });
    else if (!held) effects.push({ kind: 'withdraw', itemSequence: item.itemSequence });
  }

  return {
    schedule(event) {
      const replaced = itemAt(event.nodePath);
      if (replaced !== undefined) end(replaced, false);
      const item: OpenItem = {
        itemSequence: event.sequence,
        scheduleTime: event.eventTime,
        notBeforeTime: event.notBeforeTime,
        queue: event.queue,
        priority: event.priority,
        tags: event.tags,
        attempt: event.attempt,
        lease: undefined,
        leasedSequence: 0,
      };
      touch(event.nodePath, item);
      if (!held) queue(event.nodePath, item);
    },
    lease({ nodePath, lease, sequence }) {
      const item = itemAt(nodePath);
      if (item === undefined) return;
      if (item.lease === undefined) effects.push({ kind: 'withdraw', itemSequence: item.itemSequence });
      effects.push({ kind: 'hold', nodePath, lease });
      touch(nodePath, { ...item, lease, leasedSequence: sequence });
    },
    settle(nodePath) {
      const item = itemAt(nodePath);
      if (item !== undefined) end(item, true);
      touch(nodePath, undefined);
    },
    fail(nodePath, byWorker) {
      const item = itemAt(nodePath);
      if (item !== undefined) end(item, byWorker);
      touch(nodePath, undefined, item?.lease?.workerId ?? '');
    },
    pause() {
      for (const [, item] of openItems()) {
        if (item.lease === undefined) effects.push({ kind: 'withdraw', itemSequence: item.itemSequence });
      }
      held = true;
    },
    resume() {
      if (!held) return;
      held = false;
      for (const [path, item] of openItems()) if (item.lease === undefined) queue(path, item);
    },
    endAll() {
      for (const [path, item] of openItems()) {
        end(item, false);
        touch(path, undefined);
      }
    },
    tell(notice) {
      for (const [, item] of openItems()) {
        if (item.lease !== undefined) effects.push({ kind: 'tell', lease: item.lease, notice });
      }
    },
    rootLease: () => itemAt(ROOT)?.lease,
  };
}
