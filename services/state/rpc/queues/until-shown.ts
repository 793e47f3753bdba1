import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';

/** A round takes milliseconds; where the tables are behind, the change stands all the same. */
const MAX_WAIT_MS = 2_000;

/**
 * Waits until the tables show what was committed in a run's partition so far, so that whoever hears of a dead letter
 * finds it, whichever node is asked. Not for long: what it is about has happened, whatever becomes of the tables.
 */
export async function untilShown({ node, log }: StateContext, key: RunKey, signal: AbortSignal): Promise<void> {
  try {
    const { partition, line } = node.partitionOf(key);
    const soon = AbortSignal.any([signal, AbortSignal.timeout(MAX_WAIT_MS)]);
    await node.materialised(partition, line.durablePosition, soon);
  } catch (error) {
    log.debug({ err: error }, 'the tables do not show a dead letter yet');
  }
}
