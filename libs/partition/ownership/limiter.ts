/** Runs work, some of it at a time; the rest waits in the order of the calls. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/** Makes a limiter. The callers bound how much waits: one piece of work a partition. */
export function createLimiter(max: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (work) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
