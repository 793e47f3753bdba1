/** How pauses between attempts grow. */
export interface BackOffOptions {
  /** The first pause. */
  readonly initialMs: number;
  /** No pause is longer. */
  readonly maxMs: number;
}

/** Half of a pause is at random, so that those who failed together come back apart. */
const JITTER = 0.5;

/** The pause before the attempt after `failures` failed ones (from 1): it doubles up to the longest, then jitter. */
export function backOffMs({ initialMs, maxMs }: BackOffOptions, failures: number, random: number): number {
  const grown = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 30));
  return grown * (1 - JITTER * random);
}
