import { once } from 'node:events';
import { connect } from 'node:net';
import { SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import { maybeHostPort } from '#libs/config/address-types.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';

/** Somebody on this machine answers sooner, or not at all. */
const PATIENCE_MS = 2_000;

/** Whether a state service answers at this address. */
export async function isServed(address: string, signal: AbortSignal): Promise<boolean> {
  const place = maybeHostPort(address);
  if (place === undefined || place.port === 0 || !(await isListening(place.host, place.port))) return false;
  const channel = createChannel({ address });
  try {
    const { service } = await createClient(SystemService, channel).getInfo({}, { signal, deadlineMs: PATIENCE_MS });
    return service === 'state';
  } catch (error) {
    // Who wants a token is one that has tokens. Whoever else it is, it is no state service; the one that is started then
    // says that the port is taken.
    return error instanceof DomainError && error.kind === 'unauthenticated';
  } finally {
    await channel[Symbol.asyncDispose]();
  }
}

/** A look before the call, because a channel goes on trying where nobody listens. */
async function isListening(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: PATIENCE_MS });
  socket.on('timeout', () => socket.destroy(new RangeError('nobody answers')));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
