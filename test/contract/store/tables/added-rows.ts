import { describe, expect, test } from 'vitest';
import type { ActivationRow, ActivationTable } from '#libs/store/tables/activations.ts';
import type { AuditRow, AuditTable } from '#libs/store/tables/audit.ts';
import { AWKWARD_IDS } from './awkward-ids.ts';
import { bodyOf } from './rows.ts';
import type { CurrentTables } from './tables-store.ts';

/** Activations, audit entries, checkpoints and cursors: what is only added to or only moves on. */
export function addedRows(current: CurrentTables): void {
  describe.each(['state', 'registry'] as const)('activations of %s', (service) => {
    const activations = (): ActivationTable => current()[service].activations;
    const activation = (number: number, fields: Partial<ActivationRow> = {}): ActivationRow => ({
      tenantId: 'tenant',
      name: 'order',
      number,
      createTime: number,
      body: bodyOf(`${number}`),
      ...fields,
    });

    test('a number is taken once, and the newest is the highest', async () => {
      expect(await activations().newest('tenant', 'order')).toBeUndefined();
      expect(await activations().insert(activation(1))).toBe(true);
      expect(await activations().insert(activation(1, { body: bodyOf('again') }))).toBe(false);
      expect(await activations().insert(activation(10))).toBe(true);
      expect(await activations().insert(activation(9))).toBe(true);
      expect(await activations().newest('tenant', 'order')).toStrictEqual(activation(10));
      expect(await activations().insert(activation(1, { tenantId: 'other' }))).toBe(true);
      expect(await activations().insert(activation(1, { name: 'bill' }))).toBe(true);
      const { rows } = await activations().list('tenant', 'order', { limit: 10 });
      expect(rows).toStrictEqual([10, 9, 1].map((number) => activation(number)));
      const newest = await activations().listNewest('tenant', { limit: 10 });
      expect(newest.rows).toStrictEqual([activation(1, { name: 'bill' }), activation(10)]);
    });

    test('of concurrent activations exactly one has a number', async () => {
      const won = await Promise.all(
        Array.from({ length: 10 }, (_, index) => activations().insert(activation(1, { createTime: index }))),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await activations().newest('tenant', 'order'))?.createTime).toBe(won.indexOf(true));
    });

    test('names are listed by their bytes', async () => {
      for (const name of AWKWARD_IDS.toReversed()) {
        await activations().insert(activation(1, { name }));
      }
      const { rows } = await activations().listNewest('tenant', { limit: 100 });
      expect(rows.map(({ name }) => name)).toEqual(AWKWARD_IDS);
    });
  });

  describe.each(['state', 'registry'] as const)('the audit log of %s', (service) => {
    const audit = (): AuditTable => current()[service].audit;
    const entry = (number: number, tenantId = 'tenant'): AuditRow => ({
      tenantId,
      number,
      time: number,
      body: bodyOf(`${number}`),
    });

    test('grows by entries whose numbers are taken once', async () => {
      expect(await audit().last('tenant')).toBeUndefined();
      expect(await audit().list('tenant', 0, 10)).toEqual([]);
      for (const number of [1, 2, 3]) {
        const won = await Promise.all([audit().insert(entry(number)), audit().insert(entry(number))]);
        expect(won.filter(Boolean)).toHaveLength(1);
      }
      await audit().insert(entry(1, 'other'));
      expect(await audit().last('tenant')).toStrictEqual(entry(3));
      expect(await audit().last('other')).toStrictEqual(entry(1, 'other'));
      expect(await audit().list('tenant', 0, 2)).toStrictEqual([entry(1), entry(2)]);
      expect(await audit().list('tenant', 2, 2)).toStrictEqual([entry(3)]);
      expect(await audit().list('tenant', 3, 2)).toEqual([]);
    });
  });

  test('a checkpoint moves forward only', async () => {
    const { state } = current();
    const row = (position: number): { partition: number; position: number; epoch: number; body: Uint8Array } => ({
      partition: 0,
      position,
      epoch: position + 1,
      body: bodyOf(`${position}`),
    });
    expect(await state.readCheckpoint(0)).toBeUndefined();
    expect(await state.writeCheckpoint(row(5))).toBe(true);
    expect(await state.writeCheckpoint({ ...row(5), epoch: 9 })).toBe(false);
    expect(await state.writeCheckpoint(row(4))).toBe(false);
    expect(await state.readCheckpoint(0)).toStrictEqual(row(5));
    expect(await state.writeCheckpoint({ ...row(3), partition: 1 })).toBe(true);
    const won = await Promise.all(Array.from({ length: 8 }, () => state.writeCheckpoint(row(7))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await state.readCheckpoint(0)).toStrictEqual(row(7));
    expect((await state.readCheckpoint(1))?.position).toBe(3);
  });

  test('a cursor moves forward only', async () => {
    const { state } = current();
    for (const name of AWKWARD_IDS) {
      expect(await state.readCursor(name)).toBeUndefined();
      expect(await state.writeCursor(name, 0)).toBe(true);
      expect(await state.writeCursor(name, 0)).toBe(false);
      expect(await state.writeCursor(name, 9_007_199_254_740_991)).toBe(true);
      expect(await state.writeCursor(name, 5)).toBe(false);
      expect(await state.readCursor(name)).toBe(9_007_199_254_740_991);
    }
  });
}
