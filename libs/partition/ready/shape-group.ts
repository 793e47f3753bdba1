import type { DispatchOrder } from './dispatch-order.ts';
import type { ReadyList } from './ready-list.ts';
import type { WorkerShape } from './worker-shape.ts';

/** A worker's session. */
export interface Session {
  readonly sessionId: string;
  readonly workerId: string;
  /** The order in which it takes what waits. Absent: that of the lists. */
  readonly order: DispatchOrder | undefined;
  group: ShapeGroup;
  credits: number;
  /** When it came to the end of its group's row; it stands in the row while it has credits. */
  turn: number;
  previous: Session | undefined;
  next: Session | undefined;
}

/** The sessions of one shape: those with credits stand in a row, the one that was served longest ago first. */
export interface ShapeGroup {
  readonly key: string;
  readonly shape: WorkerShape;
  /** Every list that matches the shape. */
  readonly lists: Set<ReadyList>;
  /** Those that have entries in memory: what a claim compares. */
  readonly filled: Set<ReadyList>;
  sessionCount: number;
  first: Session | undefined;
  last: Session | undefined;
}

/** Makes a group without sessions. */
export function createShapeGroup(key: string, shape: WorkerShape): ShapeGroup {
  return { key, shape, lists: new Set(), filled: new Set(), sessionCount: 0, first: undefined, last: undefined };
}

/** Puts a session at the end of its group's row. It must not stand in it. */
export function joinRow(session: Session, turn: number): void {
  const { group } = session;
  session.turn = turn;
  session.previous = group.last;
  session.next = undefined;
  if (group.last === undefined) group.first = session;
  else group.last.next = session;
  group.last = session;
}

/** Takes a session out of its group's row, in which it must stand. */
export function leaveRow(session: Session): void {
  const { group, previous, next } = session;
  if (previous === undefined) group.first = next;
  else previous.next = next;
  if (next === undefined) group.last = previous;
  else next.previous = previous;
  session.previous = undefined;
  session.next = undefined;
}
