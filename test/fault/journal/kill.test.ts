import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { dump } from '#test/contract/store/journal/records.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { openJournalAt } from './location.ts';
import { createRandom } from './random.ts';
import { startWriter } from './start-writer.ts';
import { describeDurableJournals } from './with-stores.ts';

const PARTITIONS = [0, 1, 2];
const random = createRandom(faultSeed('journal, killed writers'));

describeDurableJournals('a writing process that is killed', (location) => {
  test('[90] leaves every acknowledged record, nothing half-written and no gap', async () => {
    await using reader = await openJournalAt(
      location(),
      createJournalContext(() => {}),
    );
    const acked = new Map<string, string>();
    const checkedUpTo = new Map(PARTITIONS.map((partition) => [partition, 0]));
    const runs = faultRuns(5, 200);
    for (let run = 1; run <= runs; run += 1) {
      await using writer = startWriter({ location: location(), partitions: PARTITIONS, epoch: run });
      // Now and then while it takes over, mostly while it writes.
      await writer.hasSaid(Math.floor(random() * 12));
      await delay(random() * 20);
      writer.kill('SIGKILL');
      await writer.ended;
      for (const { kind, partition, position, batchId } of writer.lines) {
        expect(kind).not.toBe('lost');
        if (batchId !== undefined) acked.set(`${partition}/${position}`, batchId);
      }
      for (const partition of PARTITIONS) {
        const from = (checkedUpTo.get(partition) ?? 0) + 1;
        // Reading verifies every checksum.
        const found = await dump(reader.journal, partition, { from });
        expect(found.map(({ position }) => position)).toEqual(found.map((_, index) => from + index));
        for (const { position, batchId } of found) {
          const key = `${partition}/${position}`;
          if (acked.has(key)) expect(batchId).toBe(acked.get(key));
          acked.delete(key);
        }
        checkedUpTo.set(partition, from + found.length - 1);
      }
      expect([...acked.keys()]).toEqual([]);
    }
    for (const partition of PARTITIONS) {
      const all = await dump(reader.journal, partition);
      expect(all.length).toBeGreaterThanOrEqual(checkedUpTo.get(partition) ?? 0);
      expect(all.map(({ position }) => position)).toEqual(all.map((_, index) => index + 1));
    }
  });
});
