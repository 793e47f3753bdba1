import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DefinitionView } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { DefinitionState } from '#gen/millrace/state/v1/stored_definition_pb.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import { headRow, signal, stampAt } from '#test/contract/store/tables/rows.ts';
import { failureOf } from '#test/doors/failure.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import {
  type DefinitionCalls,
  definitionCalls,
  functionOf,
  type ListInit,
  namesOf,
  opaqueOf,
} from './definition-calls.ts';
import { DOORS, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

/** What DefinitionService.ListDefinitions promises, on any store and through both doors. */
export function definitionListsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let clock = Date.UTC(2026, 0, 1);
    let store: OpenStateStore;
    let served: ServedEcho;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      store = stack.use(await home.openState());
      served = stack.use(await serveState(store, { nowMs: () => (clock += 1) }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (): DefinitionCalls => definitionCalls(door, served);

      test('a list is by workflow, then newest first, and its pages do not shift when others store', async () => {
        const { put, list } = open();
        for (const [workflow, version] of ['b 1', 'a 1', 'b 2', 'c 1', 'a 2'].map((text) => text.split(' '))) {
          await put(functionOf(workflow ?? '', version ?? ''));
        }
        const all = ['a 2', 'a 1', 'b 2', 'b 1', 'c 1'];
        const whole = await list();
        expect([namesOf(whole.definitions), whole.nextPageToken]).toEqual([all, '']);
        const found: string[] = [];
        let pageToken = '';
        do {
          const page = await list({ pageSize: 2, pageToken });
          expect(page.definitions.length).toBeLessThanOrEqual(2);
          found.push(...namesOf(page.definitions));
          pageToken = page.nextPageToken;
          await put(functionOf('a', `later-${pageToken.length}-${found.length}`));
        } while (pageToken !== '');
        expect(found).toEqual(all);
      });

      test('a page token is short enough to be sent, whatever the names are', async () => {
        const { put, list } = open();
        for (const letter of ['"', '\\', 'ü', '😀']) {
          const [workflow, version] = [letter.repeat(128 / Buffer.byteLength(letter)), letter];
          await put(functionOf(workflow, version.repeat(128 / Buffer.byteLength(letter))));
          await put(functionOf(workflow, version));
        }
        let count = 0;
        let pageToken = '';
        do {
          const page = await list({ pageSize: 1, pageToken });
          count += page.definitions.length;
          pageToken = page.nextPageToken;
        } while (pageToken !== '');
        expect(count).toBe(8);
      });

      test('a page token is good for its own list only', async () => {
        const { put, list } = open();
        await put(functionOf('a', '1'));
        await put(functionOf('a', '2'));
        const { nextPageToken: pageToken } = await list({ pageSize: 1, filter: { workflow: 'a' } });
        expect(pageToken).not.toBe('');
        expect(namesOf((await list({ pageToken, filter: { workflow: 'a' } })).definitions)).toEqual(['a 1']);
        const invalid = { code: 'INVALID_ARGUMENT', reason: 'PAGE_TOKEN_INVALID' };
        expect(await failureOf(list({ pageToken }))).toMatchObject(invalid);
        expect(await failureOf(list({ pageToken, filter: { workflow: 'a', activeOnly: true } }))).toMatchObject(
          invalid,
        );
        expect(await failureOf(open().list({ pageToken, filter: { workflow: 'a' } }))).toMatchObject(invalid);
        expect(await failureOf(list({ pageToken: 'x' }))).toMatchObject(invalid);
        expect(await failureOf(list({ pageSize: -1 }))).toMatchObject({ reason: 'INVALID_FIELDS' });
        expect(await failureOf(list({ pageSize: 1001 }))).toMatchObject({ reason: 'INVALID_FIELDS' });
      });

      test('a list is filtered by everything that is given, with pages of what is left', async () => {
        const { put, list } = open();
        for (let version = 1; version <= 20; version += 1) {
          await put(functionOf(`w-${version % 2}`, String(version)), { activate: version % 5 === 0 });
        }
        const filtered = async (filter: NonNullable<ListInit['filter']>): Promise<string[]> =>
          namesOf((await list({ filter })).definitions);
        expect(await filtered({ workflow: 'w-1' })).toHaveLength(10);
        expect(await filtered({ activeOnly: true })).toEqual(['w-0 20', 'w-1 15']);
        expect(await filtered({ state: DefinitionState.AVAILABLE })).toHaveLength(20);
        expect(await filtered({ state: DefinitionState.RETIRED })).toEqual([]);
        expect(await filtered({ package: 'p' })).toEqual([]);
        expect(await filtered({ packageDigest: 'a'.repeat(64) })).toEqual([]);
        const first = await list({ pageSize: 1, filter: { activeOnly: true } });
        expect(namesOf(first.definitions)).toEqual(['w-0 20']);
        const second = await list({ pageSize: 1, filter: { activeOnly: true }, pageToken: first.nextPageToken });
        expect(namesOf(second.definitions)).toEqual(['w-1 15']);
      });

      test('runs that have not ended are counted and keep a version in use', async () => {
        const { tenantId, put, get, list } = open();
        await put(functionOf('order', '1'));
        await put(functionOf('order', '2'));
        const run = { tenantId, workflow: 'order', version: '1', status: 'RUNNING' };
        await store.tables.writeRows(
          stampAt(1),
          [
            { table: 'heads', put: headRow({ ...run, runId: 'open' }) },
            { table: 'heads', put: headRow({ ...run, runId: 'ended', closeTime: 9 }) },
          ],
          signal,
        );
        expect((await get('order', '1')).definition?.unfinishedRuns).toBe(1n);
        expect((await get('order', '2')).definition?.unfinishedRuns).toBe(0n);
        expect(namesOf((await list({ filter: { inUseOnly: true } })).definitions)).toEqual(['order 1']);
        await put(functionOf('order', '2'), { activate: true });
        expect(namesOf((await list({ filter: { inUseOnly: true } })).definitions)).toEqual(['order 2', 'order 1']);
      });

      test('a page ends at 1 MiB, and one that is larger comes alone', async () => {
        const { put, list } = open();
        for (const [index, size] of [400_000, 1_040_000, 400_000, 400_000].entries()) {
          await put(opaqueOf('w', String(index), JSON.stringify('x'.repeat(size))));
        }
        const pages: string[][] = [];
        let pageToken = '';
        do {
          const page = await list({ pageToken, view: DefinitionView.FULL });
          pages.push(namesOf(page.definitions));
          pageToken = page.nextPageToken;
        } while (pageToken !== '');
        expect(pages).toEqual([['w 3', 'w 2'], ['w 1'], ['w 0']]);
        expect((await list()).definitions).toHaveLength(4);
      });
    });
  });
}
