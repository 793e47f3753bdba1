import { describe, expect, test } from 'vitest';
import type { BackupProgress, BackupSource } from '#libs/store/backup/backup.ts';
import { restoreBackup, verifyBackup } from '#libs/store/backup/restore-backup.ts';
import { streamBackup } from '#libs/store/backup/stream-backup.ts';
import { appendEntry, dumpRegistry, dumpState, fillRegistry, fillState } from './filled-store.ts';
import type { StoreHome } from './store-homes.ts';

const signal = new AbortController().signal;
/** Records of one round. */
const BATCH = 10;
const OPTIONS = { version: '1.2.3', signal, now: 1_700_000_000_000 };

/** Reads a backup into memory. */
async function collectBackup(
  source: BackupSource,
  options: Partial<Parameters<typeof streamBackup>[1]> = {},
): Promise<Uint8Array[]> {
  return await readAll(streamBackup(source, { ...OPTIONS, ...options }));
}

async function readAll<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

/** Yields parts again. */
async function* replay(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** What a backup from one kind of store into another must do. */
export function backupContract(
  name: string,
  createFrom: () => Promise<StoreHome>,
  createTo: () => Promise<StoreHome>,
): void {
  describe(name, { timeout: 90_000 }, () => {
    test('a state store comes back with everything, in a higher era, and its owners are locked out', async () => {
      await using from = await createFrom();
      await using to = await createTo();
      await using store = await from.openState({ partitions: 2 });
      await fillState(store, 230);
      const progress: BackupProgress[] = [];
      const source: BackupSource = { service: 'state', store, parts: store.backup };
      const parts = await collectBackup(source, { onProgress: (one) => void progress.push(one), label: 'nightly' });
      expect(progress.at(-1)).toMatchObject({ phase: 'done', records: 8, blobs: 4 });

      const summary = await restoreBackup(() => replay(parts), to.openTarget, { signal });
      expect(summary.header).toMatchObject({ service: 'state', version: '1.2.3', label: 'nightly' });
      expect(summary).toMatchObject({ era: 1, records: 8, blobs: 4, cut: { isOneMoment: true } });
      await using restored = await to.openState();
      expect(restored.meta).toEqual({ ...store.meta, era: 1 });
      expect(await dumpState(restored)).toEqual(await dumpState(store));
      for (const partition of [0, 1]) {
        expect(await restored.journal.lastPosition(partition)).toBe(7);
        expect(await restored.tables.leases.read(partition)).toMatchObject({ nodeId: '', epoch: 2 });
        // Whoever owned it before finds its next position taken.
        await expect(appendEntry(restored, partition, 7, new Uint8Array(3))).rejects.toThrow('is unknown');
      }
      expect(await restored.tables.countItems('tä/1', 'q')).toEqual({ ready: 230, waiting: 230, leased: 460 + 1 });
    });

    test('a registry comes back with everything', async () => {
      await using from = await createFrom();
      await using to = await createTo();
      await using store = await from.openRegistry();
      await fillRegistry(store);
      const parts = await collectBackup({ service: 'registry', store, parts: store.backup });
      const summary = await restoreBackup(() => replay(parts), to.openTarget, { signal, era: 9 });
      expect(summary).toMatchObject({ header: { service: 'registry' }, rows: 4, blobs: 1, era: 9 });
      await using restored = await to.openRegistry();
      expect(await dumpRegistry(restored)).toEqual(await dumpRegistry(store));
    });

    test('a backup that is written while the store is used shows a state that existed', async () => {
      await using from = await createFrom();
      await using to = await createTo();
      await using store = await from.openState({ partitions: 1 });
      const { tables, journal } = store;
      await journal.writeEpoch(0, 1, signal);
      const runs = 450;
      /** The position that each run has after a position: one run is written by each record. */
      const runOf = (position: number): string => `run-${position % runs}`;
      let position = 1;
      let checkpoint = 0;
      let isDone = false;
      const writing = (async () => {
        while (!isDone) {
          const first = position + 1;
          for (let count = 0; count < BATCH; count += 1) {
            position += 1;
            await appendEntry(store, 0, position, Buffer.from(`${runOf(position)} ${position}`));
          }
          const writes = Array.from({ length: BATCH }, (_, index) => ({
            table: 'snapshots' as const,
            put: {
              tenantId: 't',
              runId: runOf(first + index),
              incarnation: 'i',
              version: 1,
              // Large enough that a backup takes many chunks, with time for many rounds between them.
              body: Buffer.from(`${first + index}`.padStart(500)),
            },
          }));
          await tables.writeRows({ position, time: 0 }, writes, signal);
          await tables.writeCheckpoint({ partition: 0, position, epoch: 1, body: Buffer.from(`${position}`) });
          checkpoint = position;
          await journal.trim(0, checkpoint, signal);
          // A store that answers at once would leave no turn to anybody else.
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      })();
      try {
        while (position < runs) await new Promise((resolve) => setTimeout(resolve, 5));
        const parts: Uint8Array[] = [];
        const before = position;
        const source: BackupSource = { service: 'state', store, parts: store.backup };
        for await (const part of streamBackup(source, { ...OPTIONS, chunkBytes: 4_096 })) {
          parts.push(part);
          // Time for the writer between any two chunks.
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        const { cut } = await restoreBackup(() => replay(parts), to.openTarget, { signal });
        const { checkpoint: start = 0, end = 0 } = cut?.partitions[0] ?? {};
        expect(end).toBeGreaterThanOrEqual(before);

        await using restored = await to.openState();
        const stored = await restored.tables.readCheckpoint(0);
        expect(Buffer.from(stored?.body ?? []).toString()).toBe(String(start));
        const replayed = new Map<string, number>();
        for await (const record of restored.journal.read(0, { from: start + 1, to: end }, signal)) {
          const [run = '', at] = Buffer.from(record.entries[0] ?? [])
            .toString()
            .split(' ');
          replayed.set(run, Number(at));
        }
        for (let run = 0; run < runs; run += 1) {
          const row = await restored.tables.readSnapshot({ tenantId: 't', runId: `run-${run}`, incarnation: 'i' });
          const shown = Number(Buffer.from(row?.body ?? []).toString());
          const wanted = end - ((end - run) % runs);
          // No row is older than the checkpoint, none newer than the end, and the journal has the rest.
          expect(shown).toBeLessThanOrEqual(end);
          expect(Math.max(shown, replayed.get(`run-${run}`) ?? 0)).toBe(wanted);
        }
      } finally {
        isDone = true;
        await writing;
      }
      // The hold is over: what the checkpoint covers goes again.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await journal.trim(0, checkpoint, signal);
      const left = await readAll(journal.read(0, { from: 2, to: checkpoint }, signal));
      expect(left).toEqual([]);
    });
  });
}

/** Damage that must be found before anything is written. Positions are parts of a hundred of the whole. */
export function damageContract(name: string, createHome: () => Promise<StoreHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    test('a backup that is cut, damaged or followed by something is refused, and the place stays empty', async () => {
      await using from = await createHome();
      await using store = await from.openState();
      await fillState(store, 3);
      const whole = Buffer.concat(await collectBackup({ service: 'state', store, parts: store.backup }));
      await verifyBackup(replay([whole]), { signal });
      const damaged: Uint8Array[] = [Buffer.concat([whole, Buffer.of(0)]), whole.subarray(0, whole.length - 1)];
      for (let part = 1; part < 100; part += 7) {
        const at = Math.floor((whole.length * part) / 100);
        const flipped = Buffer.from(whole);
        flipped[at] = (flipped[at] ?? 0) ^ 0x10;
        damaged.push(flipped, whole.subarray(0, at));
      }
      await using to = await createHome();
      for (const bytes of damaged) {
        const attempt = restoreBackup(() => replay([bytes]), to.openTarget, { signal });
        await expect(attempt).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
      }
      await using untouched = await to.openState();
      expect(untouched.meta.era).toBe(0);
    });

    test('what is no backup, or of a newer version, is refused by name', async () => {
      const verify = (text: Uint8Array): Promise<unknown> => verifyBackup(replay([text]), { signal });
      await expect(verify(new Uint8Array())).rejects.toThrow('no backup of millrace');
      await expect(verify(Buffer.from('PK\u0003\u0004 something else'))).rejects.toThrow('no backup of millrace');
      await expect(verify(Buffer.from('MLRB\u0002\0\0\0'))).rejects.toThrow(
        'is of version 2, this program reads up to 1',
      );
    });

    test('a restore that is interrupted leaves a store that cannot be opened but be restored into', async () => {
      await using from = await createHome();
      await using store = await from.openState();
      await fillState(store, 30);
      const parts = await collectBackup({ service: 'state', store, parts: store.backup });
      await using to = await createHome();
      const stop = new AbortController();
      const attempt = restoreBackup(() => replay(parts), to.openTarget, {
        signal: stop.signal,
        onProgress: ({ phase, records }) => {
          if (phase.startsWith('restoring') && records > 0) stop.abort(new RangeError('enough'));
        },
      });
      await expect(attempt).rejects.toThrow('enough');
      await expect(to.openState()).rejects.toThrow('a restore into the store');
      await restoreBackup(() => replay(parts), to.openTarget, { signal });
      await using restored = await to.openState();
      expect(await dumpState(restored)).toEqual(await dumpState(store));
    });

    test("an era that is not above the backup's is refused", async () => {
      await using from = await createHome();
      await using store = await from.openRegistry();
      const parts = await collectBackup({ service: 'registry', store, parts: store.backup });
      for (const era of [0, 128, 1.5]) {
        const attempt = restoreBackup(() => replay(parts), from.openTarget, { signal, era });
        await expect(attempt).rejects.toThrow(`the era ${era} must be above the backup's 0`);
      }
    });

    test('a backup that is aborted ends with the reason', async () => {
      await using from = await createHome();
      await using store = await from.openState();
      await fillState(store, 30);
      const stop = new AbortController();
      const source: BackupSource = { service: 'state', store, parts: store.backup };
      const attempt = collectBackup(source, {
        signal: stop.signal,
        onProgress: () => stop.abort(new RangeError('enough')),
      });
      await expect(attempt).rejects.toThrow('enough');
      expect(await store.backup.holds.isHeld()).toBe(false);
    });
  });
}
