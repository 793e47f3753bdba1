import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Journal } from '#libs/store/journal/journal.ts';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { dump, makeRecord } from '#test/contract/store/journal/records.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { openJournalAt } from './location.ts';
import { createRandom } from './random.ts';
import { startWriter, type Writer } from './start-writer.ts';
import { describeDurableJournals } from './with-stores.ts';

const random = createRandom(faultSeed('journal, stopped owners'));
const signal = new AbortController().signal;

describeDurableJournals('an owner that is stopped', (location) => {
  test('[90] collides when it goes on after its partition was taken over and trimmed', async () => {
    await using taker = await openJournalAt(
      location(),
      createJournalContext(() => {}),
    );
    const runs = faultRuns(3, 60);
    for (let partition = 0; partition < runs; partition += 1) {
      await using writer = startWriter({ location: location(), partitions: [partition], epoch: 1 });
      await writer.hasSaid(2 + Math.floor(random() * 20));
      const patienceMs = location().kind === 'sqlite' ? 300 : 60_000;
      const taken = await takeOver(writer, taker.journal, partition, patienceMs);
      for (const position of [taken + 1, taken + 2]) {
        const record = makeRecord({ partition, position, epoch: 2 });
        const [outcome] = await taker.journal.append([record]);
        expect(outcome === 'committed' ? outcome : await taker.journal.settle(record, signal)).toBe('committed');
      }
      await taker.journal.trim(partition, taken + 1, signal);

      writer.kill('SIGCONT');
      expect(await writer.ended).toBe(0);
      expect(writer.lines.at(-1)).toEqual({ kind: 'lost', partition, position: taken, batchId: undefined });
      const found = await dump(taker.journal, partition, { from: taken });
      expect(found.map(({ position, epoch, isEpoch }) => [position, epoch, isEpoch])).toEqual([
        [taken, 2, true],
        [taken + 2, 2, false],
      ]);
    }
  });
});

/** Stops the writer and takes its partition; answers the position of the epoch record. */
async function takeOver(writer: Writer, journal: Journal, partition: number, patienceMs: number): Promise<number> {
  for (;;) {
    writer.kill('SIGSTOP');
    try {
      return await journal.writeEpoch(partition, 2, AbortSignal.timeout(patienceMs));
    } catch (error) {
      // Stopped inside of a transaction of SQLite it keeps everybody out, which the lock on the folder rules out in a
      // service. Then it is stopped at another moment.
      if (!(error instanceof Error && error.name === 'TimeoutError')) throw error;
      writer.kill('SIGCONT');
      await delay(random() * 20);
    }
  }
}
