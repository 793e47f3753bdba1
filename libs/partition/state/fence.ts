/** The highest counter: 32 bits. */
const MAX_COUNTER = 2 ** 32 - 1;

/** Gives out fences: numbers that only grow, within an epoch and from one to the next. [journal.md 20] */
export interface FenceCounter {
  /**
   * The next fence, larger than every one before it.
   *
   * @throws RangeError after 4 294 967 295 fences of one epoch.
   */
  next(): bigint;
}

/**
 * Counts the fences of an epoch: era (7 bits), epoch (24) and counter (32) in an int64. The counter need not be kept,
 * because whoever recovers has a higher epoch.
 */
export function createFenceCounter(era: number, epoch: number): FenceCounter {
  if (era < 0 || era > 127) throw new RangeError(`the era must be 0 to 127, not ${era}`);
  if (epoch < 1 || epoch > 2 ** 24 - 1) throw new RangeError(`the epoch must be 1 to 16 777 215, not ${epoch}`);
  const base = (BigInt(era) << 56n) | (BigInt(epoch) << 32n);
  let counter = 0;
  return {
    next: () => {
      if (counter === MAX_COUNTER) throw new RangeError('the fences of this epoch are used up');
      counter += 1;
      return base | BigInt(counter);
    },
  };
}
