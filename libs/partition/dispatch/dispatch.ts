import { PassingMap } from '#libs/collections/passing-map.ts';
import type { LeaseExpiry } from '#libs/engine/model/lease.ts';
import { plainTenant } from '#libs/store/tables/free-tenant.ts';
import type { DispatchOrder } from '../ready/dispatch-order.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import { createReadyLists, type ListTail, type ReadyLists } from '../ready/ready-lists.ts';
import type { WorkerShape } from '../ready/worker-shape.ts';
import type { Clock } from '../timers/clock.ts';
import {
  type AnnouncedCode,
  createDispatchSession,
  type DispatchSession,
  NOTHING_ANNOUNCED,
  type WorkerFacts,
} from './dispatch-session.ts';
import { createDrainedWorkers, type WorkerName } from './drained-workers.ts';
import { createGoneSessions } from './gone-sessions.ts';
import type { DrainOrder, HeldLease, ItemOwner, WorkerLink, WorkerRef } from './held-lease.ts';
import { namedSessionId } from './named-session-id.ts';
import { createQueueWatchers } from './queue-watchers.ts';

/** What a session says when it connects. */
export interface SessionHello extends WorkerRef {
  readonly shape: WorkerShape;
  /** How many items it takes at once, beside those that it holds. */
  readonly credits: number;
  readonly link: WorkerLink;
  readonly expiry: LeaseExpiry;
  /** The order in which it takes what waits. Absent: that of the lists. */
  readonly order?: DispatchOrder;
  /** Absent: one that polls. */
  readonly facts?: WorkerFacts;
  /** What it announces, by `workflow@version`. */
  readonly announced?: ReadonlyMap<string, AnnouncedCode>;
}

/** Sessions and ready work of all the partitions of a node. */
export interface Dispatch {
  readonly lists: Pick<
    ReadyLists,
    'size' | 'heads' | 'peek' | 'whyNotDispatched' | 'needsRefill' | 'hasMore' | 'sizeOf' | 'creditsOf'
  >;
  /** A session connects, or comes back; what it holds stays with it. It claims nothing yet. */
  connect(hello: SessionHello): DispatchSession;
  /** Its stream has ended. It may come back; until then it gets nothing. */
  disconnect(session: DispatchSession, link: WorkerLink): void;
  /** A sign of life. */
  heard(session: DispatchSession): void;
  /**
   * When a session was heard last, in monotonic milliseconds; one that is not known counts from now on. What is heard of
   * the session that the worker named is heard of all that its calls have.
   */
  heardMs(worker: WorkerRef, tenantId: string): number;
  maybeSession(sessionId: string): DispatchSession | undefined;
  sessions(): IterableIterator<DispatchSession>;
  changeShape(session: DispatchSession, shape: WorkerShape): void;
  /** Gives a worker nothing new until that is taken back, by whichever session it comes; its sessions are told. */
  drain(worker: WorkerName, order: DrainOrder): void;
  /** Takes a drain back: the sessions are told, and have the credits that were kept meanwhile. Safe to repeat. */
  undrain(worker: WorkerName, order: DrainOrder): void;
  /** Gives the workers of a tenant nothing new until it is resumed; they are not told. Safe to repeat. */
  suspendTenant(tenantId: string): void;
  /** Gives the workers of a tenant what waits, for the credits that were kept meanwhile. Safe to repeat. */
  resumeTenant(tenantId: string): void;
  /** Lets a session take so many items more, and gives it what waits. Those of one that drains, or of a suspended tenant, are kept. */
  addCredits(session: DispatchSession, count: number): void;
  /** Takes the credits of a session away, also those that are kept, for good or until more are added. Answers how many. */
  takeCredits(session: DispatchSession): number;
  /** An item is ready. Answers the session that has it now, at the cost of a credit. */
  offer(entry: ReadyEntry, owner: ItemOwner, preferredSessionId?: string): DispatchSession | undefined;
  /** Hears of what is ready in a tenant's queue and no session took, from now on. Answers how to stop. */
  watchQueue(tenantId: string, queue: string, onReady: (entry: ReadyEntry) => void): () => void;
  /** Whether an entry stands in its list. */
  isQueued(entry: ReadyEntry): boolean;
  /** A session did not get what it was to have: it takes something else instead, but not now. */
  returnCredit(sessionId: string): void;
  /** An item is not ready any more. */
  withdraw(entry: ReadyEntry): void;
  /** The row of an item stands that was spilled. */
  noteSpilled(entry: ReadyEntry): void;
  /** The items of the tail of a list have been read; as `offer`. `spilled`: there is no more room. */
  refill(entry: ReadyEntry, owner: ItemOwner): DispatchSession | 'queued' | 'spilled';
  endRefill(tail: ListTail): boolean;
  /** A worker holds an item from now on. */
  hold(held: HeldLease): void;
  /** Another session of the worker has an item from now on. */
  moveHold(held: HeldLease, worker: WorkerRef): void;
  /** A hold is over. */
  drop(held: HeldLease): void;
  /** Forgets the entries and holds of an owner whose partition is gone. */
  forget(owner: ItemOwner): void;
}

/** Makes a dispatch without sessions. */
export function createDispatch(clock: Clock, lists: ReadyLists = createReadyLists()): Dispatch {
  const sessions = new Map<string, DispatchSession>();
  const owners = new PassingMap<ReadyEntry, ItemOwner>();
  const watchers = createQueueWatchers();
  const drained = createDrainedWorkers();
  const suspendedTenants = new Set<string>();
  const gone = createGoneSessions((session) => {
    sessions.delete(session.sessionId);
    drained.leave(session);
  });

  function enter(worker: WorkerRef, tenantId: string): DispatchSession {
    const known = sessions.get(worker.sessionId);
    if (known !== undefined) return known;
    const nowMs = clock.monotonic();
    gone.forgetOld(nowMs);
    const session = createDispatchSession(worker, tenantId, nowMs);
    drained.enter(session);
    gone.note(session, nowMs);
    sessions.set(session.sessionId, session);
    return session;
  }

  function isKept({ drainOrder, tenantId }: DispatchSession): boolean {
    return drainOrder !== undefined || suspendedTenants.has(tenantId);
  }

  /** Lets a session use the credits that were kept, where nothing keeps them any more. */
  function release(session: DispatchSession): void {
    if (session.link === undefined || isKept(session)) return;
    const credits = session.keptCredits;
    session.keptCredits = 0;
    give(session, credits);
    claimAll(session);
  }

  /** Credits of a session that is connected, to be used or kept; the session claims nothing yet. */
  function give(session: DispatchSession, count: number): void {
    if (isKept(session)) session.keptCredits += count;
    else lists.setCredits(session.sessionId, lists.creditsOf(session.sessionId) + count);
  }

  function takeUsable({ sessionId }: DispatchSession): number {
    const credits = lists.creditsOf(sessionId);
    lists.setCredits(sessionId, 0);
    return credits;
  }

  function drop(held: HeldLease): void {
    const session = sessions.get(held.worker.sessionId);
    if (session?.held.delete(held) === true && session.link === undefined) gone.note(session, clock.monotonic());
  }

  function hold(held: HeldLease): void {
    const session = enter(held.worker, plainTenant(held.key.tenantId));
    session.held.add(held);
    if (session.link === undefined) gone.remove(session);
  }

  function claimAll(session: DispatchSession): void {
    for (;;) {
      const entry = lists.claim(session.sessionId);
      if (entry === undefined) return;
      const owner = owners.get(entry);
      owners.delete(entry);
      owner?.leaseClaimed(entry, session);
    }
  }

  return {
    lists,
    connect: ({ shape, credits, link, expiry, order, facts, announced = NOTHING_ANNOUNCED, sessionId, workerId }) => {
      const session = enter({ sessionId, workerId }, shape.tenantId);
      gone.remove(session);
      session.heardMs = clock.monotonic();
      session.connectTime = clock.now();
      session.facts = facts;
      session.announced = announced;
      if (session.link !== undefined) lists.leave(session.sessionId);
      session.link = link;
      session.expiry = expiry;
      session.shape = shape;
      const isKeeping = isKept(session);
      session.keptCredits = isKeeping ? credits : 0;
      lists.join({ sessionId, workerId, shape, order, credits: isKeeping ? 0 : credits });
      return session;
    },
    disconnect: (session, link) => {
      if (session.link !== link) return;
      session.link = undefined;
      for (const held of session.held) held.handle = 0;
      lists.leave(session.sessionId);
      session.keptCredits = 0;
      gone.note(session, clock.monotonic());
    },
    heard: (session) => {
      session.heardMs = clock.monotonic();
    },
    heardMs: (worker, owner) => {
      const tenantId = plainTenant(owner);
      const own = enter(worker, tenantId).heardMs;
      const named = sessions.get(namedSessionId(worker.sessionId));
      return named?.tenantId === tenantId ? Math.max(own, named.heardMs) : own;
    },
    maybeSession: (sessionId) => sessions.get(sessionId),
    sessions: () => sessions.values(),
    changeShape: (session, shape) => {
      session.shape = shape;
      lists.changeShape(session.sessionId, shape);
      claimAll(session);
    },
    drain: (worker, order) => {
      const { tenantId, workerId } = worker;
      const its = [...sessions.values()].filter((one) => one.tenantId === tenantId && one.workerId === workerId);
      for (const { link } of its) link?.drain(order.graceMs, order.reason, false);
      drained.drain(worker, order, its);
      for (const session of its) session.keptCredits += takeUsable(session);
    },
    undrain: (worker, { graceMs, reason }) => {
      for (const session of drained.undrain(worker)) {
        // What the worker is told leaves before anything that it is given again.
        session.link?.drain(graceMs, reason, true);
        if (session.link === undefined) session.keptCredits = 0;
        release(session);
      }
    },
    suspendTenant: (tenantId) => {
      if (suspendedTenants.has(tenantId)) return;
      suspendedTenants.add(tenantId);
      for (const session of sessions.values()) {
        if (session.tenantId === tenantId) session.keptCredits += takeUsable(session);
      }
    },
    resumeTenant: (tenantId) => {
      if (!suspendedTenants.delete(tenantId)) return;
      for (const session of sessions.values()) if (session.tenantId === tenantId) release(session);
    },
    addCredits: (session, count) => {
      if (session.link === undefined) return;
      give(session, count);
      claimAll(session);
    },
    takeCredits: (session) => {
      const credits = takeUsable(session) + session.keptCredits;
      session.keptCredits = 0;
      return credits;
    },
    offer: (entry, owner, preferredSessionId) => {
      const offer = lists.offer(entry, preferredSessionId);
      if (offer.kind === 'assigned') return sessions.get(offer.sessionId);
      if (offer.kind === 'queued') owners.set(entry, owner);
      watchers.tell(entry);
      return undefined;
    },
    watchQueue: (tenantId, queue, onReady) => watchers.watch(tenantId, queue, onReady),
    isQueued: (entry) => owners.has(entry),
    returnCredit: (sessionId) => {
      const session = sessions.get(sessionId);
      if (session?.link !== undefined) give(session, 1);
    },
    withdraw: (entry) => {
      owners.delete(entry);
      lists.withdraw(entry);
    },
    noteSpilled: (entry) => lists.noteSpilled(entry),
    refill: (entry, owner) => {
      const offer = lists.refill(entry);
      if (offer.kind === 'assigned') return sessions.get(offer.sessionId) ?? 'spilled';
      if (offer.kind === 'queued') owners.set(entry, owner);
      return offer.kind;
    },
    endRefill: (tail) => lists.endRefill(tail),
    hold,
    moveHold: (held, { sessionId, workerId }) => {
      if (held.worker.sessionId === sessionId) return;
      drop(held);
      held.worker = { sessionId, workerId };
      hold(held);
    },
    drop,
    forget: (owner) => {
      for (const [entry, its] of owners) {
        if (its !== owner) continue;
        owners.delete(entry);
        lists.withdraw(entry);
      }
      // The worker is not told: whoever owns the partition next has the lease, and what is sent for it finds its way there.
      const nowMs = clock.monotonic();
      for (const session of sessions.values()) {
        const { held } = session;
        if (held.size === 0) continue;
        for (const lease of held) if (lease.owner === owner) held.delete(lease);
        gone.note(session, nowMs);
      }
    },
  };
}
