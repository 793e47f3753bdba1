import { describe, expect, test } from 'vitest';
import { createMetaRow, STORE_FORMAT } from '#libs/store/opening/meta-row.ts';
import type { Migration } from '#libs/store/opening/migrations.ts';
import type { StoreHome } from './store-homes.ts';

/** What opening a store must do, whatever keeps it. */
export function openContract(name: string, createHome: () => Promise<StoreHome>, isShared: boolean): void {
  describe(name, { timeout: 60_000 }, () => {
    test('an empty place becomes a store of this format, and keeps what it was made with', async () => {
      await using home = await createHome();
      {
        await using store = await home.openState({ partitions: 4 });
        expect(store.meta).toEqual({ format: 1, minReader: 1, slots: 1024, partitions: 4, era: 0 });
        expect(store.server.kind).not.toBe('');
        expect(
          await store.tables.writeCheckpoint({ partition: 3, position: 7, epoch: 1, body: new Uint8Array(3) }),
        ).toBe(true);
      }
      await using again = await home.openState({ partitions: 8 });
      expect(again.meta.partitions).toBe(4);
      expect(await again.tables.readCheckpoint(3)).toMatchObject({ position: 7, epoch: 1 });
    });

    test('by default a store has the partitions of its kind', async () => {
      await using home = await createHome();
      await using store = await home.openState();
      expect(store.meta.partitions).toBe(isShared ? 16 : 1);
    });

    test('a store that needs a newer program is refused, naming both numbers, and stays as it is', async () => {
      await using home = await createHome();
      const newRow = { ...createMetaRow('state', 1), format: 9, minReader: 8 };
      await (await home.openState({ newRow }))[Symbol.asyncDispose]();
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await expect(home.openState()).rejects.toThrow(
          `needs a program that reads format 8, this one reads up to ${STORE_FORMAT}`,
        );
      }
    });

    test('a newer store that this program still reads is opened', async () => {
      await using home = await createHome();
      const newRow = { ...createMetaRow('state', 1), format: 2, minReader: 1 };
      await (await home.openState({ newRow }))[Symbol.asyncDispose]();
      await using store = await home.openState();
      expect(store.meta).toMatchObject({ format: 2, minReader: 1 });
    });

    test('a store of the registry is not opened as one of the state service', async () => {
      await using home = await createHome();
      await (await home.openRegistry())[Symbol.asyncDispose]();
      await expect(home.openState()).rejects.toThrow('belongs to the registry service, not to the state service');
    });

    test('a store whose restore was interrupted is not opened', async () => {
      await using home = await createHome();
      await (await home.openTarget({ service: 'state', partitions: 1 }))[Symbol.asyncDispose]();
      await expect(home.openState()).rejects.toThrow('a restore into the store');
      const target = await home.openTarget({ service: 'state', partitions: 2 });
      await target.finish(5);
      await target[Symbol.asyncDispose]();
      await using store = await home.openState();
      expect(store.meta).toMatchObject({ era: 5, partitions: 2 });
    });
  });
}

/** What migrations must do, in stores that outlive their process. */
export function migrationContract(name: string, createHome: () => Promise<StoreHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    /** Steps that say when they ran. */
    function createSteps(): { readonly ran: number[]; readonly migrations: Migration<unknown>[] } {
      const ran: number[] = [];
      const step = (to: number, minReader: number): Migration<unknown> => ({
        to,
        minReader,
        apply: () => void ran.push(to),
      });
      return { ran, migrations: [step(3, 1), step(2, 1), step(4, 3), step(5, 5)] };
    }

    test('the steps that an older program survives are taken once, in order', async () => {
      await using home = await createHome();
      const { ran, migrations } = createSteps();
      await (await home.openState())[Symbol.asyncDispose]();
      await (await home.openState({ migrations }))[Symbol.asyncDispose]();
      await using store = await home.openState({ migrations: migrations.filter(({ to }) => to < 4) });
      expect(ran).toEqual([2, 3]);
      expect(store.meta).toMatchObject({ format: 3, minReader: 1 });
    });

    test('a step that fails is taken again', async () => {
      await using home = await createHome();
      await (await home.openState())[Symbol.asyncDispose]();
      let attempts = 0;
      const step: Migration<unknown> = {
        to: 2,
        minReader: 1,
        apply() {
          attempts += 1;
          if (attempts === 1) throw new RangeError('the disk is full');
        },
      };
      await expect(home.openState({ migrations: [step] })).rejects.toThrow('the disk is full');
      await using store = await home.openState({ migrations: [step] });
      expect(attempts).toBe(2);
      expect(store.meta.format).toBe(2);
    });
  });
}
