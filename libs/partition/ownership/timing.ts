import { DomainError } from '#libs/errors/domain-error.ts';

/** The times that owners and takers go by. Every node of a cluster has the same ones. [journal.md 11, 13] */
export interface OwnershipTiming {
  /** How long a row must be seen unchanged before its partition may be taken. Default 10 000. */
  readonly leaseMs: number;
  /** How long before the end of its lease an owner stops to answer: what clocks and calls may differ. Default 2 000. */
  readonly marginMs: number;
  /** How often a row is renewed, ± 10 %. Default 3 000. */
  readonly renewMs: number;
  /** How often all rows are read where nobody says that something changed. Default 2 000. */
  readonly lookMs: number;
  /** How long between two partitions that are moved for balance. Default 5 000. */
  readonly moveMs: number;
}

/** The times where nobody says otherwise: two renewals may fail before anybody waits. */
export const OWNERSHIP_TIMING: OwnershipTiming = {
  leaseMs: 10_000,
  marginMs: 2_000,
  renewMs: 3_000,
  lookMs: 2_000,
  moveMs: 5_000,
};

/**
 * Fills in the defaults.
 *
 * @throws INVALID_FIELDS where an owner could not renew, or a taker not look twice, within a lease.
 */
export function completeTiming(timing: Partial<OwnershipTiming> = {}): OwnershipTiming {
  const complete = { ...OWNERSHIP_TIMING, ...timing };
  const { leaseMs, marginMs, renewMs, lookMs, moveMs } = complete;
  const violations = [
    { field: 'marginMs', isWrong: marginMs <= 0, description: 'must be above 0' },
    { field: 'renewMs', isWrong: renewMs <= 0 || renewMs * 2 > leaseMs - marginMs, description: 'must fit twice' },
    { field: 'lookMs', isWrong: lookMs <= 0 || lookMs * 2 > leaseMs, description: 'must fit twice into a lease' },
    { field: 'moveMs', isWrong: moveMs < 0, description: 'must not be negative' },
  ].filter(({ isWrong }) => isWrong);
  if (violations.length > 0) {
    const text = violations.map(({ field, description }) => `${field} ${description}`).join(', ');
    throw new DomainError('INVALID_FIELDS', `ownership timing: ${text}`, {
      violations: violations.map(({ field, description }) => ({ field, description })),
    });
  }
  return complete;
}
