import { PassingMap } from '#libs/collections/passing-map.ts';
import { bestEntries, type EntryLook } from './best-entries.ts';
import { type Blocker, maybeBlocker } from './blocker.ts';
import { createDispatchOrder, type DispatchOrder } from './dispatch-order.ts';
import { createQueueIndex } from './queue-index.ts';
import type { ListName, ReadyEntry } from './ready-entry.ts';
import { createReadyList, insertEntry, type Place, type ReadyList, removePlace } from './ready-list.ts';
import { createSessionTable } from './session-table.ts';
import { maybeMissing, type WorkerShape } from './worker-shape.ts';

/** How many entries of a list are in memory, some 30 MB of them; the rest is in the tables. */
const MAX_ENTRIES_PER_LIST = 100_000;
/** How many empty lists are remembered with the shapes that match them: finding those again costs more than a dispatch. */
const MAX_EMPTY_LISTS = 4_096;
/** The share of a list's limit below which its tail is loaded: early enough that workers seldom wait for the tables. */
const REFILL_SHARE = 0.25;

/** How ready lists behave. */
export interface ReadyListsOptions {
  /** What a step of priority is worth in waiting. 300 000 by default, at least 1 000, `Infinity` for no aging. */
  readonly agingMs?: number;
  /** At least 1; 100 000 by default. */
  readonly maxEntriesPerList?: number;
}

/** What became of an item. */
export type Offer =
  /** The session has it, at the cost of one of its credits. */
  | { readonly kind: 'assigned'; readonly sessionId: string }
  /** It stands in its list until it is claimed or withdrawn. */
  | { readonly kind: 'queued' }
  /** It is not in memory: its list is full, or goes on in the tables. It comes back by `refill`. */
  | { readonly kind: 'spilled' };

/** A session, when it comes. */
export interface SessionStart {
  readonly sessionId: string;
  readonly workerId: string;
  readonly shape: WorkerShape;
  /** How many items it takes at once, 0 or more. */
  readonly credits: number;
  /** The order in which it takes what waits. By default that of the lists. */
  readonly order?: DispatchOrder | undefined;
}

/** A list whose tail is in the tables. */
export interface ListTail {
  readonly name: ListName;
  /** Goes up with every entry that is spilled: read it before the tables are read, and hand it to `endRefill`. */
  readonly spilledCount: number;
}

/** A look at what is ready in a queue. */
export interface QueueLook extends Pick<EntryLook, 'workerId' | 'limit'> {
  readonly tenantId: string;
  readonly queue: string;
  readonly tags: ReadonlySet<string>;
  /** Empty: of any. */
  readonly workflow: string;
  /** As `ReadyListsOptions.agingMs`. Absent: that of the lists. */
  readonly agingMs: number | undefined;
}

/** The ready items of a partition and the sessions that want them. One session has one shape. */
export interface ReadyLists {
  /** How many entries are in memory. */
  readonly size: number;
  /** A session comes. One that is there already is a RangeError. It gets what waits by `claim`, until that is `undefined`. */
  join(start: SessionStart): void;
  /** A session goes, or has gone. */
  leave(sessionId: string): void;
  /** A session announces or retracts something; it claims afterwards. Without effect on one that has gone. */
  changeShape(sessionId: string, shape: WorkerShape): void;
  /** Says how many items more a session takes, from now; it claims afterwards. Without effect on one that has gone. */
  setCredits(sessionId: string, credits: number): void;
  /** Uses a credit for an item that is not from here. False: the session has none, or has gone. */
  takeCredit(sessionId: string): boolean;
  /** How many items more a session takes; 0 for one that has gone. */
  creditsOf(sessionId: string): number;
  /**
   * An item is ready. It goes to a session with a credit for which nothing better waits: the preferred one; else the one
   * that was served longest ago; one of the worker on which it failed only when there is no other. An entry that is in
   * memory already, or has a bad priority or time, is a RangeError.
   */
  offer(entry: ReadyEntry, preferredSessionId?: string): Offer;
  /**
   * The best entry for a session, at the cost of one credit; it is out of its list. What failed on the session's worker
   * comes after everything else. `undefined`: nothing matches, or there is no credit.
   */
  claim(sessionId: string): ReadyEntry | undefined;
  /** Takes an entry out, because it is no longer ready. False: it is not in memory. */
  withdraw(entry: ReadyEntry): boolean;
  /** How many entries of a list are in memory. An entry names its own list. */
  sizeOf(list: ListName): number;
  /** The first entry of each list of a tenant, and of each worker on which entries of it failed. */
  heads(tenantId: string): IterableIterator<ReadyEntry>;
  /**
   * The best entries of a queue of a tenant for a worker with these tags, in order. None of them is taken; what is only
   * in the tables is not among them.
   */
  peek(look: QueueLook): readonly ReadyEntry[];
  /** What keeps an item from being dispatched; `undefined`: it is its turn as soon as nothing better waits. */
  whyNotDispatched(entry: ReadyEntry): Blocker | undefined;
  /** The lists that go on in the tables and have few entries left. */
  needsRefill(): IterableIterator<ListTail>;
  /** Whether a list goes on in the tables. An entry names its own list. */
  hasMore(list: ListName): boolean;
  /** An entry stands in the tables that was spilled before it did: its list goes on there, whoever has read it meanwhile. */
  noteSpilled(entry: ReadyEntry): void;
  /** Offers an entry from the tail of a list, in the tail's order. Spilled: there is no room for more. */
  refill(entry: ReadyEntry): Offer;
  /** The tables have been read to the end. False: something was spilled meanwhile, and the list still goes on there. */
  endRefill(tail: ListTail): boolean;
}

const QUEUED: Offer = { kind: 'queued' };
const SPILLED: Offer = { kind: 'spilled' };

/**
 * Makes empty ready lists. An item is in its list, or with a session, or spilled, or unknown. A list is complete, or goes
 * on in the tables: then new items go there too, so that its order holds.
 */
export function createReadyLists(options: ReadyListsOptions = {}): ReadyLists {
  const { agingMs, maxEntriesPerList = MAX_ENTRIES_PER_LIST } = options;
  if (!(maxEntriesPerList >= 1)) throw new RangeError('maxEntriesPerList must be at least 1');
  const compare = createDispatchOrder(agingMs);
  const lists = new Map<string, ReadyList>();
  const emptyLists = new Set<ReadyList>();
  const spilledLists = new Set<ReadyList>();
  const places = new PassingMap<ReadyEntry, Place>();
  const sessions = createSessionTable(() => lists.values());
  const byQueue = createQueueIndex();
  let arrivals = 0;

  function readList(entry: ReadyEntry): ReadyList {
    const key = listKey(entry);
    const known = lists.get(key);
    if (known !== undefined) return known;
    const list = createReadyList(key, entry);
    for (const group of sessions.groups()) {
      if (maybeMissing(group.shape, entry) !== undefined) continue;
      group.lists.add(list);
      list.groups.add(group);
    }
    lists.set(key, list);
    byQueue.add(list);
    noteEmpty(list);
    return list;
  }

  function noteEmpty(list: ReadyList): void {
    if (list.size > 0 || list.hasMore) return;
    emptyLists.add(list);
    if (emptyLists.size <= MAX_EMPTY_LISTS) return;
    for (const oldest of emptyLists) {
      emptyLists.delete(oldest);
      lists.delete(oldest.key);
      byQueue.delete(oldest);
      for (const group of oldest.groups) group.lists.delete(oldest);
      return;
    }
  }

  function queue(list: ReadyList, entry: ReadyEntry): Offer {
    arrivals += 1;
    places.set(entry, insertEntry(list, entry, arrivals));
    if (list.size === 1) {
      emptyLists.delete(list);
      for (const group of list.groups) group.filled.add(list);
    }
    return QUEUED;
  }

  function spill(list: ReadyList): Offer {
    list.hasMore = true;
    list.spilledCount += 1;
    emptyLists.delete(list);
    spilledLists.add(list);
    return SPILLED;
  }

  function remove(place: Place): void {
    removePlace(place);
    places.delete(place.entry);
    const { list } = place.lane;
    if (list.size > 0) return;
    for (const group of list.groups) group.filled.delete(list);
    noteEmpty(list);
  }

  /** The best place for a worker among the lists that match its shape. */
  function maybeBest(filled: ReadonlySet<ReadyList>, workerId: string, order = compare): Place | undefined {
    let best: Place | undefined;
    let failedBest: Place | undefined;
    for (const { lanes } of filled) {
      for (const { failedWorkerId, first } of lanes.values()) {
        if (first === undefined) continue;
        if (failedWorkerId === workerId && workerId !== '') failedBest = earlier(failedBest, first, order);
        else best = earlier(best, first, order);
      }
    }
    return best ?? failedBest;
  }

  function earlier(a: Place | undefined, b: Place, order: DispatchOrder): Place {
    if (a === undefined) return b;
    return (order(a.entry, b.entry) || a.arrival - b.arrival) < 0 ? a : b;
  }

  /** Whether a new item would be the next one for a session. */
  function isNextFor(filled: ReadonlySet<ReadyList>, workerId: string, entry: ReadyEntry): boolean {
    const best = filled.size === 0 ? undefined : maybeBest(filled, workerId);
    if (best === undefined) return true;
    const isLast = workerId !== '' && entry.failedWorkerId === workerId;
    const isBestLast = workerId !== '' && best.entry.failedWorkerId === workerId;
    if (isLast !== isBestLast) return isBestLast;
    return compare(entry, best.entry) < 0;
  }

  function assign(list: ReadyList, entry: ReadyEntry, preferredSessionId?: string): Offer | undefined {
    const preferred = preferredSessionId === undefined ? undefined : sessions.maybeSession(preferredSessionId);
    let session = preferred;
    if (
      preferred === undefined ||
      preferred.credits === 0 ||
      (preferred.workerId === entry.failedWorkerId && entry.failedWorkerId !== '') ||
      !list.groups.has(preferred.group) ||
      !isNextFor(preferred.group.filled, preferred.workerId, entry)
    ) {
      session = sessions.maybeIdle(list.groups, entry.failedWorkerId);
    }
    if (session === undefined) return undefined;
    sessions.serve(session);
    return { kind: 'assigned', sessionId: session.sessionId };
  }

  function assertOfferable(entry: ReadyEntry): void {
    const { priority, scheduleTime } = entry;
    if (!Number.isInteger(priority) || priority < 1 || priority > 5) throw new RangeError('priority must be 1 to 5');
    if (!Number.isFinite(scheduleTime)) throw new RangeError('scheduleTime must be a number of milliseconds');
    if (places.size > 0 && places.has(entry)) throw new RangeError('the entry is in its list already');
  }

  function* listsFor(
    tenantId: string,
    queue: string,
    workflow: string,
    tags: ReadonlySet<string>,
  ): Generator<ReadyList> {
    for (const list of byQueue.listsOf(tenantId, queue)) {
      const { name, size } = list;
      if (size === 0 || (workflow !== '' && name.workflow !== workflow)) continue;
      if (name.tags.every((tag) => tags.has(tag))) yield list;
    }
  }

  return {
    get size() {
      return places.size;
    },
    join: ({ sessionId, workerId, shape, credits, order }) => sessions.join(sessionId, workerId, shape, credits, order),
    leave: (sessionId) => sessions.leave(sessionId),
    changeShape: (sessionId, shape) => sessions.changeShape(sessionId, shape),
    setCredits: (sessionId, credits) => sessions.setCredits(sessionId, credits),
    takeCredit: (sessionId) => {
      const session = sessions.maybeSession(sessionId);
      if (session === undefined || session.credits === 0) return false;
      sessions.serve(session);
      return true;
    },
    creditsOf: (sessionId) => sessions.maybeSession(sessionId)?.credits ?? 0,
    offer: (entry, preferredSessionId) => {
      assertOfferable(entry);
      const list = readList(entry);
      if (list.hasMore) return spill(list);
      const assigned = assign(list, entry, preferredSessionId);
      if (assigned !== undefined) return assigned;
      return list.size >= maxEntriesPerList ? spill(list) : queue(list, entry);
    },
    claim: (sessionId) => {
      const session = sessions.maybeSession(sessionId);
      if (session === undefined || session.credits === 0) return undefined;
      const best = maybeBest(session.group.filled, session.workerId, session.order);
      if (best === undefined) return undefined;
      remove(best);
      sessions.serve(session);
      return best.entry;
    },
    withdraw: (entry) => {
      const place = places.get(entry);
      if (place === undefined) return false;
      remove(place);
      return true;
    },
    sizeOf: (list) => lists.get(listKey(list))?.size ?? 0,
    heads: function* (tenantId) {
      for (const { name, lanes } of lists.values()) {
        if (name.tenantId !== tenantId) continue;
        for (const { first } of lanes.values()) if (first !== undefined) yield first.entry;
      }
    },
    peek: ({ tenantId, queue, tags, workflow, workerId, limit, agingMs: wanted }) => {
      const order = wanted === undefined ? compare : createDispatchOrder(wanted);
      return bestEntries(listsFor(tenantId, queue, workflow, tags), { workerId, limit, order });
    },
    whyNotDispatched: (entry) => maybeBlocker(sessions.groups(), entry),
    hasMore: (list) => lists.get(listKey(list))?.hasMore === true,
    noteSpilled: (entry) => {
      spill(readList(entry));
    },
    needsRefill: function* () {
      const lowWater = Math.floor(maxEntriesPerList * REFILL_SHARE);
      for (const { size, name, spilledCount } of spilledLists) if (size <= lowWater) yield { name, spilledCount };
    },
    refill: (entry) => {
      assertOfferable(entry);
      const list = readList(entry);
      return assign(list, entry) ?? (list.size >= maxEntriesPerList ? spill(list) : queue(list, entry));
    },
    endRefill: ({ name, spilledCount }) => {
      const list = lists.get(listKey(name));
      if (list === undefined) return true;
      if (list.spilledCount !== spilledCount) return false;
      list.hasMore = false;
      spilledLists.delete(list);
      noteEmpty(list);
      return true;
    },
  };
}

/** The lengths keep names apart that would read the same in a row. */
function listKey({ tenantId, workflow, version, queue, tags, priority, avoidedBuild }: ListName): string {
  const key = `${priority}${tenantId.length}:${tenantId}${workflow.length}:${workflow}${version.length}:${version}${queue.length}:${queue}`;
  if (avoidedBuild !== undefined) return `${key}${JSON.stringify([tags, avoidedBuild])}`;
  return tags.length === 0 ? key : `${key}${JSON.stringify(tags)}`;
}
