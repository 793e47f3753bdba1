import { TenantSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { ANY_TENANT_OPTIONS, openState } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { tenantText } from './tenant-text.ts';

/** `millrace tenant get`: shows a tenant. */
export const GET_TENANT_COMMAND: Command = defineCommand({
  name: 'tenant get',
  summary: 'show a tenant with its status and limits',
  args: { tenant: { type: text(), doc: "the tenant's id, by default the token's" } },
  options: { ...ANY_TENANT_OPTIONS },
  async run(values, context) {
    await using state = await openState(values, context);
    const { tenantId } = state;
    const answer = await createClient(TenantService, state.channel).getTenant({ tenantId }, { signal: context.signal });
    const tenant = answered(answer.tenant, 'the tenant');
    return { json: { tenant: messageJson(TenantSchema, tenant) }, text: tenantText(tenant, context.wallMs()) };
  },
});
