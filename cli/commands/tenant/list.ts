import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Tenant, TenantSchema, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { choice, list } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { listPages, PAGE_OPTIONS, pageLimit } from '../calls/list-pages.ts';
import { ANY_TENANT_OPTIONS, openState } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { type Row, renderTable } from '../text/table.ts';
import { describeAge } from '../text/times.ts';
import { limitsText, statusText } from './tenant-text.ts';

const TITLES: Row = ['TENANT', 'NAME', 'STATUS', 'MADE', 'LIMITS'];
const STATUSES = {
  active: TenantStatus.ACTIVE,
  suspended: TenantStatus.SUSPENDED,
  archived: TenantStatus.ARCHIVED,
} as const;

/** `millrace tenant list`: shows the tenants. */
export const LIST_TENANTS_COMMAND: Command = defineCommand({
  name: 'tenant list',
  summary: 'list tenants by id; only the root token may',
  options: {
    status: { type: list(choice('active', 'suspended', 'archived')), doc: 'only in one of these states' },
    ...PAGE_OPTIONS,
    ...ANY_TENANT_OPTIONS,
  },
  check: ({ limit, all }) => (limit !== undefined && all === true ? ['--limit, --all: only one of them'] : []),
  async run(values, context) {
    const statuses = (values.status ?? []).map((status) => STATUSES[status]);
    await using state = await openState({ ...values, tenant: undefined }, context);
    const tenants = createClient(TenantService, state.channel);
    const { items, more } = await listPages<Tenant>(pageLimit(values), async (pageSize, pageToken) => {
      const page = await tenants.listTenants({ pageSize, pageToken, statuses }, { signal: context.signal });
      return { items: page.tenants, nextPageToken: page.nextPageToken };
    });
    if (items.length === 0) {
      context.terminal.note('no tenants');
    }
    const nowMs = context.wallMs();
    const rows = items.map((tenant) => rowOf(tenant, nowMs));
    context.out.print({
      json: { tenants: items.map((tenant) => messageJson(TenantSchema, tenant)), more },
      text: items.length === 0 ? '' : renderTable(TITLES, rows),
    });
    if (more) {
      context.terminal.note('there are more: --limit N or --all shows them');
    }
    return {};
  },
});

function rowOf(tenant: Tenant, nowMs: number): Row {
  const { tenantId, name, status, createTime } = tenant;
  const made = createTime === undefined ? '' : describeAge(timestampMs(createTime), nowMs);
  return [tenantId, name, statusText(status), made, limitsText(tenant)];
}
