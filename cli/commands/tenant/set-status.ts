import { TenantSchema, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { ANY_TENANT_OPTIONS, openState } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { TENANT_ARGUMENT } from './tenant-options.ts';
import { statusText } from './tenant-text.ts';

/** `millrace tenant suspend`. */
export const SUSPEND_TENANT_COMMAND: Command = defineStatus(
  'suspend',
  TenantStatus.SUSPENDED,
  'let nothing start and nothing be dispatched in a tenant; reads work',
);

/** `millrace tenant activate`. */
export const ACTIVATE_TENANT_COMMAND: Command = defineStatus(
  'activate',
  TenantStatus.ACTIVE,
  'let a suspended or archived tenant work again',
);

/** `millrace tenant archive`. */
export const ARCHIVE_TENANT_COMMAND: Command = defineStatus(
  'archive',
  TenantStatus.ARCHIVED,
  'let a tenant be read and not be changed',
);

function defineStatus(verb: string, status: TenantStatus, summary: string): Command {
  return defineCommand({
    name: `tenant ${verb}`,
    summary,
    notes: 'The node that is called goes by it at once, every other one within 5 s. Only the root token may.',
    args: TENANT_ARGUMENT,
    options: { ...REQUEST_ID_OPTION, ...ANY_TENANT_OPTIONS },
    async run(values, context) {
      const { tenant: tenantId, requestId = '' } = values;
      await using state = await openState(values, context);
      const answer = await createClient(TenantService, state.channel).updateTenant(
        { tenantId, tenant: { status }, updateMask: { paths: ['status'] }, requestId },
        { signal: context.signal },
      );
      const tenant = answered(answer.tenant, 'the tenant');
      return {
        json: { tenant: messageJson(TenantSchema, tenant) },
        text: `${tenantId} is ${statusText(tenant.status)}`,
      };
    },
  });
}
