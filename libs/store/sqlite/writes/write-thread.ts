import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PassingMap } from '#libs/collections/passing-map.ts';
import { StoreError } from '#libs/store/store-error.ts';
import { unpackError } from './packed-error.ts';
import type { ThreadOrder, ThreadReply, ThreadRequest } from './thread-messages.ts';

/** Orders that may wait at a time. Owners of partitions have one each; the others are calls that change definitions and the like. */
const MAX_WAITING = 1_000;
/** Bytes that may wait with them. */
const MAX_WAITING_BYTES: number = 64 * 1024 * 1024;

/** An order, and what it weighs. */
export interface WeighedOrder {
  readonly order: ThreadOrder;
  readonly bytes: number;
  /** Memory that is given to the thread. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** The thread that writes the tables of a store. */
export interface WriteThread extends AsyncDisposable {
  /** Rejects when the thread could not begin; then it is not there. */
  readonly ready: Promise<void>;
  /**
   * Has an order done, after all before it.
   *
   * @throws what it failed with; StoreError busy where too many wait; the signal's reason when it aborts, and then the
   * order is done nevertheless.
   */
  perform(order: WeighedOrder, signal?: AbortSignal): Promise<number | undefined>;
}

interface Waiting {
  readonly bytes: number;
  readonly resolve: (value: number | undefined) => void;
  readonly reject: (error: unknown) => void;
}

// The other file of this folder has the extension of this one, which a build changes.
const MAIN = new URL(`thread-main${extname(import.meta.url)}`, import.meta.url);

/**
 * Starts the thread that writes the tables in a file; `main` is what it runs, for tests. It keeps the process alive until
 * it is ready, and while an order waits. When it fails, or says that what it wrote cannot be believed, `onBroken` hears it
 * before those who wait.
 */
export function startWriteThread(path: string, onBroken: (error: StoreError) => void, main: URL = MAIN): WriteThread {
  const worker = new Worker(main, { name: 'tables', workerData: path });
  const waiting = new PassingMap<number, Waiting>();
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let nextId = 0;
  let bytesWaiting = 0;
  let state: 'starting' | 'ready' | 'closing' | 'ended' = 'starting';
  let failed: StoreError | undefined;

  function fail(error: StoreError): void {
    failed ??= error;
    if (state === 'ready') onBroken(error);
    ready.reject(error);
    for (const [id] of waiting) settle(id)?.reject(error);
  }

  function settle(id: number): Waiting | undefined {
    const one = waiting.get(id);
    if (one === undefined) return undefined;
    waiting.delete(id);
    bytesWaiting -= one.bytes;
    if (waiting.size === 0 && state === 'ready') worker.unref();
    return one;
  }

  function becomeReady(): void {
    state = 'ready';
    if (waiting.size === 0) worker.unref();
    ready.resolve();
  }

  function hear(reply: ThreadReply): void {
    if (reply === 'ready') {
      if (state === 'starting') becomeReady();
    } else if ('broken' in reply) {
      const error = unpackError(reply.broken);
      if (error instanceof StoreError) onBroken(error);
    } else if ('error' in reply) {
      const error = unpackError(reply.error);
      if (error instanceof StoreError && error.problem === 'broken') onBroken(error);
      settle(reply.id)?.reject(error);
    } else {
      settle(reply.id)?.resolve(reply.value);
    }
  }

  worker.on('message', hear);
  worker.on('error', (error) => fail(new StoreError('broken', `the thread that writes ${path} failed`, error)));
  worker.on('exit', () => {
    fail(new StoreError('broken', `the thread that writes ${path} has ended`));
    state = 'ended';
    ended.resolve();
  });
  // Whoever starts a thread need not wait for it.
  ready.promise.catch(() => {});

  function send(request: ThreadRequest, transfer: readonly ArrayBuffer[] = []): void {
    worker.postMessage(request, transfer);
  }

  return {
    ready: ready.promise,
    perform({ order, bytes, transfer }, signal) {
      if (failed !== undefined) return Promise.reject(failed);
      if (waiting.size >= MAX_WAITING || (bytesWaiting > 0 && bytesWaiting + bytes > MAX_WAITING_BYTES)) {
        return Promise.reject(new StoreError('busy', `too many writes wait for the tables ${path}`));
      }
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      const id = (nextId += 1);
      send({ id, order }, transfer);
      if (waiting.size === 0 && state === 'ready') worker.ref();
      waiting.set(id, { bytes, resolve, reject });
      bytesWaiting += bytes;
      return signal === undefined ? promise : abortable(promise, reject, signal);
    },
    async [Symbol.asyncDispose]() {
      if (state === 'ended') return;
      state = 'closing';
      worker.ref();
      send('close');
      await ended.promise;
    },
  };
}

async function abortable<T>(promise: Promise<T>, reject: (error: unknown) => void, signal: AbortSignal): Promise<T> {
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
