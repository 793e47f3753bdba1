import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import type { RpcChannelOptions } from '#libs/rpc/client/channel-options.ts';

/** Where the state service is, and how it is reached. */
export interface ConnectionOptions {
  /** `host:port`. Default `localhost:7400`. */
  readonly address?: string;
  /** Presence makes it TLS, an empty object with the defaults. Absent: plain text. */
  readonly tls?: RpcChannelOptions['tls'];
  /** Sent with every call. A function is asked before every call, for a token that changes. */
  readonly token?: RpcChannelOptions['token'];
  /** Default: the token's. */
  readonly tenantId?: string;
  /** A way to it that is open, instead of `address`, `tls` and `token`; it stays open. Default: one is opened. */
  readonly channel?: RpcChannel;
}

const DEFAULT_ADDRESS = 'localhost:7400';

/** Opens the channel of a connection. */
export function openConnection({ address = DEFAULT_ADDRESS, tls, token, channel }: ConnectionOptions): RpcChannel {
  if (channel !== undefined)
    return { ...channel, close: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  return createChannel({
    address,
    ...(tls === undefined ? undefined : { tls }),
    ...(token === undefined ? undefined : { token }),
  });
}
