import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DefinitionView } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { DefinitionState, type StoredDefinition } from '#gen/millrace/state/v1/stored_definition_pb.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import { failureOf } from '#test/doors/failure.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { as } from '#test/doors/token-authenticator.ts';
import {
  type DefinitionCalls,
  type DefinitionInit,
  definitionCalls,
  definitionClient,
  functionOf,
  namesOf,
  opaqueOf,
} from './definition-calls.ts';
import { DOORS, GRPC, newTenant, ROOT, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

const FULL = DefinitionView.FULL;

/** What DefinitionService promises, on any store and through both doors. */
export function definitionsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let clock = Date.UTC(2026, 0, 1);
    let store: OpenStateStore;
    let served: ServedEcho;
    let other: ServedEcho;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      const nowMs = (): number => (clock += 1);
      store = stack.use(await home.openState());
      served = stack.use(await serveState(store, { nowMs }));
      // A second node where the store has room for one.
      const second = home.isShared ? stack.use(await home.openState()) : store;
      other = stack.use(await serveState(second, { nowMs }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (tenantId?: string, node = served): DefinitionCalls => definitionCalls(door, node, tenantId);

      test('[56] the same content again gets the same answer, and other content is refused', async () => {
        const { put, get } = open();
        const first = await put(functionOf('order', '1'));
        expect(first).toMatchObject({
          created: true,
          definition: {
            definition: { workflow: 'order', version: '1', content: { case: undefined } },
            definitionHash: expect.stringMatching(/^[0-9a-f]{64}$/),
            state: DefinitionState.AVAILABLE,
            active: false,
            unfinishedRuns: 0n,
          },
        });
        const again = await put(functionOf('order', '1'));
        expect(again).toEqual({ ...first, created: false });
        const changes: DefinitionInit[] = [
          functionOf('order', '1', { settings: { priority: 1 } }),
          functionOf('order', '1', { settings: { retry: { maxAttempts: 9 } } }),
          functionOf('order', '1', { description: 'other' }),
          opaqueOf('order', '1'),
        ];
        for (const changed of changes) {
          expect(await failureOf(put(changed))).toMatchObject({
            code: 'ALREADY_EXISTS',
            reason: 'DEFINITION_EXISTS',
            metadata: { workflow: 'order', version: '1' },
          });
        }
        expect((await get('order', '1', FULL)).definition?.definition?.content.case).toBe('function');
      });

      test('defaults that are said are those that are not, and the place of the source is no content', async () => {
        const { put } = open();
        await put(functionOf('order', '1', { settings: { retry: {} } }));
        const said = functionOf('order', '1', {
          content: { case: 'function', value: { signals: [{ name: 'paid' }], sourceLocation: 'order.ts:99' } },
          settings: { queue: 'default', priority: 3, retry: { maxAttempts: 3, initialInterval: { seconds: 1n } } },
          cleanupTimeout: { seconds: 300n },
        });
        expect(await put(said)).toMatchObject({ created: false });
      });

      test('what is stored is answered as it came, whatever its content is', async () => {
        const { put, get } = open();
        const order = functionOf('order', '1', {
          description: 'größe 😀',
          settings: { tags: ['gpu'], timeouts: { timeout: { seconds: 30n, nanos: 5 } } },
          inputSchema: { value: { case: 'json', value: '{"type":"object"}' } },
        });
        await put(order);
        await put(opaqueOf('foreign', '1', '{"a": 1.50}'));
        expect((await get('order', '1', FULL)).definition?.definition).toMatchObject(order);
        expect((await get('foreign', '1', FULL)).definition?.definition).toMatchObject(
          opaqueOf('foreign', '1', '{"a": 1.50}'),
        );
        const basic = (await get('order', '1')).definition?.definition;
        expect([basic?.content.case, basic?.inputSchema, basic?.description]).toEqual([
          undefined,
          undefined,
          'größe 😀',
        ]);
      });

      test('names of 128 bytes and in any script are kept, longer ones are refused', async () => {
        const { put, get } = open();
        for (const [workflow, version] of [
          ['w'.repeat(128), 'v'.repeat(128)],
          ['😀'.repeat(32), 'ü'.repeat(64)],
          ['a/b %2F\'"', '1.0.0+build/7'],
        ] as const) {
          await put(functionOf(workflow, version));
          expect(namesOf([(await get(workflow, version)).definition as StoredDefinition])).toEqual([
            `${workflow} ${version}`,
          ]);
        }
        const failure = await failureOf(put(functionOf('ü'.repeat(65), '')));
        expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELDS' });
        expect(failure.violations.map(({ field }) => field)).toEqual(['definition.workflow', 'definition.version']);
      });

      test('[55] everything that is wrong is listed at once with its path, and nothing is stored', async () => {
        const { put, list } = open();
        const failure = await failureOf(
          put({
            workflow: 'order',
            version: '1',
            content: {
              case: 'function',
              value: {
                signals: [
                  { name: 'a' },
                  { name: 'b' },
                  { name: 'a', schema: { value: { case: 'json', value: '[]' } } },
                ],
              },
            },
            inputSchema: { value: { case: 'json', value: '{' } },
            outputSchema: { value: { case: 'ref', value: { sha256: new Uint8Array(32), size: 1n } } },
          }),
        );
        expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELDS' });
        expect(failure.violations.map(({ field }) => field)).toEqual([
          'definition.function.signals[2].name',
          'definition.function.signals[2].schema',
          'definition.input_schema',
          'definition.output_schema.ref',
        ]);
        expect((await list()).definitions).toEqual([]);
      });

      test.each([
        ['{"a":', 'definition.opaque'],
        ['', 'definition.opaque'],
      ])('an opaque document that is %j is refused', async (json, field) => {
        const { violations } = await failureOf(open().put(opaqueOf('foreign', '1', json)));
        expect(violations.map((violation) => violation.field)).toEqual([field]);
      });

      test('a definition that is too large as a whole is refused with its size and the limit', async () => {
        const { put, list } = open();
        const json = JSON.stringify({ title: 'x'.repeat(1_000_000) });
        const schema = { value: { case: 'json', value: json } } as const;
        const large = { ...opaqueOf('large', '1', json), inputSchema: schema, outputSchema: schema };
        expect(await failureOf(put(large))).toMatchObject({
          code: 'RESOURCE_EXHAUSTED',
          reason: 'PAYLOAD_TOO_LARGE',
          metadata: { field: 'definition', size: expect.stringMatching(/^300\d{4}$/), limit: '2621440' },
        });
        expect((await list()).definitions).toEqual([]);
      });

      test('a graph is not built in this round, and says so', async () => {
        const { put, list } = open();
        const graph: DefinitionInit = {
          workflow: 'order',
          version: '1',
          content: { case: 'graph', value: { nodes: [{ id: 'a', kind: { case: 'task', value: { task: 't' } } }] } },
        };
        expect(await failureOf(put(graph))).toMatchObject({
          code: 'UNIMPLEMENTED',
          reason: 'NOT_BUILT',
          metadata: { method: 'millrace.state.v1.DefinitionService/PutDefinition', field: 'definition.graph' },
        });
        expect((await list()).definitions).toEqual([]);
      });

      test('a hash that is not that of the content is DEFINITION_MISMATCH with both; opaque content keeps its own', async () => {
        const { put, get } = open();
        const { definition } = await put(functionOf('order', '1'));
        const hash = definition?.definitionHash ?? '';
        expect(await put(functionOf('order', '1'), { definitionHash: hash })).toMatchObject({ created: false });
        const mismatch = { code: 'FAILED_PRECONDITION', reason: 'DEFINITION_MISMATCH' };
        expect(await failureOf(put(functionOf('order', '2'), { definitionHash: hash }))).toMatchObject({
          ...mismatch,
          metadata: { expected: hash, found: expect.stringMatching(/^[0-9a-f]{64}$/) },
        });
        await put(opaqueOf('foreign', '1'), { definitionHash: 'theirs' });
        expect((await get('foreign', '1')).definition?.definitionHash).toBe('theirs');
        expect(await put(opaqueOf('foreign', '1'))).toMatchObject({ created: false });
        expect(await failureOf(put(opaqueOf('foreign', '1'), { definitionHash: 'others' }))).toMatchObject({
          ...mismatch,
          metadata: { expected: 'others', found: 'theirs' },
        });
      });

      test('a repeat of a request gets its first reply, and its id with other arguments is refused', async () => {
        const { put } = open();
        const first = await put(functionOf('order', '1'), { requestId: 'r-1' });
        expect(await put(functionOf('order', '1'), { requestId: 'r-1' })).toEqual(first);
        expect(await put(functionOf('order', '1'), { requestId: 'r-2' })).toMatchObject({ created: false });
        expect(await failureOf(put(opaqueOf('order', '1'), { requestId: 'r-1' }))).toMatchObject({
          code: 'INVALID_ARGUMENT',
          reason: 'REQUEST_ID_REUSED',
        });
      });

      test('what is not stored is DEFINITION_NOT_FOUND, and so is the active one of a workflow that has none', async () => {
        const { put, get } = open();
        await put(functionOf('order', '1'));
        const absent = { code: 'NOT_FOUND', reason: 'DEFINITION_NOT_FOUND' };
        expect(await failureOf(get('order', '2'))).toMatchObject({ ...absent, metadata: { version: '2' } });
        expect(await failureOf(get('order'))).toMatchObject({
          ...absent,
          message: 'no version of the workflow is active',
        });
        expect(await failureOf(get('none'))).toMatchObject(absent);
        expect(await failureOf(get('a\0b', '1'))).toMatchObject({ reason: 'INVALID_FIELDS' });
      });

      test('without a version the active one is answered, and the newest activation is the active one', async () => {
        const { put, get, list } = open();
        await put(functionOf('order', '1'), { activate: true });
        await put(functionOf('order', '2'));
        const one = (await get('order')).definition;
        expect(one).toMatchObject({ active: true, definition: { version: '1' } });
        await put(functionOf('order', '2'), { activate: true });
        expect((await get('order')).definition?.definition?.version).toBe('2');
        const old = (await get('order', '1')).definition;
        expect([old?.active, old?.activateTime]).toEqual([false, one?.activateTime]);
        // Already the active one: nothing changes.
        const before = (await get('order')).definition?.activateTime;
        await put(functionOf('order', '2'), { activate: true });
        expect((await get('order')).definition?.activateTime).toEqual(before);
        expect(namesOf((await list({ filter: { activeOnly: true } })).definitions)).toEqual(['order 2']);
      });

      test('puts of one version by two nodes at once store it once, and each gets a right answer', async () => {
        const tenantId = newTenant();
        const nodes = [open(tenantId, served), open(tenantId, other)];
        const same = await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            (nodes[index % 2] ?? open()).put(functionOf('same', '1'), { activate: true }),
          ),
        );
        expect(same.filter(({ created }) => created)).toHaveLength(1);
        expect(new Set(same.map(({ definition }) => timestampMs(definition?.createTime as never))).size).toBe(1);
        const settled = await Promise.allSettled(
          Array.from({ length: 12 }, (_, index) =>
            (nodes[index % 2] ?? open()).put(functionOf('differs', '1', { description: String(index) })),
          ),
        );
        expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const refused of settled.filter((result) => result.status === 'rejected')) {
          expect(await failureOf(Promise.reject(refused.reason))).toMatchObject({ reason: 'DEFINITION_EXISTS' });
        }
        expect(namesOf((await open(tenantId).list()).definitions)).toEqual(['differs 1', 'same 1']);
      });

      test('[69] two tenants with the same names see their own, and nobody speaks for another', async () => {
        const [a, b] = [open(), open()];
        await a.put(functionOf('order', '1'), { activate: true });
        await b.put(opaqueOf('order', '1'));
        expect((await a.get('order', '1', FULL)).definition?.definition?.content.case).toBe('function');
        expect((await b.get('order', '1', FULL)).definition?.definition?.content.case).toBe('opaque');
        expect(await failureOf(b.get('order'))).toMatchObject({ reason: 'DEFINITION_NOT_FOUND' });
        expect((await a.list()).definitions).toHaveLength(1);
        const client = definitionClient(door, served);
        const { tenantId } = a;
        const denied = { code: 'PERMISSION_DENIED', reason: 'TENANT_DENIED' };
        const definition = functionOf('order', '2');
        expect(await failureOf(client.putDefinition({ tenantId, definition }, as('developer')))).toMatchObject(denied);
        expect(await failureOf(client.getDefinition({ tenantId, workflow: 'order' }, as('viewer')))).toMatchObject(
          denied,
        );
        expect(await failureOf(client.listDefinitions({ tenantId }, as('viewer')))).toMatchObject(denied);
        expect(await failureOf(client.putDefinition({ definition }, as('viewer')))).toMatchObject({
          reason: 'ROLE_DENIED',
        });
      });
    });

    test('[8] a row that is damaged, or of a newer format, is DATA_CORRUPTION and not half a definition', async () => {
      const tenantId = newTenant();
      const client = definitionClient(GRPC, served);
      await client.putDefinition({ tenantId, definition: functionOf('order', '1') }, ROOT);
      const key = { tenantId, workflow: 'order', version: '1' };
      const intact = await store.tables.definitions.read(key);
      const body = intact?.body ?? new Uint8Array();
      const newer = Uint8Array.from(body);
      newer[0] = 2;
      const flipped = Uint8Array.from(body);
      flipped[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
      for (const damaged of [newer, flipped, body.subarray(0, body.length - 3), new Uint8Array()]) {
        const row = await store.tables.definitions.read(key);
        expect(row !== undefined && (await store.tables.definitions.replace({ ...row, body: damaged }))).toBe(true);
        expect(await failureOf(client.getDefinition(key, ROOT))).toMatchObject({
          code: 'DATA_LOSS',
          reason: 'DATA_CORRUPTION',
        });
      }
    });
  });
}
