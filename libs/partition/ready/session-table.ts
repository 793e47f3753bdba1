import type { DispatchOrder } from './dispatch-order.ts';
import type { ReadyList } from './ready-list.ts';
import { createShapeGroup, joinRow, leaveRow, type Session, type ShapeGroup } from './shape-group.ts';
import { maybeMissing, shapeKey, type WorkerShape } from './worker-shape.ts';

/** The sessions of a partition, grouped by shape. */
export interface SessionTable {
  /** Adds a session. One that is there already is a RangeError. */
  join(sessionId: string, workerId: string, shape: WorkerShape, credits: number, order?: DispatchOrder): void;
  /** Forgets a session. */
  leave(sessionId: string): void;
  /** Moves a session to another group; it keeps its credits. */
  changeShape(sessionId: string, shape: WorkerShape): void;
  /** Sets how many items more a session takes. Less than 0, or a fraction, is a RangeError. */
  setCredits(sessionId: string, credits: number): void;
  /** The session, if it is there. */
  maybeSession(sessionId: string): Session | undefined;
  /** The groups that have sessions. */
  groups(): IterableIterator<ShapeGroup>;
  /**
   * The session with a credit that was served longest ago, of the groups for which nothing waits; one of the worker to
   * avoid only when there is no other.
   */
  maybeIdle(groups: Iterable<ShapeGroup>, avoidedWorkerId: string): Session | undefined;
  /** Takes a credit of a session, which must have one, and puts it last in its row. */
  serve(session: Session): void;
}

/** Makes a table without sessions. A new shape is matched once against the lists that there are. */
export function createSessionTable(readLists: () => Iterable<ReadyList>): SessionTable {
  const sessions = new Map<string, Session>();
  const groups = new Map<string, ShapeGroup>();
  let turns = 0;

  function enterGroup(shape: WorkerShape): ShapeGroup {
    const key = shapeKey(shape);
    let group = groups.get(key);
    if (group === undefined) {
      group = createShapeGroup(key, shape);
      groups.set(key, group);
      for (const list of readLists()) {
        if (maybeMissing(shape, list.name) !== undefined) continue;
        list.groups.add(group);
        group.lists.add(list);
        if (list.size > 0) group.filled.add(list);
      }
    }
    group.sessionCount += 1;
    return group;
  }

  function leaveGroup(session: Session): void {
    const { group } = session;
    if (session.credits > 0) leaveRow(session);
    group.sessionCount -= 1;
    if (group.sessionCount > 0) return;
    groups.delete(group.key);
    for (const list of group.lists) list.groups.delete(group);
  }

  function enterRow(session: Session): void {
    turns += 1;
    joinRow(session, turns);
  }

  return {
    join: (sessionId, workerId, shape, credits, order) => {
      assertCredits(credits);
      if (sessions.has(sessionId)) throw new RangeError(`session ${sessionId} is there already`);
      const group = enterGroup(shape);
      const session = { sessionId, workerId, order, group, credits, turn: 0, previous: undefined, next: undefined };
      sessions.set(sessionId, session);
      if (credits > 0) enterRow(session);
    },
    leave: (sessionId) => {
      const session = sessions.get(sessionId);
      if (session === undefined) return;
      sessions.delete(sessionId);
      leaveGroup(session);
    },
    changeShape: (sessionId, shape) => {
      const session = sessions.get(sessionId);
      if (session === undefined) return;
      leaveGroup(session);
      session.group = enterGroup(shape);
      if (session.credits > 0) enterRow(session);
    },
    setCredits: (sessionId, credits) => {
      assertCredits(credits);
      const session = sessions.get(sessionId);
      if (session === undefined) return;
      const before = session.credits;
      session.credits = credits;
      if (before > 0 && credits === 0) leaveRow(session);
      if (before === 0 && credits > 0) enterRow(session);
    },
    maybeSession: (sessionId) => sessions.get(sessionId),
    groups: () => groups.values(),
    maybeIdle: (candidates, avoidedWorkerId) => {
      let idle: Session | undefined;
      let avoided: Session | undefined;
      for (const { filled, first } of candidates) {
        if (filled.size > 0) continue;
        let session = first;
        for (; avoidedWorkerId !== '' && session?.workerId === avoidedWorkerId; session = session.next) {
          if (avoided === undefined || session.turn < avoided.turn) avoided = session;
        }
        if (session !== undefined && (idle === undefined || session.turn < idle.turn)) idle = session;
      }
      return idle ?? avoided;
    },
    serve: (session) => {
      session.credits -= 1;
      leaveRow(session);
      if (session.credits > 0) enterRow(session);
    },
  };
}

function assertCredits(credits: number): void {
  if (!Number.isSafeInteger(credits) || credits < 0)
    throw new RangeError('credits must be a whole number of 0 or more');
}
