import { PassingSet } from '#libs/collections/passing-set.ts';
import type { LeaseExpiry } from '#libs/engine/model/lease.ts';
import type { WorkerShape } from '../ready/worker-shape.ts';
import type { DrainOrder, HeldLease, WorkerLink, WorkerRef } from './held-lease.ts';

/** What a worker says of a definition beside its name. */
export interface AnnouncedCode {
  /** Empty: not said. */
  readonly definitionHash: string;
  /** The code's build. Empty: not said. */
  readonly build: string;
}

/** What a worker says of itself that decides nothing about what it gets. */
export interface WorkerFacts {
  readonly mode: 'RELAYED' | 'DIRECT';
  /** The language and release of its SDK. Empty: not said. */
  readonly sdk: string;
  /** The tasks that it can run. Empty: all of its definitions. */
  readonly tasks: readonly string[];
  /** How many items it runs at a time. */
  readonly slots: number;
}

/** A worker's session, connected or expected back. */
export interface DispatchSession extends WorkerRef {
  readonly tenantId: string;
  /** The stream that it is connected by. Absent: it is expected back, or not known yet after a recovery. */
  link: WorkerLink | undefined;
  /** How its leases hold. */
  expiry: LeaseExpiry;
  shape: WorkerShape | undefined;
  /** Absent: it polls, or never was connected here. */
  facts: WorkerFacts | undefined;
  /** What it announces, by `workflow@version`. Without those of which it says no more than the name. */
  announced: ReadonlyMap<string, AnnouncedCode>;
  /** Since when it is connected, in milliseconds since 1970. */
  connectTime: number;
  readonly held: PassingSet<HeldLease>;
  /** When it was heard last, in monotonic milliseconds. */
  heardMs: number;
  /** When it was found gone, and holding nothing, in monotonic milliseconds. */
  goneMs: number;
  /** An operator wants it to get nothing new. Absent: it may get something. */
  drainOrder: DrainOrder | undefined;
  /** Credits that it has again once the drain is taken back. */
  keptCredits: number;
}

/** Nothing is said of any definition. */
export const NOTHING_ANNOUNCED: ReadonlyMap<string, AnnouncedCode> = new Map();

/** A session that is not connected and holds nothing. */
export function createDispatchSession(
  { sessionId, workerId }: WorkerRef,
  tenantId: string,
  nowMs: number,
): DispatchSession {
  return {
    sessionId,
    workerId,
    tenantId,
    link: undefined,
    expiry: { kind: 'heartbeat' },
    shape: undefined,
    facts: undefined,
    announced: NOTHING_ANNOUNCED,
    connectTime: 0,
    held: new PassingSet(),
    heardMs: nowMs,
    goneMs: nowMs,
    drainOrder: undefined,
    keptCredits: 0,
  };
}
