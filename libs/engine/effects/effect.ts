import type { Event } from '../events/event.ts';
import type { ChildOptions } from '../events/wait-events.ts';
import type { Failure } from '../model/failure.ts';
import type { Lease } from '../model/lease.ts';
import type { ChildMode, RunParent } from '../model/parent.ts';
import type { Payload } from '../model/payload.ts';
import type { TerminalStatus } from '../model/status.ts';
import type { StepId } from '../model/step-id.ts';

/** An item as the ready lists need it. Tenant, run, workflow and version are the run's. */
export interface ReadyItem {
  readonly itemSequence: number;
  readonly nodePath: string;
  readonly attempt: number;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly scheduleTime: number;
  /** Not offered earlier. Absent: at once. */
  readonly notBeforeTime: number | undefined;
  /** Whose last attempt of it failed: this worker comes last for it. Empty: nobody. */
  readonly failedWorkerId: string;
}

/** What a worker is told about what it holds. */
export type Notice =
  | { readonly kind: 'cancel'; readonly deadlineTime: number; readonly reason: string }
  | { readonly kind: 'pause'; readonly reason: string }
  | { readonly kind: 'stepTimeout'; readonly step: StepId };

/** What happened to a child, for its parent. */
export type ChildReport =
  | { readonly kind: 'started'; readonly version: string }
  | {
      readonly kind: 'ended';
      readonly status: TerminalStatus;
      readonly output: Payload | undefined;
      readonly failure: Failure | undefined;
    };

/** A life-cycle change that the outside hears of by default. */
export type Topic = 'started' | 'paused' | 'resumed' | 'cancelling' | 'diverged' | 'control' | 'ended';

/** One thing that the shell does because of events. */
export type Effect =
  /** Put the item into its ready list. */
  | { readonly kind: 'queue'; readonly item: ReadyItem }
  /** Take the item out of its ready list. One that is not there is fine: a lease that came from there took it. */
  | { readonly kind: 'withdraw'; readonly itemSequence: number }
  /** A worker has the item from now on, or for longer. */
  | { readonly kind: 'hold'; readonly nodePath: string; readonly lease: Lease }
  /** The worker ended its hold: its slot is free. */
  | { readonly kind: 'free'; readonly lease: Lease }
  /** The server ended the hold: the worker aborts, and what it sends with this fence is refused. */
  | { readonly kind: 'revoke'; readonly lease: Lease }
  /** Tell the worker that has the item. */
  | { readonly kind: 'tell'; readonly lease: Lease; readonly notice: Notice }
  /** Send these events to the worker that has the item: its code has to hear of them. */
  | { readonly kind: 'wake'; readonly lease: Lease; readonly events: readonly Event[] }
  /** Send a start to the child's partition. */
  | {
      readonly kind: 'startChild';
      readonly scheduledSequence: number;
      readonly runId: string;
      readonly workflow: string;
      readonly version: string;
      readonly input: Payload | undefined;
      readonly parent: RunParent;
      readonly options: ChildOptions;
    }
  /** Send a cancel to the child's partition. */
  | { readonly kind: 'cancelChild'; readonly runId: string; readonly incarnation: string; readonly mode: ChildMode }
  /** Tell the parent's partition. */
  | { readonly kind: 'tellParent'; readonly parent: RunParent; readonly report: ChildReport }
  /** Tell the outside, once the event is durable. */
  | { readonly kind: 'notify'; readonly topic: Topic; readonly sequence: number };

/** No effect. */
export const NO_EFFECTS: readonly Effect[] = Object.freeze([]);
