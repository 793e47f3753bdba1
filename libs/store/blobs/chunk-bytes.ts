/** Bytes of a chunk: large enough that a round trip is not what a put waits for, small enough to hold a few of. */
export const CHUNK_BYTES: number = 256 * 1024;

/**
 * Cuts a stream into chunks of one size, the last one perhaps smaller; nothing for an empty stream. Each chunk is good
 * until the next one is asked for: they share one buffer.
 *
 * @throws the signal's reason when it aborts, also while the source has nothing to say.
 */
export async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  chunkBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let used = 0;
  for await (const part of abortable(source, signal)) {
    for (let offset = 0; offset < part.length; ) {
      const taken = Math.min(part.length - offset, chunkBytes - used);
      buffer.set(part.subarray(offset, offset + taken), used);
      offset += taken;
      used += taken;
      if (used === chunkBytes) {
        yield buffer;
        used = 0;
      }
    }
  }
  if (used > 0) {
    yield buffer.subarray(0, used);
  }
}

/** The parts of a source until the signal aborts; then its reason is thrown, whether or not the source answers. */
async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  // Nobody may be waiting at that moment.
  aborted.promise.catch(() => undefined);
  const iterator = source[Symbol.asyncIterator]();
  let isEnded = false;
  let isPending = false;
  try {
    for (;;) {
      isPending = true;
      const next = iterator.next();
      next.catch(() => undefined);
      const result = await Promise.race([next, aborted.promise]);
      isPending = false;
      signal.throwIfAborted();
      if (result.done === true) {
        isEnded = true;
        return;
      }
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!isEnded) {
      const ended = iterator.return?.();
      if (isPending) {
        // A source that hangs would not hear of it before it answers, so that nobody waits for that.
        ended?.catch(() => undefined);
      } else {
        await ended;
      }
    }
  }
}
