import type { Event } from '../events/event.ts';
import type { Control } from '../model/control.ts';
import type { Lease } from '../model/lease.ts';
import type { EngineReason, Rejection } from '../model/rejection.ts';
import type { RunStatus } from '../model/status.ts';

/** What a command is answered with, once the events are durable. */
export type Reply =
  | { readonly kind: 'done' }
  | { readonly kind: 'run'; readonly status: RunStatus; readonly cancelling: boolean }
  | {
      readonly kind: 'ack';
      /** The last step record, park or child start. */
      readonly ordinal: number;
      readonly lastSequence: number;
      /** The assignment is over. */
      readonly settled: boolean;
    }
  | { readonly kind: 'lease'; readonly lease: Lease }
  | { readonly kind: 'signal'; readonly duplicate: boolean }
  | {
      readonly kind: 'claim';
      /** Absent: it is not to be had now. */
      readonly lease: Lease | undefined;
    }
  | { readonly kind: 'ready'; readonly time: number }
  | { readonly kind: 'enqueued'; readonly isNew: boolean }
  | {
      readonly kind: 'settledItem';
      /** What it became. Empty: no dead letter. */
      readonly deadLetterId: string;
    }
  | { readonly kind: 'requeued'; readonly nodePath: string }
  | { readonly kind: 'saved'; readonly version: number }
  | { readonly kind: 'result'; readonly overwritten: boolean }
  | { readonly kind: 'patched'; readonly stateVersion: number }
  | {
      readonly kind: 'consumed';
      /** Where in the log the signal is. Absent: none was there. */
      readonly received: number | undefined;
    }
  | {
      readonly kind: 'controls';
      readonly outcome: 'NONE' | 'PAUSED' | 'CANCELLED';
      readonly control: Control | undefined;
    }
  | { readonly kind: 'appended'; readonly firstSequence: number; readonly lastSequence: number };

/**
 * What a command leads to: events to append with the reply; a reply alone, because there is nothing to do; a refusal that
 * changes nothing; or events that were due before the command, after which the command is decided anew.
 */
export type Decision =
  | { readonly kind: 'append'; readonly events: readonly Event[]; readonly reply: Reply }
  | { readonly kind: 'nothing'; readonly reply: Reply }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'due'; readonly events: readonly Event[] };

/** A refusal. */
export function rejected(reason: EngineReason, metadata: Readonly<Record<string, string>> = {}): Decision {
  return { kind: 'rejected', rejection: { reason, metadata } };
}

/** A reply without effect. */
export function nothing(reply: Reply): Decision {
  return { kind: 'nothing', reply };
}

/** The reply that says no more than that it is done. */
export const DONE: Reply = { kind: 'done' };
