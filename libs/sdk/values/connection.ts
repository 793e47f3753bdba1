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
}

const DEFAULT_ADDRESS = 'localhost:7400';

/** Ways that are open, by the options that stand for them. */
const open = new WeakMap<ConnectionOptions, RpcChannel>();

/** Options that stand for a channel that is open, which stays open: for whoever has one, and no address. */
export function connectionOver(channel: RpcChannel): ConnectionOptions {
  const options = {};
  open.set(options, { ...channel, close: () => undefined, [Symbol.asyncDispose]: async () => undefined });
  return options;
}

/** Opens the channel of a connection. */
export function openConnection(options: ConnectionOptions): RpcChannel {
  const { address = DEFAULT_ADDRESS, tls, token } = options;
  return (
    open.get(options) ??
    createChannel({
      address,
      ...(tls === undefined ? undefined : { tls }),
      ...(token === undefined ? undefined : { token }),
    })
  );
}
