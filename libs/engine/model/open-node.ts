import type { EventOf } from '../events/event.ts';
import type { Lease } from './lease.ts';

/** A work item that is offered, held back or leased. */
export interface OpenItem {
  /** The event that scheduled it. */
  readonly itemSequence: number;
  readonly scheduleTime: number;
  readonly notBeforeTime: number | undefined;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly attempt: number;
  /** Who has it. Absent: nobody. */
  lease: Lease | undefined;
  /** The event that leased it last. 0: none did. */
  leasedSequence: number;
}

/** The item that an event schedules. */
export function scheduledItem(event: EventOf<'taskScheduled'>): OpenItem {
  return {
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
}

/** How a worker ended its hold, so that the same settle can be acknowledged again. */
export type SettleKind = 'completed' | 'failed' | 'released';

/** The last hold that its worker ended. */
export interface Settled {
  readonly kind: SettleKind;
  readonly itemSequence: number;
  readonly fence: bigint;
}

/** A vertex of a run that is open. */
export interface OpenNode {
  readonly path: string;
  readonly openedSequence: number;
  item: OpenItem | undefined;
  /** Attempts that failed by the retry policy's count. */
  failures: number;
  /** Leases that expired since the last step record; the back-off grows with it. */
  expiries: number;
  /** The event of the last failure. 0: none. */
  failureSequence: number;
  /** Who had the attempt that failed last: it gets the next one last. Empty: nobody. */
  failedWorkerId: string;
  settled: Settled | undefined;
}

/** A node whose item a worker holds. */
export interface HeldNode extends OpenNode {
  item: OpenItem & { lease: Lease };
}

/** The attempt that a node is at, from 1. */
export function attemptOf(node: OpenNode): number {
  return 1 + node.failures + node.expiries;
}
