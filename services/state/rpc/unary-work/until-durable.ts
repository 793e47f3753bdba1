import { outcomeUnknown } from '#libs/partition/serve/ask.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';

/**
 * Waits until everything that a partition has decided is durable.
 *
 * @throws UNAVAILABLE when that is not known in time, or the partition has another owner.
 */
export function untilDurable({ line }: Partition): Promise<void> {
  return new Promise((resolve, reject) => {
    line.whenDurable((news) => {
      if (news === 'durable') resolve();
      else reject(outcomeUnknown(news));
    });
  });
}
