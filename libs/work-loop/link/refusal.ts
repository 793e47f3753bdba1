import type { Reason } from '#libs/errors/reasons.ts';
import { REASON_KINDS } from '#libs/errors/reasons.ts';

/**
 * What follows from a refused frame
 * - `lost`: nothing more of the assignment is accepted;
 * - `again`: everything that is not acknowledged is sent again after a pause, for as long as it takes;
 * - `mend`: the same, but not for ever, because it may not help;
 * - `final`: the frame will never be accepted.
 */
export type Refusal = 'lost' | 'again' | 'mend' | 'final';

const BY_REASON: ReadonlyMap<Reason, Refusal> = new Map([
  ['LEASE_LOST', 'lost'],
  ['LEASE_NOT_FOUND', 'lost'],
  ['ITEM_NOT_FOUND', 'lost'],
  ['RUN_NOT_FOUND', 'lost'],
  ['RUN_TERMINAL', 'lost'],
  ['QUARANTINED', 'lost'],
  ['OVERLOADED', 'again'],
  ['STEPS_MISSING', 'mend'],
  ['INTERNAL', 'mend'],
  ['DEADLINE_EXCEEDED', 'mend'],
]);

/** What follows from a frame that was refused for this reason. */
export function refusalOf(reason: Reason): Refusal {
  return BY_REASON.get(reason) ?? (REASON_KINDS[reason] === 'unavailable' ? 'again' : 'final');
}
