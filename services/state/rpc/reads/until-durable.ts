import { outcomeUnknown } from '#libs/partition/serve/ask.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';

/**
 * Waits until everything that was decided in a partition so far is durable. [journal.md 10]
 *
 * @throws UNAVAILABLE when it is not known to be.
 */
export function untilDurable({ line }: Partition): Promise<void> {
  return new Promise((resolve, reject) => {
    line.whenDurable((news) => {
      if (news === 'durable') resolve();
      else reject(outcomeUnknown(news));
    });
  });
}
