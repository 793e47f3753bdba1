/**
 * Passes on what a source gives until it ends or the signal aborts, whichever comes first. What the source was asked
 * for when the signal aborts is dropped.
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, void> {
  const iterator = source[Symbol.asyncIterator]();
  let stopWaiting: (() => void) | undefined;
  const onAbort = (): void => stopWaiting?.();
  signal.addEventListener('abort', onAbort);
  let isOpen = true;
  try {
    while (!signal.aborted) {
      const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        stopWaiting = () => resolve(undefined);
        iterator.next().then(resolve, (error: unknown) => {
          isOpen = false;
          reject(error);
        });
      });
      if (next === undefined) {
        return;
      }
      if (next.done === true) {
        isOpen = false;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (isOpen) {
      // A source that is still asked may answer this only afterwards, and nobody waits for it.
      iterator.return?.().catch(() => {});
    }
  }
}
