import { TenantSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { integer } from '#libs/config/number-types.ts';
import { choice, list, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { ANY_TENANT_OPTIONS, openState } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { givenLimits, LIMIT_FIELDS, LIMIT_OPTIONS, limitNames, TENANT_ARGUMENT } from './tenant-options.ts';
import { tenantText } from './tenant-text.ts';

const MAX_VERSION = 999_999_999_999_999;

/** `millrace tenant update`: changes the name and the limits of a tenant. */
export const UPDATE_TENANT_COMMAND: Command = defineCommand({
  name: 'tenant update',
  summary: 'change the name or the limits of a tenant; only the root token may',
  args: TENANT_ARGUMENT,
  options: {
    name: { type: text('name'), doc: 'its new name' },
    ...LIMIT_OPTIONS,
    unset: { type: list(choice(...Object.values(LIMIT_FIELDS))), doc: 'limits that it has no more' },
    ifVersion: { type: integer({ min: 1, max: MAX_VERSION }), doc: 'the version that it must have' },
    ...REQUEST_ID_OPTION,
    ...ANY_TENANT_OPTIONS,
  },
  check: (values) => {
    const { name, unset = [] } = values;
    const given = limitNames().filter((limit) => values[limit] !== undefined);
    const twice = given.filter((limit) => unset.includes(LIMIT_FIELDS[limit]));
    if (name === undefined && given.length === 0 && unset.length === 0) return ['nothing is to be changed: see --help'];
    return twice.map((limit) => `--unset: ${LIMIT_FIELDS[limit]} is given too`);
  },
  async run(values, context) {
    const { tenant: tenantId, name, unset = [], ifVersion, requestId = '' } = values;
    const limits = givenLimits(values);
    const given = limitNames().filter((limit) => values[limit] !== undefined);
    const paths = [
      ...(name === undefined ? [] : ['name']),
      ...[...given.map((limit) => LIMIT_FIELDS[limit]), ...unset].map((field) => `limits.${field}`),
    ];
    await using state = await openState(values, context);
    const answer = await createClient(TenantService, state.channel).updateTenant(
      {
        tenantId,
        tenant: { name: name ?? '', limits },
        updateMask: { paths },
        requestId,
        ...(ifVersion === undefined ? {} : { expectedRowVersion: BigInt(ifVersion) }),
      },
      { signal: context.signal },
    );
    const tenant = answered(answer.tenant, 'the tenant');
    return { json: { tenant: messageJson(TenantSchema, tenant) }, text: tenantText(tenant, context.wallMs()) };
  },
});
