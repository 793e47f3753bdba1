import { readFile } from 'node:fs/promises';
import { peerAddress } from '#libs/config/address-types.ts';
import type { Environment } from '#libs/config/parse-config.ts';
import { boolean, filePath } from '#libs/config/text-types.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import type { RpcChannelOptions } from '#libs/rpc/client/channel-options.ts';
import type { CommandOption, OptionValues } from './command.ts';

/** The options of commands that call a service. The token has none, because the arguments of a process are no secret. */
export const CONNECTION_OPTIONS: ConnectionOptions = {
  address: { type: peerAddress(), doc: 'the gRPC address of the service', env: 'MILLRACE_ADDRESS', isRequired: true },
  tokenFile: { type: filePath(), doc: 'a file with the token; by default the token is that of MILLRACE_TOKEN' },
  tls: { type: boolean(), doc: 'speak TLS, with the authorities of the system' },
  caFile: { type: filePath(), doc: 'speak TLS, with the authorities in this PEM file' },
};

/** What they are. */
export interface ConnectionOptions {
  readonly address: CommandOption<string> & { readonly isRequired: true };
  readonly tokenFile: CommandOption<string>;
  readonly tls: CommandOption<boolean>;
  readonly caFile: CommandOption<string>;
}

/**
 * Makes a channel to the service.
 *
 * @throws StartError when a file cannot be read.
 */
export async function openConnection(values: OptionValues<ConnectionOptions>, env: Environment): Promise<RpcChannel> {
  return createChannel(await readConnection(values, env));
}

/**
 * Where the service is and how it is reached.
 *
 * @throws StartError when a file cannot be read.
 */
export async function readConnection(
  values: OptionValues<ConnectionOptions>,
  env: Environment,
): Promise<Pick<RpcChannelOptions, 'address' | 'token' | 'tls'>> {
  const { address, tokenFile, tls, caFile } = values;
  const token = tokenFile === undefined ? env['MILLRACE_TOKEN'] : (await readText('tokenFile', tokenFile)).trim();
  const ca = caFile === undefined ? undefined : await readText('caFile', caFile);
  return {
    address,
    ...(token === undefined || token === '' ? {} : { token }),
    ...(tls === true || ca !== undefined ? { tls: ca === undefined ? {} : { ca } } : {}),
  };
}

async function readText(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StartError(`${option}: ${file} cannot be read`, { cause: error });
  }
}
