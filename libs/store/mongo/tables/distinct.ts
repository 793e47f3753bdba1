/** Rows read at once. */
const CHUNK_ROWS = 100;

/**
 * Collects the first row of each group, of rows that are sorted by group. Where groups have many rows it jumps from one
 * to the next, where they have few it reads many groups at once: `read` answers the rows of the groups after one.
 */
export async function readFirstOfEach<D, G extends string>(
  after: G | undefined,
  need: number,
  read: (after: G | undefined, limit: number) => Promise<readonly D[]>,
  groupOf: (row: D) => G,
): Promise<D[]> {
  const firsts: D[] = [];
  let last = after;
  while (firsts.length < need) {
    const chunk = await read(last, CHUNK_ROWS);
    for (const row of chunk) {
      const group = groupOf(row);
      if (group !== last) {
        firsts.push(row);
        last = group;
      }
    }
    if (chunk.length < CHUNK_ROWS) {
      break;
    }
  }
  return firsts.slice(0, need);
}
