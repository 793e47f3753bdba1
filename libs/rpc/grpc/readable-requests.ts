import type { Readable } from 'node:stream';
import { callerGone } from '../call/caller-gone.ts';

/**
 * The messages of an object stream, read one by one. The stream's own iterator costs twice as much a message. What is
 * not read waits in the stream, whose high-water mark holds the caller back.
 */
export class ReadableRequests<T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #stream: Readable;
  #hasEnded = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** `signal` ends the wait for messages of a call that was aborted, whatever its caller does. */
  constructor(stream: Readable, signal: AbortSignal) {
    this.#stream = stream;
    const wake = (): void => {
      const waiting = this.#wake;
      this.#wake = undefined;
      waiting?.();
    };
    // A caller who leaves has not said that it is done: its handler must not take what came for the whole. Node's own
    // HTTP/2 client ends its side and then resets the stream, so that the one is only believed when the other is not
    // right behind it.
    const end = (): void => {
      setImmediate(() => {
        this.#hasEnded = this.#error === undefined;
        wake();
      });
    };
    const leave = (): void => {
      this.#error ??= callerGone();
      wake();
    };
    stream.on('readable', wake);
    stream.on('end', end);
    stream.on('close', leave);
    stream.on('cancelled', leave);
    signal.addEventListener('abort', () => {
      this.#error ??= signal.reason as Error;
      wake();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#hasEnded) {
      return Promise.resolve({ done: true, value: undefined });
    }
    if (this.#error !== undefined) {
      return Promise.reject(this.#error);
    }
    const message = this.#stream.read() as T | null;
    if (message !== null) {
      return Promise.resolve({ done: false, value: message });
    }
    return new Promise((resolve) => {
      this.#wake = () => resolve(this.next());
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#hasEnded = true;
    return Promise.resolve({ done: true, value: undefined });
  }
}
