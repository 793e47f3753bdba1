/** Messages that a test hands out one by one. */
export interface Pushed<T> {
  readonly messages: AsyncIterable<T>;
  push(message: T): void;
  end(): void;
}

/** A stream of requests that says what it is told to say, and nothing else until its end. */
export function pushed<T>(...first: readonly T[]): Pushed<T> {
  const waiting: T[] = [...first];
  let hasEnded = false;
  let wake: () => void = () => undefined;
  async function* messages(): AsyncIterable<T> {
    for (;;) {
      while (waiting.length > 0) {
        yield waiting.shift() as T;
      }
      if (hasEnded) {
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return {
    messages: messages(),
    push: (message) => {
      waiting.push(message);
      wake();
    },
    end: () => {
      hasEnded = true;
      wake();
    },
  };
}
