import { createHash } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type AuditEntry, AuditEntrySchema } from '#gen/millrace/state/v1/audit_pb.ts';
import type { AuditRow } from '#libs/store/tables/audit.ts';
import { timeFromTimestamp, timestampFromTime } from '../wire/timestamp.ts';

/** What was done, before it has a place in the chain. */
export type AuditContent = Pick<
  AuditEntry,
  'tokenId' | 'tokenName' | 'role' | 'action' | 'targetKind' | 'targetId' | 'details' | 'peer' | 'requestId'
>;

/** What the hash of an entry begins with, so that it is the hash of nothing else. */
const DOMAIN = 'millrace.audit.v1';
const HASH_BYTES = 32;

/**
 * Makes the row of an entry behind another one. The row's body is the hash of all that the row says, then the entry; the
 * entry carries the hash of the one before, so that each hash is over the whole chain up to it.
 */
export function chainedRow(
  tenantId: string,
  number: number,
  time: number,
  previousHash: Uint8Array,
  content: AuditContent,
): AuditRow {
  const entryTime = timestampFromTime(time);
  const entry = create(AuditEntrySchema, { ...content, number: BigInt(number), entryTime, previousHash });
  const bytes = toBinary(AuditEntrySchema, entry);
  return { tenantId, number, time, body: Buffer.concat([hashOf(tenantId, number, time, bytes), bytes]) };
}

/** The hash that a row carries; what follows it is not looked at. */
export function hashInRow({ body }: AuditRow): Uint8Array {
  return Uint8Array.from(body.subarray(0, HASH_BYTES));
}

/** The entry in a row, with the hash that the row carries. Undefined: its bytes are no entry. */
export function maybeEntry(row: AuditRow): AuditEntry | undefined {
  try {
    return { ...fromBinary(AuditEntrySchema, Uint8Array.from(row.body.subarray(HASH_BYTES))), hash: hashInRow(row) };
  } catch {
    return undefined;
  }
}

/** What is wrong with a row behind another one, which is absent where the chain begins. Undefined: nothing. */
export function maybeProblem(row: AuditRow, previousHash: Uint8Array): string | undefined {
  const { tenantId, number, time, body } = row;
  const bytes = body.subarray(HASH_BYTES);
  if (!isSame(hashInRow(row), hashOf(tenantId, number, time, bytes))) return 'its hash is not that of its content';
  const entry = maybeEntry(row);
  if (entry === undefined) return 'its content cannot be read';
  if (entry.number !== BigInt(number)) return 'it stands at another number than it says';
  if (entry.entryTime === undefined || timeFromTimestamp(entry.entryTime, 'entry_time') !== time) {
    return 'it stands at another time than it says';
  }
  return isSame(entry.previousHash, previousHash) ? undefined : 'it does not carry the hash of the entry before it';
}

/** Whether two hashes are the same. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The lengths keep a tenant's name and what follows it apart. */
function hashOf(tenantId: string, number: number, time: number, entry: Uint8Array): Buffer {
  const head = JSON.stringify([DOMAIN, tenantId, number, time, entry.length]);
  return createHash('sha256').update(head).update('\n').update(entry).digest();
}
