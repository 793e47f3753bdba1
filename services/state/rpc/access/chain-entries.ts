import type { AuditEntry } from '#gen/millrace/state/v1/audit_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { AuditTable } from '#libs/store/tables/audit.ts';
import { maybeEntry } from './audit-record.ts';

/** Entries of one read. */
const READ_ROWS = 200;

/**
 * The entries of a tenant's chain below a number, newest first. They are shown as they stand; whether they fit together
 * says VerifyChain.
 *
 * @throws DATA_CORRUPTION for one that cannot be read at all.
 */
export async function* chainEntries(
  audit: Pick<AuditTable, 'last' | 'list'>,
  tenantId: string,
  before: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<AuditEntry, void> {
  let next = before ?? ((await audit.last(tenantId))?.number ?? 0) + 1;
  while (next > 1) {
    signal.throwIfAborted();
    const from = Math.max(0, next - 1 - READ_ROWS);
    const rows = await audit.list(tenantId, from, next - 1 - from);
    for (const row of rows.toReversed()) {
      if (row.number >= next) continue;
      const entry = maybeEntry(row);
      if (entry === undefined) {
        throw new DomainError('DATA_CORRUPTION', `entry ${row.number} of the audit log does not decode`);
      }
      yield entry;
    }
    next = from + 1;
  }
}
