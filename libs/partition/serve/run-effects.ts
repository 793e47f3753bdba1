import { PassingMap } from '#libs/collections/passing-map.ts';
import type { Effect, ReadyItem } from '#libs/engine/effects/effect.ts';
import type { Lease } from '#libs/engine/model/lease.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { CommitLine } from '../commit/commit-line.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { HeldLease, ItemOwner, WorkerLink, WorkerRef } from '../dispatch/held-lease.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { hotEntryOf, offerableNodes, readyItemOf } from '../runs/ready-entry-of.ts';
import { clientAssignmentOf, maybeAssignmentOf, readAssignment } from './assignment.ts';
import type { RunVisit } from './run-visit.ts';
import type { Watchers } from './watchers.ts';

/** What the effects of a partition's runs act on. */
export interface EffectContext {
  readonly tables: Pick<StateTables, 'readSegments'>;
  readonly dispatch: Dispatch;
  readonly watchers: Watchers;
  readonly line: CommitLine;
  /** The partition, as the dispatch knows it. */
  readonly owner: ItemOwner;
  readonly nextFence: () => bigint;
  /** An effect that concerns another run. */
  readonly onMessage: (visit: RunVisit, hot: HotRun, effect: MessageEffect) => void;
  /** The list of an item has no room for it: it comes back from its row. */
  readonly onSpilled: (hot: HotRun, entry: ReadyEntry, isByTime: boolean) => void;
  readonly onBug: (error: unknown) => void;
}

/** Effects that another partition has to hear of. */
export type MessageEffect = Extract<Effect, { readonly kind: 'startChild' | 'cancelChild' | 'tellParent' }>;

/** What the runs of a partition lead to: inside at once, outside once it is durable. [journal.md 10] */
export interface RunEffects {
  apply(visit: RunVisit, hot: HotRun, effect: Effect): void;
  /** Offers what of a run is ready and not offered yet. */
  offerReady(visit: RunVisit, hot: HotRun): void;
  /** Gives an item to a worker, whose credit is used. */
  lease(visit: RunVisit, hot: HotRun, item: Pick<ReadyEntry, 'nodePath' | 'itemSequence'>, worker: WorkerRef): void;
  /** Lets the dispatch know of the leases of a run that was loaded. */
  adoptLeases(hot: HotRun): void;
  /** Takes everything of a run out of the dispatch: it is not served any more. */
  withdrawAll(hot: HotRun): void;
  /** Whether an item of a run stands in a ready list. */
  isOffered(id: string, itemSequence: number): boolean;
  /** Notes that an entry of a run that is not in memory stands in its list. */
  noteOffered(id: string, entry: ReadyEntry): void;
  /** Forgets that an entry stands in a list. */
  forgetOffered(id: string, entry: ReadyEntry): void;
}

/** Makes the effects of a partition. */
export function createRunEffects(context: EffectContext): RunEffects {
  const { tables, dispatch, watchers, line, owner, onBug } = context;
  const offered = new PassingMap<string, ReadyEntry[]>();

  function maybeOffered(id: string, itemSequence: number): ReadyEntry | undefined {
    return offered.get(id)?.find((entry) => entry.itemSequence === itemSequence);
  }

  function noteOffered(id: string, entry: ReadyEntry): void {
    const entries = offered.get(id);
    if (entries === undefined) offered.set(id, [entry]);
    else entries.push(entry);
  }

  function forgetOffered(id: string, entry: ReadyEntry): void {
    const left = offered.get(id)?.filter((other) => other !== entry) ?? [];
    if (left.length === 0) offered.delete(id);
    else offered.set(id, left);
  }

  function maybeHeld({ holds }: HotRun, { itemSequence, fence }: Lease): HeldLease | undefined {
    for (const held of holds) {
      if (held.proof.fence === fence && held.proof.itemSequence === itemSequence) return held;
    }
    return undefined;
  }

  function hold(hot: HotRun, nodePath: string, lease: Lease): void {
    const { itemSequence, fence, workerId, sessionId } = lease;
    // An extension of a hold is no new one, and who holds by time alone is told nothing.
    if (sessionId === '' || maybeHeld(hot, lease) !== undefined) return;
    const held = {
      owner,
      key: hot.identity,
      proof: { incarnation: hot.identity.incarnation, nodePath, itemSequence, fence },
      worker: { workerId, sessionId },
      handle: 0,
    };
    hot.holds.push(held);
    dispatch.hold(held);
  }

  function drop(hot: HotRun, lease: Lease): void {
    const held = maybeHeld(hot, lease);
    if (held === undefined) return;
    hot.holds.splice(hot.holds.indexOf(held), 1);
    dispatch.drop(held);
  }

  function offer(visit: RunVisit, hot: HotRun, item: ReadyItem): void {
    if ((item.notBeforeTime ?? 0) > visit.now) return;
    const entry = hotEntryOf(hot, item);
    const session = dispatch.offer(entry, owner);
    if (session !== undefined) lease(visit, hot, item, session);
    else if (dispatch.isQueued(entry)) noteOffered(hot.id, entry);
    else context.onSpilled(hot, entry, item.notBeforeTime !== undefined);
  }

  function lease(
    visit: RunVisit,
    hot: HotRun,
    { nodePath, itemSequence }: Pick<ReadyEntry, 'nodePath' | 'itemSequence'>,
    { workerId, sessionId }: WorkerRef,
  ): void {
    const fence = context.nextFence();
    const expiry = dispatch.maybeSession(sessionId)?.expiry ?? { kind: 'heartbeat' };
    const command = { kind: 'leaseItem', nodePath, itemSequence, workerId, sessionId, fence, expiry } as const;
    const result = visit.perform(command);
    const held = hot.holds.find(({ proof }) => proof.fence === fence);
    if (result.kind === 'rejected' || held === undefined) {
      dispatch.returnCredit(sessionId);
      return;
    }
    visit.whenDurable((news) => {
      if (news === 'durable') assign(hot, held);
    });
  }

  /** Sends an item to its worker: the run as it is in memory, once all of that is durable. [journal.md 10] */
  function assign(hot: HotRun, held: HeldLease): void {
    const session = dispatch.maybeSession(held.worker.sessionId);
    // The run may have ended, or the worker gone, since it was decided.
    if (session?.link === undefined || !session.held.has(held)) return;
    if (hot.lastPosition > line.durablePosition) {
      line.whenDurableAt(hot.lastPosition, (news) => {
        if (news === 'durable') assign(hot, held);
      });
      return;
    }
    const { nodePath } = held.proof;
    const isClient = hot.run.client !== undefined;
    const facts = isClient ? clientAssignmentOf(hot, nodePath) : maybeAssignmentOf(hot, nodePath);
    if (facts !== undefined) {
      session.link.assign(held, facts, hot);
      return;
    }
    readAssignment(tables, hot, nodePath)
      .then((read) => {
        if (read.lastSequence !== hot.run.lastSequence) assign(hot, held);
        else if (session.held.has(held)) session.link?.assign(held, read, hot);
      })
      .catch(onBug);
  }

  /** Tells the worker, once it is durable, what concerns an item that it had been told of. */
  function tellHolder(
    visit: RunVisit,
    hot: HotRun,
    lease: Lease,
    tell: (link: WorkerLink, held: HeldLease) => void,
  ): void {
    const held = maybeHeld(hot, lease);
    if (held === undefined) return;
    visit.whenDurable((news) => {
      const link = dispatch.maybeSession(held.worker.sessionId)?.link;
      if (news === 'durable' && link !== undefined && held.handle !== 0) tell(link, held);
    });
  }

  return {
    lease,
    noteOffered,
    forgetOffered,
    isOffered: (id, itemSequence) => maybeOffered(id, itemSequence) !== undefined,
    apply: (visit, hot, effect) => {
      switch (effect.kind) {
        case 'queue':
          return offer(visit, hot, effect.item);
        case 'withdraw': {
          const entry = maybeOffered(hot.id, effect.itemSequence);
          if (entry === undefined) return undefined;
          forgetOffered(hot.id, entry);
          return dispatch.withdraw(entry);
        }
        case 'hold':
          return hold(hot, effect.nodePath, effect.lease);
        case 'free':
          return drop(hot, effect.lease);
        case 'revoke':
          tellHolder(visit, hot, effect.lease, (link, held) => link.revoke(held, hot.run.status));
          return drop(hot, effect.lease);
        case 'tell':
          return tellHolder(visit, hot, effect.lease, (link, held) => link.tell(held, effect.notice));
        case 'wake': {
          const last = effect.events.at(-1)?.sequence ?? hot.run.lastSequence;
          return tellHolder(visit, hot, effect.lease, (link, held) => link.wake(held, effect.events, last));
        }
        case 'notify':
          visit.whenDurable((news) => {
            if (news === 'durable' && watchers.size > 0) watchers.tell(hot, effect.topic);
          });
          return undefined;
        case 'startChild':
        case 'cancelChild':
        case 'tellParent':
          return context.onMessage(visit, hot, effect);
      }
    },
    offerReady: (visit, hot) => {
      for (const node of offerableNodes(hot.run, visit.now)) {
        const item = readyItemOf(node);
        if (item !== undefined && maybeOffered(hot.id, item.itemSequence) === undefined) offer(visit, hot, item);
      }
    },
    adoptLeases: (hot) => {
      for (const { path, item } of hot.run.nodes.values()) {
        if (item?.lease === undefined) continue;
        hold(hot, path, item.lease);
        const held = maybeHeld(hot, item.lease);
        if (held !== undefined) dispatch.maybeSession(held.worker.sessionId)?.link?.found?.(held);
      }
    },
    withdrawAll: (hot) => {
      for (const entry of offered.get(hot.id) ?? []) dispatch.withdraw(entry);
      offered.delete(hot.id);
      for (const held of hot.holds.splice(0)) {
        dispatch.drop(held);
        if (held.handle !== 0) dispatch.maybeSession(held.worker.sessionId)?.link?.revoke(held, 'QUARANTINED');
      }
    },
  };
}
