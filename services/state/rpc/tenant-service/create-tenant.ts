import { create, toBinary } from '@bufbuild/protobuf';
import { TenantSchema, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import {
  type CreateTenantRequest,
  type CreateTenantResponse,
  CreateTenantResponseSchema,
} from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { DEFAULT_TENANT_ID } from '#libs/auth/tenant.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { appendAudit } from '../access/append-audit.ts';
import { maybeKeptTenant, tenantWords } from '../access/kept-tenant.ts';
import { requestHash } from '../access/request-hash.ts';
import { rowFromTenant, statusName, type TenantRecord, tenantFromRow, tenantToProto } from '../access/tenant-record.ts';
import { assertHeld } from '../access/tenant-rules.ts';
import type { StateContext } from '../context.ts';
import { timestampFromTime } from '../wire/timestamp.ts';

/** TenantService.CreateTenant: makes a tenant; `default` is there from the start. */
export function createCreateTenant(context: StateContext): UnaryHandler<CreateTenantRequest, CreateTenantResponse> {
  return async (request, call) => {
    const { tenantId, requestId, policy, limits } = request;
    const { tenants } = context.store.tables;
    const now = context.nowMs();
    assertHeld(request, '');
    const tenant = create(TenantSchema, {
      tenantId,
      name: request.name || tenantId,
      status: request.status === TenantStatus.UNSPECIFIED ? TenantStatus.ACTIVE : request.status,
      ...(policy === undefined ? {} : { policy }),
      ...(limits === undefined ? {} : { limits }),
      createTime: timestampFromTime(now),
      updateTime: timestampFromTime(now),
    });
    const argumentsHash = requestHash(['CreateTenant', tenantWords(tenant)]);
    const found = await tenants.read(tenantId);
    if (found !== undefined || tenantId === DEFAULT_TENANT_ID) {
      const kept = found === undefined ? undefined : keptIn(tenantFromRow(found));
      if (kept === undefined) throw taken(tenantId);
      return kept;
    }
    await appendAudit(context, call, tenantId, {
      action: 'millrace.state.v1.TenantService/CreateTenant',
      targetKind: 'tenant',
      targetId: tenantId,
      details: { name: tenant.name, status: statusName(tenant.status) },
      requestId,
    });
    const reply = Buffer.from(toBinary(TenantSchema, { ...tenant, rowVersion: 1n })).toString('base64');
    const requests =
      requestId === '' ? [] : [{ rpc: 'CreateTenant' as const, requestId, argumentsHash, time: now, reply }];
    const record: TenantRecord = { tenant, revision: 1, requests };
    if (await tenants.insert(rowFromTenant(record, now))) {
      context.access.tenants.note(record);
      return create(CreateTenantResponseSchema, { tenant: tenantToProto(record) });
    }
    const other = await tenants.read(tenantId);
    const kept = other === undefined ? undefined : keptIn(tenantFromRow(other));
    if (kept === undefined) throw taken(tenantId);
    return kept;

    function keptIn(stored: TenantRecord): CreateTenantResponse | undefined {
      const reply = maybeKeptTenant(stored, 'CreateTenant', requestId, argumentsHash, now);
      return reply === undefined ? undefined : create(CreateTenantResponseSchema, { tenant: reply });
    }
  };
}

function taken(tenantId: string): DomainError {
  return new DomainError('TENANT_EXISTS', 'the tenant id is in use', { metadata: { tenant_id: tenantId } });
}
