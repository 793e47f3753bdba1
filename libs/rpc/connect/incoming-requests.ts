import { setImmediate as turn } from 'node:timers/promises';
import type { Message } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Call } from '../call/call.ts';
import { callerGone } from '../call/caller-gone.ts';

/**
 * The messages of a stream as connect hands them out, one by one. What is wrong with the stream is told as a refusal,
 * and a call that was aborted waits for no more of it, whatever its caller does.
 */
export class IncomingRequests implements AsyncIterable<Message>, AsyncIterator<Message, undefined> {
  readonly #source: AsyncIterator<Message>;
  readonly #maxMessageBytes: number;
  readonly #signal: AbortSignal;
  #reject: ((reason: DomainError) => void) | undefined;

  constructor(call: Call, source: AsyncIterable<Message>) {
    this.#source = source[Symbol.asyncIterator]();
    this.#maxMessageBytes = call.runtime.limits.maxMessageBytes;
    this.#signal = call.signal;
    this.#signal.addEventListener('abort', () => this.#reject?.(this.#signal.reason as DomainError));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    if (this.#signal.aborted) {
      return Promise.reject(this.#signal.reason as DomainError);
    }
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#read().then(resolve, reject);
    });
  }

  async return(): Promise<IteratorResult<Message, undefined>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  async #read(): Promise<IteratorResult<Message, undefined>> {
    let result: IteratorResult<Message>;
    try {
      result = await this.#source.next();
    } catch (error) {
      throw this.#refusalOf(error);
    }
    if (result.done !== true) {
      return result;
    }
    // Node's own HTTP/2 client ends its side before it resets a stream that it leaves. If so, the abort is right behind,
    // and it rejects whoever waits here.
    await turn();
    return { done: true, value: undefined };
  }

  #refusalOf(cause: unknown): DomainError {
    // Whatever is no error of connect comes from the connection.
    switch (cause instanceof ConnectError ? cause.code : Code.Canceled) {
      case Code.ResourceExhausted:
        return new DomainError('PAYLOAD_TOO_LARGE', `message is larger than ${this.#maxMessageBytes} bytes`, {
          metadata: { maximum: String(this.#maxMessageBytes) },
          cause,
        });
      case Code.InvalidArgument:
      case Code.Unimplemented:
        return new DomainError('MALFORMED', 'the stream of requests cannot be decoded', { cause });
      default:
        return callerGone();
    }
  }
}
