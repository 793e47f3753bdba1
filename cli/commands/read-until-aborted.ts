/**
 * What comes from `input`, until `signal` aborts: then it throws the signal's reason, also while nothing comes. What is
 * left is not read.
 */
export async function* readUntilAborted(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const reader = input[Symbol.asyncIterator]();
  try {
    signal.throwIfAborted();
    for (;;) {
      const next = await Promise.race([reader.next(), aborted.promise]);
      if (next.done === true) {
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // After an abort a read is still open, and the end would wait for it.
    if (!signal.aborted) {
      await reader.return?.();
    }
  }
}
