import { TenantSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { ANY_TENANT_OPTIONS, openState } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { givenLimits, LIMIT_OPTIONS, TENANT_ARGUMENT } from './tenant-options.ts';
import { statusText } from './tenant-text.ts';

/** `millrace tenant create`: makes a tenant. */
export const CREATE_TENANT_COMMAND: Command = defineCommand({
  name: 'tenant create',
  summary: 'make a tenant; only the root token may',
  notes: 'Its first token: millrace token create --tenant acme ada --role admin.',
  args: TENANT_ARGUMENT,
  options: {
    name: { type: text('name'), doc: 'its name, by default the id' },
    ...LIMIT_OPTIONS,
    ...REQUEST_ID_OPTION,
    ...ANY_TENANT_OPTIONS,
  },
  async run(values, context) {
    const { tenant: tenantId, name = '', requestId = '' } = values;
    const limits = givenLimits(values);
    await using state = await openState(values, context);
    const answer = await createClient(TenantService, state.channel).createTenant(
      { tenantId, name, requestId, ...(Object.keys(limits).length === 0 ? {} : { limits }) },
      { signal: context.signal },
    );
    const tenant = answered(answer.tenant, 'the tenant');
    return {
      json: { tenant: messageJson(TenantSchema, tenant) },
      text: `${tenantId} is made, and is ${statusText(tenant.status)}`,
    };
  },
});
