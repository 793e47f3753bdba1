import { text } from '#libs/config/text-types.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import type { CommandContext, CommandOption, OptionValues } from '../command.ts';
import { CONNECTION_OPTIONS, type ConnectionOptions, openConnection } from '../connection.ts';

/** The options of commands that call a state service. */
export interface StateOptions extends Omit<ConnectionOptions, 'address'> {
  readonly address: CommandOption<string> & { readonly default: string };
  readonly tenant: CommandOption<string>;
}

/** What they are. By default the service is the one that `npm start` runs on this machine. */
export const STATE_OPTIONS: StateOptions = {
  address: {
    ...CONNECTION_OPTIONS.address,
    isRequired: false,
    doc: 'the gRPC address of a state service',
    default: '127.0.0.1:7400',
  },
  tenant: { type: text('tenant'), doc: "the tenant, by default the token's", env: 'MILLRACE_TENANT' },
  tokenFile: CONNECTION_OPTIONS.tokenFile,
  tls: CONNECTION_OPTIONS.tls,
  caFile: CONNECTION_OPTIONS.caFile,
};

/** The options of commands that are about no tenant, or name it by its place. */
export const ANY_TENANT_OPTIONS: Omit<StateOptions, 'tenant'> = {
  address: STATE_OPTIONS.address,
  tokenFile: STATE_OPTIONS.tokenFile,
  tls: STATE_OPTIONS.tls,
  caFile: STATE_OPTIONS.caFile,
};

/** A state service that can be called. Disposing closes the channel. */
export interface StateConnection extends AsyncDisposable {
  readonly channel: RpcChannel;
  /** What requests name; empty: the token's. */
  readonly tenantId: string;
}

/**
 * Makes a channel to a state service.
 *
 * @throws StartError when a file cannot be read.
 */
export async function openState(
  values: OptionValues<StateOptions>,
  { env }: Pick<CommandContext, 'env'>,
): Promise<StateConnection> {
  const channel = await openConnection(values, env);
  return {
    channel,
    tenantId: values.tenant ?? '',
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}
