import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Tenant, TenantSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { assertSameRequest, REQUEST_ID_MS } from '../runs/request-ids.ts';
import type { KeptRequest, TenantRecord } from './tenant-record.ts';

/**
 * The tenant that a request was answered with before; undefined: it is no repeat.
 *
 * @throws REQUEST_ID_REUSED.
 */
export function maybeKeptTenant(
  { requests }: TenantRecord,
  rpc: KeptRequest['rpc'],
  requestId: string,
  argumentsHash: string,
  now: number,
): Tenant | undefined {
  if (requestId === '') return undefined;
  const kept = requests.find((one) => one.rpc === rpc && one.requestId === requestId && now - one.time < REQUEST_ID_MS);
  if (kept === undefined) return undefined;
  assertSameRequest(kept.argumentsHash, argumentsHash, requestId);
  return fromBinary(TenantSchema, Buffer.from(kept.reply, 'base64'));
}

/** All that callers say of a tenant, for the hash of a request. */
export function tenantWords(tenant: Tenant): string {
  const { createTime: _created, updateTime: _updated, ...said } = tenant;
  return Buffer.from(toBinary(TenantSchema, { ...said, rowVersion: 0n })).toString('base64');
}
