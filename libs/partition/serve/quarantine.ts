import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { HotRun } from '../runs/hot-run.ts';
import type { RunQuarantined } from '../state/partition-event.ts';
import type { PartitionState } from '../state/partition-state.ts';

/** Why a run is not served: its log could not be folded, or its rows not be written. [journal.md 14] */
export function maybeQuarantined({ quarantined }: PartitionState, key: RunKey): DomainError | undefined {
  if (quarantined.size === 0) return undefined;
  const quarantine = quarantined.get(runIdKey(key));
  if (quarantine === undefined) return undefined;
  return new DomainError('QUARANTINED', `run ${key.runId} is quarantined: ${quarantine.message}`, {
    metadata: { run_id: key.runId },
  });
}

/** Says of a run that it is held as it is, because of an error. */
export function quarantinedOf({ identity }: Pick<HotRun, 'identity'>, error: unknown, time: number): RunQuarantined {
  const { tenantId, runId, incarnation } = identity;
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'runQuarantined', tenantId, runId, incarnation, message, time };
}
