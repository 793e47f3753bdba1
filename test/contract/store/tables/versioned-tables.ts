import { describe, expect, test } from 'vitest';
import type { TokenRow } from '#libs/store/tables/tokens.ts';
import { AWKWARD_IDS } from './awkward-ids.ts';
import { bodyOf } from './rows.ts';
import type { CurrentTables } from './tables-store.ts';
import { VERSIONED_CASES } from './versioned-cases.ts';

/** Rows outside runs. [journal.md 26] */
export function versionedTables(current: CurrentTables): void {
  describe.each(VERSIONED_CASES)('compare-and-set of $name', ({ table: tableOf, row, keyOf, isNumbered = false }) => {
    const key = keyOf('id');
    const table = (): ReturnType<typeof tableOf> => tableOf(current());

    test('a row is inserted once, at revision 1', async () => {
      expect(await table().read(key)).toBeUndefined();
      expect(await table().insert(row('id', 'first'))).toBe(true);
      expect(await table().insert(row('id', 'second'))).toBe(false);
      expect(await table().read(key)).toStrictEqual({ ...row('id', 'first'), revision: 1 });
      expect(await table().read(keyOf('other'))).toBeUndefined();
    });

    test('a row is replaced at its revision only, which grows by one', async () => {
      await table().insert(row('id', 'first'));
      expect(await table().replace({ ...row('id', 'second'), revision: 2 })).toBe(false);
      expect(await table().replace({ ...row('id', 'second'), revision: 1 })).toBe(true);
      expect(await table().replace({ ...row('id', 'third'), revision: 1 })).toBe(false);
      expect(await table().read(key)).toStrictEqual({ ...row('id', 'second'), revision: 2 });
      expect(await table().replace({ ...row('none', 'first'), revision: 1 })).toBe(false);
      expect(await table().read(keyOf('none'))).toBeUndefined();
    });

    test('a row is deleted at its revision only, and may be inserted again', async () => {
      await table().insert(row('id', 'first'));
      await table().replace({ ...row('id', 'second'), revision: 1 });
      expect(await table().delete(key, 1)).toBe(false);
      expect(await table().delete(key, 2)).toBe(true);
      expect(await table().delete(key, 2)).toBe(false);
      expect(await table().read(key)).toBeUndefined();
      expect(await table().replace({ ...row('id', 'third'), revision: 2 })).toBe(false);
      expect(await table().insert(row('id', 'fourth'))).toBe(true);
      expect(await table().read(key)).toStrictEqual({ ...row('id', 'fourth'), revision: 1 });
    });

    test('of concurrent writers exactly one wins', async () => {
      const race = async (attempt: (index: number) => Promise<boolean>): Promise<void> => {
        const won = await Promise.all(Array.from({ length: 12 }, (_, index) => attempt(index)));
        expect(won.filter(Boolean)).toHaveLength(1);
        const found = await table().read(key);
        expect(found?.body).toEqual(bodyOf(String(won.indexOf(true))));
      };
      await race((index) => table().insert(row('id', String(index))));
      for (const revision of [1, 2, 3]) {
        await race((index) => table().replace({ ...row('id', String(index)), revision }));
      }
      const deleted = await Promise.all(Array.from({ length: 12 }, () => table().delete(key, 4)));
      expect(deleted.filter(Boolean)).toHaveLength(1);
    });

    test('awkward ids name rows of their own', async () => {
      for (const id of isNumbered ? ['a', 'bb', 'ccc'] : AWKWARD_IDS) {
        expect(await table().insert(row(id, `of ${id}`))).toBe(true);
      }
      for (const id of isNumbered ? ['a', 'bb', 'ccc'] : AWKWARD_IDS) {
        expect(await table().read(keyOf(id))).toStrictEqual({ ...row(id, `of ${id}`), revision: 1 });
      }
    });

    test('two tenants have rows under the same ids', async () => {
      await table().insert(row('id', 'ours'));
      expect(await table().insert(row('id', 'theirs', 'other'))).toBe(true);
      expect(await table().delete(key, 1)).toBe(true);
      expect((await table().read(keyOf('id', 'other')))?.body).toEqual(bodyOf('theirs'));
    });

    test('what cannot be kept is refused', async () => {
      const large = { ...row('id', ''), body: new Uint8Array(12 * 1024 * 1024 + 1) };
      await expect(table().insert(large)).rejects.toMatchObject({ reason: 'PAYLOAD_TOO_LARGE' });
      if (!isNumbered) {
        await expect(table().insert(row('a\0b', ''))).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
      }
    });
  });

  test('what the caller does to its bytes later changes nothing', async () => {
    const body = bodyOf('first');
    await current().state.members.insert({ nodeId: 'node', body });
    body.fill(0);
    expect((await current().state.members.read('node'))?.body).toEqual(bodyOf('first'));
  });

  test('leases and members are listed by key', async () => {
    const { leases, members } = current().state;
    expect([await leases.list(), await members.list()]).toEqual([[], []]);
    for (const partition of [10, 9, 0]) {
      await leases.insert({ partition, nodeId: 'node', epoch: 1, body: bodyOf('') });
    }
    for (const nodeId of AWKWARD_IDS.toReversed()) {
      await members.insert({ nodeId, body: bodyOf('') });
    }
    expect((await leases.list()).map(({ partition }) => partition)).toEqual([0, 9, 10]);
    expect((await members.list()).map(({ nodeId }) => nodeId)).toEqual(AWKWARD_IDS);
  });

  test('a token is found by the hash of its secret, which no other has', async () => {
    const { tokens } = current().state;
    const token = (tenantId: string, tokenId: string, secretHash: string): Omit<TokenRow, 'revision'> => ({
      tenantId,
      tokenId,
      secretHash,
      createTime: 1,
      body: bodyOf(''),
    });
    expect(await tokens.readBySecretHash('one')).toBeUndefined();
    expect(await tokens.insert(token('a', 'id', 'one'))).toBe(true);
    expect(await tokens.insert(token('b', 'id', 'one'))).toBe(false);
    expect(await tokens.insert(token('b', 'id', 'two'))).toBe(true);
    expect(await tokens.replace({ ...token('b', 'id', 'one'), revision: 1 })).toBe(false);
    expect(await tokens.readBySecretHash('one')).toStrictEqual({ ...token('a', 'id', 'one'), revision: 1 });
    expect(await tokens.replace({ ...token('b', 'id', 'two'), revision: 1 })).toBe(true);
    expect(await tokens.delete({ tenantId: 'a', tokenId: 'id' }, 1)).toBe(true);
    expect(await tokens.readBySecretHash('one')).toBeUndefined();
    expect(await tokens.insert(token('c', 'id', 'one'))).toBe(true);
  });

  test('definitions and packages are found by workflow, package, name and digest', async () => {
    const { state, registry } = current();
    const times: Readonly<Record<string, number>> = { a1: 3, a2: 3, a3: 5, b1: 4 };
    for (const [id, createTime] of Object.entries(times)) {
      const [name = '', version = ''] = id;
      const digest = version === '3' ? 'other' : 'digest';
      const rest = { tenantId: 'tenant', version, createTime, body: bodyOf('') };
      await state.definitions.insert({ ...rest, workflow: name, hash: '', packageDigest: digest, isRetired: false });
      await registry.packages.insert({ ...rest, name, digest });
    }
    const definitions = async (filter: { workflow?: string; packageDigest?: string }): Promise<string> =>
      (await state.definitions.list('tenant', filter, { limit: 9 })).rows
        .map((row) => row.workflow + row.version)
        .join();
    expect(await definitions({})).toBe('a3,a1,a2,b1');
    expect(await definitions({ workflow: 'a' })).toBe('a3,a1,a2');
    expect(await definitions({ packageDigest: 'digest' })).toBe('a1,a2,b1');
    expect(await definitions({ workflow: 'a', packageDigest: 'digest' })).toBe('a1,a2');
    expect(await definitions({ workflow: 'c' })).toBe('');
    const { rows, nextToken: token = '' } = await state.definitions.list('tenant', { workflow: 'a' }, { limit: 2 });
    expect(rows).toHaveLength(2);
    expect((await state.definitions.list('tenant', { workflow: 'a' }, { limit: 2, token })).rows).toHaveLength(1);
    const packages = await registry.packages.list('tenant', { name: 'a' }, { limit: 9 });
    expect(packages.rows.map(({ version }) => version)).toEqual(['3', '1', '2']);
    expect(await registry.packages.readByDigest('tenant', 'digest')).toMatchObject({ name: 'a', version: '1' });
    expect(await registry.packages.readByDigest('tenant', 'none')).toBeUndefined();
    expect(await registry.packages.readByDigest('other', 'digest')).toBeUndefined();
  });
}
