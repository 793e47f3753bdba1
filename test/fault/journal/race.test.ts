import { expect, test } from 'vitest';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { dump } from '#test/contract/store/journal/records.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { openJournalAt } from './location.ts';
import { createRandom } from './random.ts';
import { startWriter } from './start-writer.ts';
import { describeDurableJournals } from './with-stores.ts';

const PARTITIONS = [0, 1];
const random = createRandom(faultSeed('journal, racing owners'));

describeDurableJournals('two owners that race for a partition', (location) => {
  test('[90] get one record per position, the loser knows it, and there is no gap', async () => {
    const rounds = faultRuns(50, 1000);
    const task = { location: location(), partitions: PARTITIONS, isRace: true };
    await using one = startWriter({ ...task, epoch: 1 });
    await using two = startWriter({ ...task, epoch: 2 });
    // Told at once at every position: left alone, whoever is ahead stays ahead, and nothing is a race.
    for (let position = 1; position <= rounds; position += 1) {
      for (const writer of random() < 0.5 ? [one, two] : [two, one]) writer.tell(position);
      await Promise.all([one, two].map((writer) => writer.hasSaid(position * PARTITIONS.length)));
    }
    for (const writer of [one, two]) writer.tell();
    expect(await Promise.all([one.ended, two.ended])).toEqual([0, 0]);

    const said = [one, two].map(
      ({ lines }) => new Map(lines.map((line) => [`${line.partition}/${line.position}`, line])),
    );
    await using reader = await openJournalAt(
      location(),
      createJournalContext(() => {}),
    );
    let winsOfOne = 0;
    for (const partition of PARTITIONS) {
      const found = await dump(reader.journal, partition);
      expect(found.map(({ position }) => position)).toEqual(Array.from({ length: rounds }, (_, index) => index + 1));
      for (const { position, epoch, batchId } of found) {
        const [winner, loser] = epoch === 1 ? said : said.toReversed();
        expect(winner?.get(`${partition}/${position}`)).toMatchObject({ kind: 'acked', batchId });
        expect(loser?.get(`${partition}/${position}`)).toMatchObject({ kind: 'lost' });
        if (epoch === 1) winsOfOne += 1;
      }
    }
    expect(winsOfOne).toBeGreaterThan(0);
    expect(winsOfOne).toBeLessThan(rounds * PARTITIONS.length);
  });
});
