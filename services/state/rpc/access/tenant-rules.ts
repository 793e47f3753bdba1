import type { TenantLimits, TenantPolicy } from '#gen/millrace/state/v1/tenant_pb.ts';
import type { FieldViolation } from '#libs/errors/domain-error.ts';
import { invalidFields } from '../wire/invalid-field.ts';

/** What this release does not hold, and so does not take. */
const UNHELD = 'is not held by this release, and so cannot be set';

/** The limits that are held. `docs/limits.md` says how exactly each of them is. */
const HELD_LIMITS: Readonly<Record<keyof Omit<TenantLimits, '$typeName' | '$unknown'>, string | undefined>> = {
  maxOpenRuns: 'max_open_runs',
  maxStartsPerSecond: undefined,
  maxPayloadBytes: undefined,
  maxStoredBytes: 'max_stored_bytes',
  maxQueuedItems: 'max_queued_items',
  maxDefinitions: undefined,
  maxTokens: undefined,
  maxWorkers: undefined,
};

/**
 * Refuses rules and limits that nothing would hold: whoever sets one must be able to rely on it.
 *
 * @throws INVALID_FIELDS naming each of them below `prefix`.
 */
export function assertHeld(
  { policy, limits }: { readonly policy?: TenantPolicy | undefined; readonly limits?: TenantLimits | undefined },
  prefix: string,
): void {
  const violations: FieldViolation[] = [];
  const refuse = (field: string): void => void violations.push({ field: prefix + field, description: UNHELD });
  if (policy?.requireSignature === true) refuse('policy.require_signature');
  if (policy?.retention !== undefined) refuse('policy.retention');
  if (policy?.publishSteps === true) refuse('policy.publish_steps');
  for (const [key, field] of Object.entries(HELD_LIMITS)) {
    if (field !== undefined && limits?.[key as keyof typeof HELD_LIMITS] !== undefined) refuse(`limits.${field}`);
  }
  if (violations.length > 0) throw invalidFields(violations);
}
