import { setImmediate as turn } from 'node:timers/promises';
import type { Message } from '@bufbuild/protobuf';
import type { DomainError } from '#libs/errors/domain-error.ts';
import type { Call } from '../call/call.ts';
import { refusalOfRequest } from './refusal.ts';

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
      throw refusalOfRequest(error, this.#maxMessageBytes);
    }
    if (result.done !== true) {
      return result;
    }
    // Node's own HTTP/2 client ends its side before it resets a stream that it leaves. If so, the abort is right behind,
    // and it rejects whoever waits here.
    await turn();
    return { done: true, value: undefined };
  }
}
