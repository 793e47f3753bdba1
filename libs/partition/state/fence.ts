/** The highest counter: 32 bits. */
const MAX_COUNTER: number = 2 ** 32 - 1;
/** The highest epoch: 24 bits. */
const MAX_EPOCH: number = 2 ** 24 - 1;
/** The highest era: 7 bits. */
const MAX_ERA = 127;

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
 * because whoever recovers has a higher epoch. `given` is how many were given out already, 0 by default.
 *
 * @throws RangeError for an era or an epoch that does not fit.
 */
export function createFenceCounter(era: number, epoch: number, given: number = 0): FenceCounter {
  if (!(era >= 0 && era <= MAX_ERA)) throw new RangeError(`the era must be 0 to ${MAX_ERA}, not ${era}`);
  if (!(epoch >= 1 && epoch <= MAX_EPOCH)) throw new RangeError(`the epoch must be 1 to ${MAX_EPOCH}, not ${epoch}`);
  const base = fenceBase(era, epoch);
  let counter = given;
  return {
    next: () => {
      if (counter === MAX_COUNTER) throw new RangeError('the fences of this epoch are used up');
      counter += 1;
      return base | BigInt(counter);
    },
  };
}

/** Below every fence of an epoch, and above those of the epochs before it. */
export function fenceBase(era: number, epoch: number): bigint {
  return (BigInt(era) << 56n) | (BigInt(epoch) << 32n);
}
