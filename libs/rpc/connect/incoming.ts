import { type ContextKey, createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { IncomingCall } from '../call/runtime.ts';

/** Carries the caller's address from the HTTP request to the handler. */
export const PEER_ADDRESS: ContextKey<string> = createContextKey('');

/** A Connect, gRPC-Web or JSON call as the shared part of the doors sees it. */
export class HttpIncomingCall implements IncomingCall {
  readonly door = 'http';
  readonly #context: HandlerContext;

  constructor(context: HandlerContext) {
    this.#context = context;
  }

  get peerAddress(): string {
    return this.#context.values.get(PEER_ADDRESS);
  }

  get timeoutMs(): number | undefined {
    return this.#context.timeoutMs();
  }

  header(name: string): string | undefined {
    return this.#context.requestHeader.get(name) ?? undefined;
  }
}
