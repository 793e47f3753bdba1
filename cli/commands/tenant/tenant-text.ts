import { type Tenant, TenantStatusSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { enumName } from '../json/message-json.ts';
import { renderFields } from '../text/table.ts';
import { describeMoment } from '../text/times.ts';
import { LIMIT_FIELDS, limitNames } from './tenant-options.ts';

/** A tenant, field by field. */
export function tenantText(tenant: Tenant, nowMs: number): string {
  const { tenantId, name, status, createTime, updateTime, rowVersion } = tenant;
  return renderFields([
    ['Tenant', tenantId],
    ['Name', name],
    ['Status', statusText(status)],
    ['Limits', limitsText(tenant)],
    ['Made', createTime && describeMoment(createTime, nowMs)],
    ['Changed', updateTime && describeMoment(updateTime, nowMs)],
    ['Version', String(rowVersion)],
  ]);
}

/** The limits of a tenant in a line. Empty: it has none. */
export function limitsText({ limits }: Tenant): string {
  return limitNames()
    .flatMap((name) => (limits?.[name] === undefined ? [] : [`${LIMIT_FIELDS[name]} ${limits[name]}`]))
    .join(', ');
}

/** The name of a status. */
export function statusText(status: Tenant['status']): string {
  return enumName(TenantStatusSchema, status);
}
