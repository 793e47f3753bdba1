/** Messages that wait for their reader before no more are read; grpc-js's own streams hold as many. */
const MAX_MESSAGES = 16;

/** Bytes that wait for their reader before no more are read. A single message may be larger. */
const MAX_BYTES = 1024 * 1024;

const DONE = Object.freeze({ done: true, value: undefined }) satisfies IteratorReturnResult<undefined>;

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** What an inbound queue asks of the stream that it belongs to. */
export interface InboundSource<T> {
  decode(bytes: Buffer): T;
  /** Asks for one message more. */
  readMore(): void;
  /** Nobody reads any more. */
  stopped(): void;
}

/**
 * The messages of a stream for one reader. It reads ahead a little and then holds the other side back. It is open until
 * the stream ends; what had arrived is still given, then the end or, once, the error.
 */
export class InboundQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: InboundSource<T>;
  readonly #buffer: Buffer[] = [];
  readonly #waiters: Waiter<T>[] = [];
  #bufferedBytes = 0;
  #isReading = false;
  #isOver = false;
  #error: unknown;

  constructor(source: InboundSource<T>) {
    this.#source = source;
  }

  /** Starts to read, or goes on where there is room. */
  fill(): void {
    if (!this.#isOver && !this.#isReading && this.#buffer.length < MAX_MESSAGES && this.#bufferedBytes < MAX_BYTES) {
      this.#isReading = true;
      this.#source.readMore();
    }
  }

  /** Takes the message that was asked for. */
  push(bytes: Buffer): void {
    this.#isReading = false;
    if (this.#isOver) {
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#buffer.push(bytes);
      this.#bufferedBytes += bytes.length;
    } else {
      this.#give(bytes, waiter);
    }
    this.fill();
  }

  /** The stream has ended, well or with an error. Only the first end counts. */
  end(error?: unknown): void {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    this.#error = error;
    for (const waiter of this.#waiters.splice(0)) {
      this.#finish(waiter);
    }
  }

  /** The stream was aborted: what had arrived is not given any more. */
  abort(error: unknown): void {
    this.#drop();
    this.end(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const bytes = this.#buffer.shift();
      if (bytes !== undefined) {
        this.#bufferedBytes -= bytes.length;
        this.#give(bytes, waiter);
        this.fill();
      } else if (this.#isOver) {
        this.#finish(waiter);
      } else {
        this.#waiters.push(waiter);
      }
    });
  }

  /** The reader stops: the rest is dropped and the stream told. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#drop();
    this.end();
    this.#error = undefined;
    this.#source.stopped();
    return Promise.resolve(DONE);
  }

  #give(bytes: Buffer, { resolve, reject }: Waiter<T>): void {
    let value: T;
    try {
      value = this.#source.decode(bytes);
    } catch (error) {
      this.#drop();
      this.end();
      reject(error);
      this.#source.stopped();
      return;
    }
    resolve({ done: false, value });
  }

  #finish({ resolve, reject }: Waiter<T>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) {
      resolve(DONE);
    } else {
      reject(error);
    }
  }

  #drop(): void {
    this.#buffer.length = 0;
    this.#bufferedBytes = 0;
  }
}
