import { Metadata } from '@grpc/grpc-js';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RpcChannel } from '../client/channel.ts';
import { DEFAULT_RPC_LIMITS } from '../server-options.ts';
import type { LocalCall } from './local-call.ts';
import type { LocalServer } from './local-server.ts';

/** A way to a door within the process. */
export interface LocalChannel extends RpcChannel {
  /** Cuts every call that is open: what is under way is lost. */
  cut(): void;
}

/** What a channel within the process is made of. */
export interface LocalChannelOptions {
  /** The door that a call goes to, asked for with each: another one may have taken its place. */
  readonly server: () => LocalServer;
}

/** Makes a channel to a door within the process. */
export function createLocalChannel({ server }: LocalChannelOptions): LocalChannel {
  const open = new Set<LocalCall>();
  const metadata = new Metadata();
  const address = 'local';
  let isClosed = false;

  const cut = (): void => {
    for (const call of open) call.cut();
  };
  return {
    address,
    maxMessageBytes: DEFAULT_RPC_LIMITS.maxMessageBytes,
    createCall: (path, deadline) => {
      if (isClosed) throw new DomainError('CALLER_GONE', `the channel to ${address} is closed`);
      const call = server().createCall(path, deadline, (over) => open.delete(over));
      open.add(call);
      return call;
    },
    metadata: () => metadata,
    cut,
    close: () => {
      isClosed = true;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      cut();
    },
  };
}
