/** Something that a program starts and has to end: a server, a store, a lock. */
export interface Part {
  /** What the log calls it. */
  readonly name: string;
  /** Finishes what is under way within the time given. Parts that have nothing under way leave it out. */
  drain?(graceMs: number): Promise<void>;
  /** Lets go of everything. Called once, after all parts were drained. */
  close?(): PromiseLike<void> | void;
}

/** A part that could not be stopped properly. */
export interface StopFailure {
  readonly part: string;
  readonly error: unknown;
}

/** The parts of a program, in the order in which they were started. */
export interface PartStack {
  /** Remembers a part that was started. */
  add(part: Part): void;
  /**
   * Stops all, newest first: first every part drains, then every part closes, so that what drains can still use what
   * was started before it. Each drain gets its share of the time that is left, so that none starves the ones after it.
   * A part that fails is reported and does not keep the others from stopping. Stops once; later calls share the answer.
   */
  stop(graceMs: number): Promise<readonly StopFailure[]>;
}

/** Makes an empty stack of parts. `nowMs` is a clock that only goes forward. */
export function createPartStack(nowMs: () => number): PartStack {
  const parts: Part[] = [];
  let stopped: Promise<readonly StopFailure[]> | undefined;

  async function stopAll(graceMs: number): Promise<readonly StopFailure[]> {
    const failures: StopFailure[] = [];
    const attempt = async (part: Part, step: () => PromiseLike<void> | void): Promise<void> => {
      try {
        await step();
      } catch (error) {
        failures.push({ part: part.name, error });
      }
    };
    const endMs = nowMs() + graceMs;
    const newestFirst = parts.toReversed();
    const draining = newestFirst.filter((part) => part.drain !== undefined);
    for (const [index, part] of draining.entries()) {
      const shareMs = Math.max(0, endMs - nowMs()) / (draining.length - index);
      await attempt(part, () => part.drain?.(shareMs));
    }
    for (const part of newestFirst) {
      await attempt(part, () => part.close?.());
    }
    return failures;
  }

  return {
    add: (part) => void parts.push(part),
    stop: (graceMs) => (stopped ??= stopAll(graceMs)),
  };
}
