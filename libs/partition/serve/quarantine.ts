import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { PartitionState } from '../state/partition-state.ts';

/** Why a run is not served: its log could not be folded. [journal.md 14] */
export function maybeQuarantined({ quarantined }: PartitionState, key: RunKey): DomainError | undefined {
  if (quarantined.size === 0) return undefined;
  const quarantine = quarantined.get(runIdKey(key));
  if (quarantine === undefined) return undefined;
  return new DomainError('QUARANTINED', `run ${key.runId} cannot be folded: ${quarantine.message}`, {
    metadata: { run_id: key.runId },
  });
}
