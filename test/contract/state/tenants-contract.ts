import { createHash } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { type Tenant, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import { failureOf, readAll } from '#test/doors/failure.ts';
import { type AccessCalls, accessCalls } from './access-calls.ts';
import { clientCalls } from './client-calls.ts';
import { definitionCalls, functionOf } from './definition-calls.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { DOORS, GRPC, newTenant, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

const { ACTIVE, SUSPENDED, ARCHIVED } = TenantStatus;
const QUIET_MS = 300;

/** What TenantService promises, on any store and through both doors. */
export function tenantsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let store: OpenStateStore;
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      store = stack.use(await home.openState());
      served = stack.use(await serveState(store));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (): AccessCalls['tenants'] => accessCalls(door, served).tenants;
      const setStatus = async (tenantId: string, status: TenantStatus): Promise<Tenant | undefined> =>
        (await open().updateTenant({ tenantId, tenant: { status }, updateMask: { paths: ['status'] } }, ROOT)).tenant;
      /** The calls about runs of a tenant with these limits. */
      const limited = async (limits: object): Promise<RunCalls> => {
        const tenantId = newTenant();
        await open().createTenant({ tenantId, limits }, ROOT);
        return await runCalls(door, served, tenantId);
      };

      test('a tenant is made once, and a repeat gets the first answer', async () => {
        const request = { tenantId: newTenant(), name: 'Acme', limits: { maxTokens: 3n }, requestId: 'r-1' };
        const first = await open().createTenant(request, ROOT);
        expect(first.tenant).toMatchObject({
          tenantId: request.tenantId,
          name: 'Acme',
          status: ACTIVE,
          rowVersion: 1n,
          limits: { maxTokens: 3n },
        });
        expect(first.tenant?.createTime).toEqual(first.tenant?.updateTime);
        await setStatus(request.tenantId, SUSPENDED);
        expect(await open().createTenant(request, ROOT)).toEqual(first);
        const other = { ...request, name: 'Other' };
        expect(await failureOf(open().createTenant(other, ROOT))).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
        const another = { ...request, requestId: 'r-2' };
        expect(await failureOf(open().createTenant(another, ROOT))).toMatchObject({
          code: 'ALREADY_EXISTS',
          reason: 'TENANT_EXISTS',
        });
        expect(await open().getTenant({ tenantId: request.tenantId }, ROOT)).toMatchObject({
          tenant: { status: SUSPENDED, rowVersion: 2n },
        });
      });

      test('`default` is there from the start, and others are not', async () => {
        expect(await open().getTenant({}, ROOT)).toMatchObject({ tenant: { tenantId: 'default', status: ACTIVE } });
        const asked = { tenantId: newTenant() };
        expect(await failureOf(open().getTenant(asked, ROOT))).toMatchObject({ reason: 'TENANT_NOT_FOUND' });
        const made = { tenantId: 'default' };
        expect(await failureOf(open().createTenant(made, ROOT))).toMatchObject({ reason: 'TENANT_EXISTS' });
      });

      test('tenants are listed by id, by page and by status', async () => {
        const prefix = newTenant();
        const ids = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${prefix}-${letter}`);
        for (const tenantId of ids) await open().createTenant({ tenantId }, ROOT);
        await setStatus(ids[1] ?? '', SUSPENDED);
        await setStatus(ids[3] ?? '', ARCHIVED);
        const list = async (statuses: TenantStatus[]): Promise<string[]> => {
          const found: string[] = [];
          for (let pageToken = ''; ; ) {
            const page = await open().listTenants({ pageSize: 2, pageToken, statuses }, ROOT);
            found.push(...page.tenants.map(({ tenantId }) => tenantId));
            pageToken = page.nextPageToken;
            if (pageToken === '') return found;
          }
        };
        const all = await list([]);
        expect(all).toContain('default');
        expect(all).toEqual(all.toSorted());
        const ours = (names: string[]): string[] => names.filter((name) => name.startsWith(prefix));
        expect(ours(all)).toEqual(ids);
        expect(ours(await list([SUSPENDED]))).toEqual([ids[1]]);
        expect(ours(await list([ARCHIVED, SUSPENDED]))).toEqual([ids[1], ids[3]]);
        const { nextPageToken: pageToken } = await open().listTenants({ pageSize: 1 }, ROOT);
        const misused = { pageToken, statuses: [ACTIVE] };
        expect(await failureOf(open().listTenants(misused, ROOT))).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
      });

      test('only the fields of the mask change, one by one too', async () => {
        const tenantId = newTenant();
        await open().createTenant({ tenantId, name: 'Acme', limits: { maxTokens: 3n, maxWorkers: 4n } }, ROOT);
        const update = async (tenant: object, paths: string[], more = {}) =>
          (await open().updateTenant({ tenantId, tenant, updateMask: { paths }, ...more }, ROOT)).tenant;
        const one = await update({ name: 'x', limits: { maxTokens: 5n } }, ['limits.max_tokens']);
        expect(one).toMatchObject({ name: 'Acme', limits: { maxTokens: 5n, maxWorkers: 4n }, rowVersion: 2n });
        const gone = await update({ limits: {} }, ['limits.max_tokens']);
        expect(gone?.limits).toMatchObject({ maxWorkers: 4n });
        expect(gone?.limits?.maxTokens).toBeUndefined();
        const none = await update({}, ['limits', 'name']);
        expect([none?.limits, none?.name]).toEqual([undefined, tenantId]);
        const request = { expectedRowVersion: 4n, requestId: 'r-1' };
        const named = await update({ name: 'New' }, ['name'], request);
        expect(await update({ name: 'New' }, ['name'], request)).toEqual(named);
        const again = update({ name: 'New' }, ['name'], { expectedRowVersion: 4n });
        expect(await failureOf(again)).toMatchObject({
          code: 'ABORTED',
          reason: 'VERSION_CONFLICT',
          metadata: { expected: '4', actual: '5' },
        });
        expect(await failureOf(update({ name: 'Other' }, ['name'], request))).toMatchObject({
          reason: 'REQUEST_ID_REUSED',
        });
        for (const path of ['tenant_id', 'row_version', 'nothing', 'limits.nothing', 'name.x', 'limits.max_tokens.x']) {
          expect(await failureOf(update({}, [path]))).toMatchObject({
            reason: 'INVALID_FIELDS',
            violations: [{ field: 'update_mask.paths[0]' }],
          });
        }
        expect(await failureOf(update({}, ['status']))).toMatchObject({ violations: [{ field: 'tenant.status' }] });
        const missing = { tenantId: newTenant(), tenant: { name: 'x' }, updateMask: { paths: ['name'] } };
        expect(await failureOf(open().updateTenant(missing, ROOT))).toMatchObject({ reason: 'TENANT_NOT_FOUND' });
      });

      test('[71] what this release does not hold is refused where it is set', async () => {
        const tenantId = newTenant();
        for (const [limits, field] of [
          [{ maxOpenRuns: 1n }, 'max_open_runs'],
          [{ maxStoredBytes: 1n }, 'max_stored_bytes'],
          [{ maxQueuedItems: 1n }, 'max_queued_items'],
        ] as const) {
          expect(await failureOf(open().createTenant({ tenantId, limits }, ROOT))).toMatchObject({
            reason: 'INVALID_FIELDS',
            violations: [{ field: `limits.${field}` }],
          });
        }
        const policy = { requireSignature: true, publishSteps: true };
        expect(await failureOf(open().createTenant({ tenantId, policy }, ROOT))).toMatchObject({
          violations: [{ field: 'policy.require_signature' }, { field: 'policy.publish_steps' }],
        });
      });

      test('[71] in a suspended tenant nothing starts and nothing is dispatched, and reads work', async () => {
        const tenantId = newTenant();
        await open().createTenant({ tenantId }, ROOT);
        const { start, worker, runs, list } = await runCalls(door, served, tenantId);
        await start('before');
        await using one = await worker('w', { slots: 4 });
        const held = await one.assigned('before');
        expect((await setStatus(tenantId, SUSPENDED))?.status).toBe(SUSPENDED);
        expect(await failureOf(start('after'))).toMatchObject({
          code: 'FAILED_PRECONDITION',
          reason: 'TENANT_SUSPENDED',
        });
        expect(await runs.getRun({ tenantId, runId: 'before' }, ROOT)).toMatchObject({ run: { runId: 'before' } });
        await expect.poll(async () => (await list()).runs.length).toBe(1);
        // What is leased goes on to its end.
        await one.step(held, 1);
        await one.complete(held, 1);
        await setStatus(tenantId, ACTIVE);
        await start('again');
        await one.complete(await one.assigned('again'), 0);
      });

      test('[71] what waits while the tenant is suspended is given to workers when it is active again', async () => {
        const tenantId = newTenant();
        await open().createTenant({ tenantId }, ROOT);
        const { start, worker, runs } = await runCalls(door, served, tenantId);
        await start('waits');
        await setStatus(tenantId, SUSPENDED);
        await using one = await worker('w', { slots: 2 });
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
        expect(one.received.flatMap(({ assign }) => assign)).toEqual([]);
        const explained = await runs.explainRun({ tenantId, runId: 'waits' }, ROOT);
        expect(explained).toMatchObject({
          summary: expect.stringContaining('The tenant is suspended'),
          blockers: [{ kind: { case: 'tenant', value: { status: SUSPENDED } } }, {}],
        });
        await setStatus(tenantId, ACTIVE);
        await one.assigned('waits');
        await start('next');
        await one.assigned('next');
      });

      test('[71] in a suspended tenant no task is claimed and no run created by a save', async () => {
        const tenantId = newTenant();
        await open().createTenant({ tenantId }, ROOT);
        const { start, claim, save } = await clientCalls(door, served, tenantId);
        await start('r', { firstTask: { taskId: 'a' } });
        await setStatus(tenantId, SUSPENDED);
        const suspended = { code: 'FAILED_PRECONDITION', reason: 'TENANT_SUSPENDED' };
        expect(await failureOf(claim('r'))).toMatchObject(suspended);
        expect(await failureOf(save('new'))).toMatchObject(suspended);
        await setStatus(tenantId, ACTIVE);
        expect((await claim('r')).lease).toBeDefined();
      });

      test('an archived tenant is read and not changed', async () => {
        const { tenantId, start, runs, list, put, worker, dispatch } = await limited({});
        await start('r');
        await using _worker = await worker('w', { definitions: ['none@1'] });
        const connected = async (): Promise<number> => (await dispatch.listWorkers({ tenantId }, ROOT)).workers.length;
        expect(await connected()).toBe(1);
        await setStatus(tenantId, ARCHIVED);
        // Streams that change something end.
        await expect.poll(connected, { timeout: 5_000 }).toBe(0);
        const archived = { code: 'FAILED_PRECONDITION', reason: 'TENANT_ARCHIVED' };
        expect(await failureOf(start('s'))).toMatchObject(archived);
        expect(await failureOf(runs.cancelRun({ tenantId, runId: 'r' }, ROOT))).toMatchObject(archived);
        expect(await failureOf(put('other'))).toMatchObject(archived);
        await expect.poll(async () => (await list()).runs.length).toBe(1);
        expect(await accessCalls(door, served).audit.verifyChain({ tenantId }, ROOT)).toMatchObject({ valid: true });
        await setStatus(tenantId, ACTIVE);
        await start('s');
      });

      test('[71] starts beyond those of a second are refused by limit and number', async () => {
        const { start } = await limited({ maxStartsPerSecond: 2n });
        const starts = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((runId) => start(runId)));
        expect(starts.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
        const refused = starts.filter((one) => one.status === 'rejected').map(({ reason }) => reason as unknown);
        expect(refused.length).toBeGreaterThan(0);
        expect(await failureOf(Promise.reject(refused[0]))).toMatchObject({
          code: 'RESOURCE_EXHAUSTED',
          reason: 'QUOTA_EXCEEDED',
          metadata: { limit: 'max_starts_per_second', maximum: '2' },
        });
      });

      test('[71] more definitions than the tenant may have are refused, and those it has are not', async () => {
        const { tenantId, put } = await limited({ maxDefinitions: 2n });
        await put('other');
        expect(await failureOf(put('third'))).toMatchObject({
          reason: 'QUOTA_EXCEEDED',
          metadata: { limit: 'max_definitions', maximum: '2' },
        });
        expect(await definitionCalls(door, served, tenantId).put(functionOf('other', '1'))).toMatchObject({
          created: false,
        });
      });

      test('[71] more workers than the tenant may have are refused, and one that comes back is not', async () => {
        const { tenantId, worker, dispatch } = await limited({ maxWorkers: 1n });
        await using one = await worker('one');
        await using _again = await worker('one');
        expect(one.received).not.toEqual([]);
        const poll = { tenantId, workerId: 'two', definitions: [{ workflow: 'order', version: '1' }], maxItems: 1 };
        expect(await failureOf(dispatch.pollWork(poll, ROOT))).toMatchObject({
          reason: 'QUOTA_EXCEEDED',
          metadata: { limit: 'max_workers', maximum: '1' },
        });
      });

      test('[71] a payload beyond the limit of the tenant is refused, uploaded or not', async () => {
        const { tenantId, start } = await limited({ maxPayloadBytes: 65_536n });
        const quota = { reason: 'QUOTA_EXCEEDED', metadata: { limit: 'max_payload_bytes', maximum: '65536' } };
        const input = (bytes: number) => ({
          input: { value: { case: 'data', value: new Uint8Array(bytes) } as const },
        });
        await start('fits', input(65_536));
        expect(await failureOf(start('large', input(65_537)))).toMatchObject(quota);
        if (door.name !== 'gRPC') return;
        const payloads = createClient(PayloadService, door.transport(served.addresses));
        const upload = (async function* () {
          for (let sent = 0; sent < 3; sent += 1) yield { tenantId, chunk: new Uint8Array(32_768) };
        })();
        expect(await failureOf(payloads.uploadPayload(upload, ROOT))).toMatchObject(quota);
      });

      test('[69] two tenants have the same ids and see nothing of each other', async () => {
        const [ours, theirs] = [await limited({}), await limited({})];
        for (const { start } of [ours, theirs]) await start('same');
        await theirs.put('secret-flow');
        await ours.runs.pauseRun({ tenantId: ours.tenantId, runId: 'same' }, ROOT);
        for (const [calls, count] of [
          [ours, 3],
          [theirs, 2],
        ] as const) {
          const { tenantId, events, list } = calls;
          expect((await events.listEvents({ tenantId, runId: 'same' }, ROOT)).events).toHaveLength(count);
          await expect.poll(async () => (await list()).runs.length).toBe(1);
        }
        await using foreign = await ours.worker('w', { definitions: ['order@1', 'secret-flow@1'], slots: 8 });
        await theirs.start('only-theirs', { workflow: 'secret-flow' });
        await ours.runs.resumeRun({ tenantId: ours.tenantId, runId: 'same' }, ROOT);
        await foreign.assigned('same');
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
        expect(foreign.received.flatMap(({ assign }) => assign).map(({ runId }) => runId)).toEqual(['same']);
        const names = async ({ tenantId }: RunCalls): Promise<string[]> =>
          (await definitionCalls(door, served, tenantId).list()).definitions.map(
            (one) => one.definition?.workflow ?? '',
          );
        expect(await names(ours)).toEqual(['order']);
        expect(await names(theirs)).toEqual(['order', 'secret-flow']);
        const payloads = createClient(PayloadService, GRPC.transport(served.addresses));
        const upload = async ({ tenantId }: RunCalls, text: string): Promise<void> => {
          const request = { tenantId, uploadId: 'same', chunk: Buffer.from(text) };
          await payloads.uploadPayload(
            (async function* () {
              yield request;
            })(),
            ROOT,
          );
        };
        await upload(ours, 'ours');
        await upload(theirs, 'theirs');
        for (const [{ tenantId }, text] of [
          [ours, 'ours'],
          [theirs, 'theirs'],
        ] as const) {
          const sha256 = createHash('sha256').update(text).digest();
          const ref = { sha256, size: BigInt(text.length), uploadId: 'same' };
          const parts = await readAll(payloads.downloadPayload({ tenantId, ref }, ROOT));
          expect(Buffer.concat(parts.map(({ chunk }) => chunk)).toString()).toBe(text);
        }
        const missing = { tenantId: ours.tenantId, runId: 'only-theirs' };
        expect(await failureOf(ours.runs.getRun(missing, ROOT))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
      });
    });
  });
}
