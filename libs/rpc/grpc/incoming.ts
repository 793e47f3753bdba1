import type { Metadata, ServerWritableStream } from '@grpc/grpc-js';
import type { IncomingCall } from '../call/runtime.ts';

/** What the calls of grpc-js have in common. */
export type GrpcCall = Pick<ServerWritableStream<unknown, unknown>, 'metadata' | 'getPeer' | 'getDeadline'>;

/** A gRPC call as the shared part of the doors sees it. */
export class GrpcIncomingCall implements IncomingCall {
  readonly door = 'grpc';
  readonly #call: GrpcCall;

  constructor(call: GrpcCall) {
    this.#call = call;
  }

  get peerAddress(): string {
    const peer = this.#call.getPeer();
    const colon = peer.lastIndexOf(':');
    return colon < 0 ? peer : peer.slice(0, colon);
  }

  get timeoutMs(): number | undefined {
    const deadline = Number(this.#call.getDeadline());
    return Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : undefined;
  }

  header(name: string): string | undefined {
    return firstText(this.#call.metadata, name);
  }
}

function firstText(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : undefined;
}
