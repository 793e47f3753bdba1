import type { LeaseExpiry } from '#libs/engine/model/lease.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import { createReadyLists, type ListTail, type ReadyLists } from '../ready/ready-lists.ts';
import type { WorkerShape } from '../ready/worker-shape.ts';
import type { Clock } from '../timers/clock.ts';
import type { HeldLease, ItemOwner, WorkerLink, WorkerRef } from './held-lease.ts';

/** A worker's session, connected or expected back. */
export interface DispatchSession extends WorkerRef {
  readonly tenantId: string;
  /** The stream that it is connected by. Absent: it is expected back, or not known yet after a recovery. */
  link: WorkerLink | undefined;
  /** How its leases hold. */
  expiry: LeaseExpiry;
  shape: WorkerShape | undefined;
  readonly held: Set<HeldLease>;
  /** When it was heard last, in monotonic milliseconds. */
  heardMs: number;
  isDraining: boolean;
}

/** What a session says when it connects. */
export interface SessionHello extends WorkerRef {
  readonly shape: WorkerShape;
  /** How many items it takes at once, beside those that it holds. */
  readonly credits: number;
  readonly link: WorkerLink;
  readonly expiry: LeaseExpiry;
}

/** Sessions and ready work of all the partitions of a node. */
export interface Dispatch {
  readonly lists: Pick<ReadyLists, 'size' | 'heads' | 'whyNotDispatched' | 'needsRefill' | 'sizeOf' | 'creditsOf'>;
  /** A session connects, or comes back; what it holds stays with it. It claims nothing yet. */
  connect(hello: SessionHello): DispatchSession;
  /** Its stream has ended. It may come back; until then it gets nothing. */
  disconnect(session: DispatchSession, link: WorkerLink): void;
  /** A sign of life. */
  heard(session: DispatchSession): void;
  /** When a session was heard last, in monotonic milliseconds; one that is not known counts from now on. */
  heardMs(worker: WorkerRef, tenantId: string): number;
  maybeSession(sessionId: string): DispatchSession | undefined;
  sessions(): IterableIterator<DispatchSession>;
  changeShape(session: DispatchSession, shape: WorkerShape): void;
  /** Lets a session take so many items more, and gives it what waits. */
  addCredits(session: DispatchSession, count: number): void;
  /** Takes the credits of a session away, for good or until more are added. Answers how many there were. */
  takeCredits(session: DispatchSession): number;
  /** An item is ready. Answers the session that has it now, at the cost of a credit. */
  offer(entry: ReadyEntry, owner: ItemOwner, preferredSessionId?: string): DispatchSession | undefined;
  /** Whether an entry stands in its list. */
  isQueued(entry: ReadyEntry): boolean;
  /** A session did not get what it was to have: it takes something else instead, but not now. */
  returnCredit(sessionId: string): void;
  /** An item is not ready any more. */
  withdraw(entry: ReadyEntry): void;
  /** The items of the tail of a list have been read; as `offer`. `spilled`: there is no more room. */
  refill(entry: ReadyEntry, owner: ItemOwner): DispatchSession | 'queued' | 'spilled';
  endRefill(tail: ListTail): boolean;
  /** A worker holds an item from now on. */
  hold(held: HeldLease): void;
  /** A hold is over. */
  drop(held: HeldLease): void;
  /** Forgets the entries and holds of an owner whose partition is gone. */
  forget(owner: ItemOwner): void;
}

/** How long a session that is gone and holds nothing is remembered. */
const FORGET_AFTER_MS = 60_000;

/** Makes a dispatch without sessions. */
export function createDispatch(clock: Clock, lists: ReadyLists = createReadyLists()): Dispatch {
  const sessions = new Map<string, DispatchSession>();
  const owners = new Map<ReadyEntry, ItemOwner>();

  function enter(worker: WorkerRef, tenantId: string): DispatchSession {
    const known = sessions.get(worker.sessionId);
    if (known !== undefined) return known;
    const nowMs = clock.monotonic();
    for (const [id, session] of sessions) {
      if (session.link !== undefined || session.held.size > 0 || nowMs - session.heardMs < FORGET_AFTER_MS) break;
      sessions.delete(id);
    }
    const { sessionId, workerId } = worker;
    const session: DispatchSession = {
      sessionId,
      workerId,
      tenantId,
      link: undefined,
      expiry: { kind: 'heartbeat' },
      shape: undefined,
      held: new Set(),
      heardMs: nowMs,
      isDraining: false,
    };
    sessions.set(sessionId, session);
    return session;
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
    connect: ({ shape, credits, link, expiry, ...worker }) => {
      const session = enter(worker, shape.tenantId);
      session.heardMs = clock.monotonic();
      if (session.link !== undefined) lists.leave(session.sessionId);
      session.link = link;
      session.expiry = expiry;
      session.shape = shape;
      lists.join({ sessionId: worker.sessionId, workerId: worker.workerId, shape, credits });
      return session;
    },
    disconnect: (session, link) => {
      if (session.link !== link) return;
      session.link = undefined;
      for (const held of session.held) held.handle = 0;
      lists.leave(session.sessionId);
    },
    heard: (session) => {
      session.heardMs = clock.monotonic();
    },
    heardMs: (worker, tenantId) => enter(worker, tenantId).heardMs,
    maybeSession: (sessionId) => sessions.get(sessionId),
    sessions: () => sessions.values(),
    changeShape: (session, shape) => {
      session.shape = shape;
      lists.changeShape(session.sessionId, shape);
      claimAll(session);
    },
    addCredits: (session, count) => {
      if (session.link === undefined) return;
      lists.setCredits(session.sessionId, lists.creditsOf(session.sessionId) + count);
      claimAll(session);
    },
    takeCredits: (session) => {
      const credits = lists.creditsOf(session.sessionId);
      lists.setCredits(session.sessionId, 0);
      return credits;
    },
    offer: (entry, owner, preferredSessionId) => {
      const offer = lists.offer(entry, preferredSessionId);
      if (offer.kind === 'assigned') return sessions.get(offer.sessionId);
      if (offer.kind === 'queued') owners.set(entry, owner);
      return undefined;
    },
    isQueued: (entry) => owners.has(entry),
    returnCredit: (sessionId) => {
      const session = sessions.get(sessionId);
      if (session?.link !== undefined) lists.setCredits(sessionId, lists.creditsOf(sessionId) + 1);
    },
    withdraw: (entry) => {
      owners.delete(entry);
      lists.withdraw(entry);
    },
    refill: (entry, owner) => {
      const offer = lists.refill(entry);
      if (offer.kind === 'assigned') return sessions.get(offer.sessionId) ?? 'spilled';
      if (offer.kind === 'queued') owners.set(entry, owner);
      return offer.kind;
    },
    endRefill: (tail) => lists.endRefill(tail),
    hold: (held) => {
      enter(held.worker, held.key.tenantId).held.add(held);
    },
    drop: (held) => {
      sessions.get(held.worker.sessionId)?.held.delete(held);
    },
    forget: (owner) => {
      for (const [entry, its] of owners) {
        if (its !== owner) continue;
        owners.delete(entry);
        lists.withdraw(entry);
      }
      // The worker is not told: whoever owns the partition next has the lease, and what is sent for it finds its way there.
      for (const { held } of sessions.values()) for (const lease of held) if (lease.owner === owner) held.delete(lease);
    },
  };
}
