import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Tenant, TenantSchema, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { DEFAULT_TENANT_ID } from '#libs/auth/tenant.ts';
import type { TenantRow } from '#libs/store/tables/tenants.ts';
import { packRow, parseRow } from '../definitions/packed-row.ts';
import { REQUEST_ID_MS } from '../runs/request-ids.ts';

/** A request that changed a tenant, so that a repeat gets the same answer. */
export interface KeptRequest {
  readonly rpc: 'CreateTenant' | 'UpdateTenant';
  readonly requestId: string;
  readonly argumentsHash: string;
  readonly time: number;
  /** The tenant that was answered, in base64. */
  readonly reply: string;
}

/** A tenant as it is stored. */
export interface TenantRecord {
  /** With everything but `row_version`, which is the row's. */
  readonly tenant: Tenant;
  readonly revision: number;
  readonly requests: readonly KeptRequest[];
}

/** Requests that are remembered in a tenant's row; those before are forgotten early. */
const MAX_REQUESTS = 16;

const STATUS_NAMES: Readonly<Record<number, string>> = {
  [TenantStatus.UNSPECIFIED]: 'ACTIVE',
  [TenantStatus.ACTIVE]: 'ACTIVE',
  [TenantStatus.SUSPENDED]: 'SUSPENDED',
  [TenantStatus.ARCHIVED]: 'ARCHIVED',
};

/** What a status is called in rows and in the audit log. */
export function statusName(status: TenantStatus): string {
  return STATUS_NAMES[status] ?? String(status);
}

/** The tenant that is there before anybody makes one. */
export function defaultTenant(): TenantRecord {
  const tenant = create(TenantSchema, {
    tenantId: DEFAULT_TENANT_ID,
    name: DEFAULT_TENANT_ID,
    status: TenantStatus.ACTIVE,
  });
  return { tenant, revision: 0, requests: [] };
}

/** A tenant's row, with the requests of the last 24 h that it has room for. */
export function rowFromTenant({ tenant, revision, requests }: TenantRecord, now: number): TenantRow {
  const kept = requests.filter(({ time }) => now - time < REQUEST_ID_MS).slice(-MAX_REQUESTS);
  return {
    tenantId: tenant.tenantId,
    status: statusName(tenant.status),
    createTime: tenant.createTime === undefined ? 0 : Number(tenant.createTime.seconds) * 1000,
    revision,
    body: packRow({ requests: JSON.stringify(kept) }, toBinary(TenantSchema, tenant)),
  };
}

/**
 * Reads a tenant's row.
 *
 * @throws DATA_CORRUPTION.
 */
export function tenantFromRow({ body, revision }: TenantRow): TenantRecord {
  const { fields, bytes } = parseRow('tenant', body);
  const tenant = fromBinary(TenantSchema, bytes);
  return { tenant, revision, requests: JSON.parse(String(fields['requests'])) as KeptRequest[] };
}

/** A tenant as callers see it. */
export function tenantToProto({ tenant, revision }: TenantRecord): Tenant {
  return { ...tenant, rowVersion: BigInt(revision) };
}
