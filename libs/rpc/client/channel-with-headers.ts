import type { RpcChannel } from './channel.ts';

/**
 * A channel with headers of its own, for one call: `undefined` takes away what the channel would say. It shares the
 * connection and must not be closed.
 */
export function channelWithHeaders(
  channel: RpcChannel,
  headers: Readonly<Record<string, string | undefined>>,
): RpcChannel {
  const metadata = channel.metadata().clone();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) metadata.remove(name);
    else metadata.set(name, value);
  }
  return { ...channel, metadata: () => metadata };
}
