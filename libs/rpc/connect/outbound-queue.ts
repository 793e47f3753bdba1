import type { Outbound } from '../handler.ts';

/** Messages that wait for the caller to read before the handler is held back. */
const ROOM = 16;

/** A bounded queue between a handler that sends and a transport that pulls. */
export class OutboundQueue<T> implements Outbound<T>, AsyncIterable<T>, AsyncIterator<T, undefined> {
  #messages: T[] = [];
  #pull: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #end: { readonly error: Error | undefined } | undefined;
  readonly #onLeave: () => void;

  /** `onLeave` is called when the reader stops before the end. */
  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  send(message: T): Promise<void> | undefined {
    if (this.#end !== undefined) {
      return undefined;
    }
    this.#messages.push(message);
    this.#pull?.resolve();
    if (this.#messages.length < ROOM) {
      return undefined;
    }
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Ends the queue once what is in it was read; an error reaches the reader then. */
  end(error: Error | undefined): void {
    this.#end ??= { error };
    this.#pull?.resolve();
    this.#room?.resolve();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#messages.length === 0) {
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) {
          throw this.#end.error;
        }
        return { done: true, value: undefined };
      }
      this.#pull = Promise.withResolvers<void>();
      await this.#pull.promise;
      this.#pull = undefined;
    }
    const value = this.#messages.shift() as T;
    if (this.#messages.length < ROOM) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    return { done: false, value };
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#messages = [];
    this.end(undefined);
    this.#onLeave();
    return Promise.resolve({ done: true, value: undefined });
  }
}
