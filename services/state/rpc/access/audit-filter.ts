import { toBinary } from '@bufbuild/protobuf';
import { type AuditEntry, type AuditFilter, AuditFilterSchema } from '#gen/millrace/state/v1/audit_pb.ts';
import { timeFromTimestamp } from '../wire/timestamp.ts';

/** Which entries are wanted. */
export interface AuditSelection {
  readonly matches: (entry: AuditEntry) => boolean;
  /** Milliseconds since 1970; entries before are not wanted. */
  readonly atOrAfter: number;
  /** Entries then and later are not wanted. */
  readonly before: number;
  /** Also entries that are derived from the logs of runs. */
  readonly includesRuns: boolean;
  /** All that was asked for, as one text that page tokens are bound to. */
  readonly text: string;
}

/**
 * Reads a filter; absent: the whole chain.
 *
 * @throws INVALID_FIELDS for moments that are none.
 */
export function auditSelection(filter: AuditFilter | undefined): AuditSelection {
  const min = filter?.minEntryTime;
  const max = filter?.maxEntryTime;
  const atOrAfter = min === undefined ? Number.NEGATIVE_INFINITY : timeFromTimestamp(min, 'filter.min_entry_time');
  const before = max === undefined ? Number.POSITIVE_INFINITY : timeFromTimestamp(max, 'filter.max_entry_time');
  const isSame = (wanted: string | undefined, found: string): boolean => !wanted || wanted === found;
  return {
    atOrAfter,
    before,
    includesRuns: filter?.includeRuns === true,
    text: filter === undefined ? '' : Buffer.from(toBinary(AuditFilterSchema, filter)).toString('base64'),
    matches: ({ entryTime, tokenId, action, targetKind, targetId }) => {
      const time = entryTime === undefined ? 0 : timeFromTimestamp(entryTime, 'entry_time');
      return (
        time >= atOrAfter &&
        time < before &&
        isSame(filter?.tokenId, tokenId) &&
        isSame(filter?.action, action) &&
        isSame(filter?.targetKind, targetKind) &&
        isSame(filter?.targetId, targetId)
      );
    },
  };
}
