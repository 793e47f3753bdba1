import type { DescService } from '@bufbuild/protobuf';
import { createClient as createConnectClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';

/** A door of a service. */
export type DoorName = 'gRPC' | 'HTTP';

/** Makes the unary calls of a service through a door. */
export type CallsOf = <S extends DescService>(service: S) => ReturnType<typeof createClient<S>>;

/** Calls through a door: gRPC, or Connect over HTTP/1.1 with Protobuf. */
export function callsThrough(door: DoorName, address: string): CallsOf {
  if (door === 'gRPC') {
    const channel = createChannel({ address });
    return (service) => createClient(service, channel);
  }
  const transport = createConnectTransport({
    baseUrl: `http://${address}`,
    httpVersion: '1.1',
    useBinaryFormat: true,
  });
  // The unary calls of both clients are called in the same way.
  return (service) =>
    createConnectClient(service, transport) as unknown as ReturnType<typeof createClient<typeof service>>;
}
