import { create, toBinary } from '@bufbuild/protobuf';
import { TenantSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import {
  type UpdateTenantRequest,
  type UpdateTenantResponse,
  UpdateTenantResponseSchema,
} from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { appendAudit } from '../access/append-audit.ts';
import { changedTenant } from '../access/change-tenant.ts';
import { maybeKeptTenant, tenantWords } from '../access/kept-tenant.ts';
import { readTenant } from '../access/read-tenant.ts';
import { requestHash } from '../access/request-hash.ts';
import { rowFromTenant, statusName, type TenantRecord, tenantToProto } from '../access/tenant-record.ts';
import { assertHeld } from '../access/tenant-rules.ts';
import type { StateContext } from '../context.ts';
import { invalidField } from '../wire/invalid-field.ts';
import { timestampFromTime } from '../wire/timestamp.ts';

const MAX_ATTEMPTS = 10;

/**
 * TenantService.UpdateTenant: changes the fields that the mask names. This node goes by it at once, every other one within
 * 5 s.
 */
export function createUpdateTenant(context: StateContext): UnaryHandler<UpdateTenantRequest, UpdateTenantResponse> {
  return async ({ tenantId, tenant: values, updateMask, expectedRowVersion, requestId }, call) => {
    const { tenants } = context.store.tables;
    const paths = updateMask?.paths ?? [];
    if (values === undefined) throw invalidField('tenant', 'must be given');
    if (values.tenantId !== '' && values.tenantId !== tenantId) {
      throw invalidField('tenant.tenant_id', 'must be empty or the same as tenant_id');
    }
    const argumentsHash = requestHash(['UpdateTenant', tenantWords(values), paths, expectedRowVersion ?? '']);
    let isNoted = false;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const now = context.nowMs();
      const stored = await readTenant(tenants, tenantId);
      const kept = maybeKeptTenant(stored, 'UpdateTenant', requestId, argumentsHash, now);
      if (kept !== undefined) return create(UpdateTenantResponseSchema, { tenant: kept });
      assertVersion(stored, expectedRowVersion);
      const changed = changedTenant(stored.tenant, values, paths);
      assertHeld(changed, 'tenant.');
      if (!isNoted) {
        await appendAudit(context, call, tenantId, {
          action: 'millrace.state.v1.TenantService/UpdateTenant',
          targetKind: 'tenant',
          targetId: tenantId,
          details: { fields: paths.join(','), status: statusName(changed.status) },
          requestId,
        });
        isNoted = true;
      }
      const tenant = { ...changed, updateTime: timestampFromTime(now) };
      const revision = stored.revision + 1;
      const bytes = toBinary(TenantSchema, { ...tenant, rowVersion: BigInt(revision) });
      const reply = Buffer.from(bytes).toString('base64');
      const request = { rpc: 'UpdateTenant' as const, requestId, argumentsHash, time: now, reply };
      const requests = requestId === '' ? stored.requests : [...stored.requests, request];
      const row = rowFromTenant({ tenant, revision: stored.revision, requests }, now);
      if (await (stored.revision === 0 ? tenants.insert(row) : tenants.replace(row))) {
        const record: TenantRecord = { tenant, revision, requests };
        context.access.tenants.note(record);
        return create(UpdateTenantResponseSchema, { tenant: tenantToProto(record) });
      }
    }
    throw new DomainError('UNAVAILABLE', 'the tenant changes all the time', { retryAfterMs: 250 });
  };
}

function assertVersion({ revision }: TenantRecord, expected: bigint | undefined): void {
  if (expected !== undefined && expected !== BigInt(revision)) {
    throw new DomainError('VERSION_CONFLICT', 'the tenant has another row_version', {
      metadata: { expected: String(expected), actual: String(revision) },
    });
  }
}
