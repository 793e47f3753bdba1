import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { failureOf, failureOfStream } from '#test/doors/failure.ts';
import { type AccessCalls, accessCalls, BY_ROOT, bearer, ROOT_SECRET } from './access-calls.ts';
import { DOORS, newTenant, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

const DAY_MS = 86_400_000;
const REFUSED = { code: 'UNAUTHENTICATED', reason: 'UNAUTHENTICATED', message: 'no valid token' };

/** What TokenService promises, on any store and through both doors. */
export function tokensContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState;
    let shiftMs = 0;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      const nowMs = (): number => Date.now() + shiftMs;
      served = stack.use(await serveState(stack.use(await home.openState()), { nowMs }, { rootSecret: ROOT_SECRET }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (): AccessCalls => accessCalls(door, served);
      const runs = () => createClient(RunService, door.transport(served.addresses));

      test('[70] a token is answered in plain text once, and lets its holder in', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const made = await calls.tokens.createToken({ tenantId, role: Role.VIEWER, name: 'dashboard' }, BY_ROOT);
        expect(made).toMatchObject({
          secret: expect.stringMatching(/^mlr_[\w-]{43}$/),
          token: { name: 'dashboard', role: Role.VIEWER, tenantId, tokenId: expect.stringMatching(/^tok_/) },
        });
        expect([made.token?.expireTime, made.token?.revokeTime, made.token?.lastUseTime]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        expect(await runs().listRuns({}, bearer(made.secret))).toMatchObject({ runs: [] });
        const { tokens } = await calls.tokens.listTokens({ tenantId }, BY_ROOT);
        expect(tokens).toMatchObject([{ tokenId: made.token?.tokenId }]);
        expect(JSON.stringify(tokens, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
          made.secret,
        );
      });

      test('a repeat with the same request id gets the first token without its secret', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const request = { tenantId, role: Role.WORKER, name: 'w', requestId: 'r-1' };
        const ttl = { case: 'ttl', value: { seconds: 3_600n, nanos: 0 } } as const;
        const first = await calls.tokens.createToken({ ...request, expiry: ttl }, BY_ROOT);
        shiftMs += 5_000;
        const again = await calls.tokens.createToken({ ...request, expiry: ttl }, BY_ROOT);
        expect(again).toMatchObject({ secret: '', token: { tokenId: first.token?.tokenId } });
        expect(again.token?.expireTime).toEqual(first.token?.expireTime);
        for (const other of [
          { ...request, name: 'x', expiry: ttl },
          { ...request, role: Role.ADMIN, expiry: ttl },
          request,
        ]) {
          expect(await failureOf(calls.tokens.createToken(other, BY_ROOT))).toMatchObject({
            reason: 'REQUEST_ID_REUSED',
          });
        }
        const elsewhere = await calls.newTenant();
        const own = await calls.tokens.createToken({ ...request, tenantId: elsewhere, expiry: ttl }, BY_ROOT);
        expect(own.secret).not.toBe('');
        shiftMs += DAY_MS;
        const later = await calls.tokens.createToken({ ...request, expiry: ttl }, BY_ROOT);
        expect(later.secret).not.toBe('');
        expect(later.token?.tokenId).not.toBe(first.token?.tokenId);
      });

      test('many that repeat a request at once make one token', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const request = { tenantId, role: Role.WORKER, name: 'w', requestId: 'r-1' };
        const all = await Promise.all(Array.from({ length: 8 }, () => calls.tokens.createToken(request, BY_ROOT)));
        expect(all.filter(({ secret }) => secret !== '')).toHaveLength(1);
        expect(new Set(all.map(({ token }) => token?.tokenId)).size).toBe(1);
      });

      test('[70] none, unknown, expired and revoked tokens get the same answer', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const expire = { case: 'expireTime', value: timestampFromMs(Date.now() + shiftMs + 60_000) } as const;
        const request = { tenantId, role: Role.ADMIN, name: 'short' };
        const expired = await calls.tokens.createToken({ ...request, expiry: expire }, BY_ROOT);
        const revoked = await calls.tokens.createToken(request, BY_ROOT);
        expect(await calls.tokens.listTokens({}, bearer(expired.secret))).toMatchObject({ nextPageToken: '' });
        shiftMs += 60_000;
        await calls.tokens.revokeToken({ tenantId, tokenId: revoked.token?.tokenId ?? '' }, BY_ROOT);
        const unknown = `mlr_${'A'.repeat(43)}`;
        for (const secret of [unknown, expired.secret, revoked.secret, 'nonsense', ROOT_SECRET.slice(0, -1)]) {
          expect(await failureOf(calls.tokens.listTokens({}, bearer(secret)))).toMatchObject(REFUSED);
          expect((await calls.tokens.validateToken({ secret }, BY_ROOT)).token).toBeUndefined();
        }
        expect(await failureOf(calls.tokens.listTokens({}))).toMatchObject(REFUSED);
        const basic = { headers: { authorization: `Basic ${revoked.secret}` } };
        expect(await failureOf(calls.tokens.listTokens({}, basic))).toMatchObject(REFUSED);
      });

      test('a token says what it is to its tenant and to root, and to nobody else', async () => {
        const calls = open();
        const [ours, theirs] = [await calls.newTenant(), await calls.newTenant()];
        const [admin, worker, other] = await Promise.all([
          calls.newSecret(ours),
          calls.newSecret(ours, Role.WORKER),
          calls.newSecret(theirs),
        ]);
        const ask = async (secret: string, as: string, tenantId = '') =>
          await calls.tokens.validateToken({ secret, tenantId }, bearer(as));
        for (const by of [admin, worker, ROOT_SECRET]) {
          expect(await ask(worker, by)).toMatchObject({
            token: { role: Role.WORKER, tenantId: ours },
            tenantStatus: TenantStatus.ACTIVE,
          });
        }
        const byOther = await ask(worker, other);
        expect([byOther.token, byOther.tenantStatus]).toEqual([undefined, TenantStatus.UNSPECIFIED]);
        expect((await ask(worker, ROOT_SECRET, theirs)).token).toBeUndefined();
        expect(await ask(ROOT_SECRET, ROOT_SECRET)).toMatchObject({ token: { role: Role.ROOT, tenantId: '' } });
        expect((await ask(ROOT_SECRET, admin)).token).toBeUndefined();
        const viewer = await calls.newSecret(ours, Role.VIEWER);
        expect(await failureOf(ask(worker, viewer))).toMatchObject({ reason: 'ROLE_DENIED' });
      });

      test('lists show valid tokens, newest first, and all where they are asked for', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const ids: string[] = [];
        for (let index = 0; index < 5; index += 1) {
          const { token } = await calls.tokens.createToken({ tenantId, role: Role.VIEWER, name: `t${index}` }, BY_ROOT);
          ids.unshift(token?.tokenId ?? '');
          shiftMs += 10;
        }
        await calls.tokens.revokeToken({ tenantId, tokenId: ids[2] ?? '' }, BY_ROOT);
        const read = async (includeInvalid: boolean): Promise<string[]> => {
          const found: string[] = [];
          for (let pageToken = ''; ; ) {
            const page = await calls.tokens.listTokens({ tenantId, pageSize: 2, pageToken, includeInvalid }, BY_ROOT);
            expect(page.tokens.length).toBeLessThanOrEqual(2);
            found.push(...page.tokens.map(({ tokenId }) => tokenId));
            pageToken = page.nextPageToken;
            if (pageToken === '') return found;
          }
        };
        expect(await read(true)).toEqual(ids);
        expect(await read(false)).toEqual(ids.filter((_, index) => index !== 2));
        const { nextPageToken } = await calls.tokens.listTokens({ tenantId, pageSize: 2 }, BY_ROOT);
        const misused = { tenantId, pageToken: nextPageToken, includeInvalid: true };
        expect(await failureOf(calls.tokens.listTokens(misused, BY_ROOT))).toMatchObject({
          reason: 'PAGE_TOKEN_INVALID',
        });
      });

      test('[70] a token that is revoked loses its streams too', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const { secret, token } = await calls.tokens.createToken({ tenantId, role: Role.VIEWER, name: 'w' }, BY_ROOT);
        const cluster = createClient(ClusterService, door.transport(served.addresses));
        const ended = failureOfStream(cluster.watchMembers({}, bearer(secret)));
        await new Promise((resolve) => setTimeout(resolve, 200));
        const revokedMs = performance.now();
        await calls.tokens.revokeToken({ tenantId, tokenId: token?.tokenId ?? '', reason: 'it leaked' }, BY_ROOT);
        expect(await ended).toMatchObject(REFUSED);
        expect(performance.now() - revokedMs).toBeLessThan(5_000);
      });

      test('revoking is safe to repeat and names what is not there', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const { token } = await calls.tokens.createToken({ tenantId, role: Role.VIEWER, name: 'w' }, BY_ROOT);
        const tokenId = token?.tokenId ?? '';
        const first = await calls.tokens.revokeToken({ tenantId, tokenId }, BY_ROOT);
        expect(first.token?.revokeTime).toBeDefined();
        expect(await calls.tokens.revokeToken({ tenantId, tokenId }, BY_ROOT)).toEqual(first);
        const missing = { tenantId, tokenId: 'tok_none' };
        expect(await failureOf(calls.tokens.revokeToken(missing, BY_ROOT))).toMatchObject({
          reason: 'TOKEN_NOT_FOUND',
        });
        const elsewhere = { tenantId: await calls.newTenant(), tokenId };
        expect(await failureOf(calls.tokens.revokeToken(elsewhere, BY_ROOT))).toMatchObject({
          reason: 'TOKEN_NOT_FOUND',
        });
      });

      test('when a token was last used is noted to the minute', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const secret = await calls.newSecret(tenantId);
        await calls.tokens.listTokens({}, bearer(secret));
        await vi.waitFor(async () => {
          const { tokens } = await calls.tokens.listTokens({ tenantId }, BY_ROOT);
          const time = timestampMs(tokens[0]?.lastUseTime as never);
          expect(time % 60_000).toBe(0);
          expect(Math.abs(time - Date.now() - shiftMs)).toBeLessThan(60_000 + 5_000);
        });
      });

      test('what cannot be a token is refused by field', async () => {
        const calls = open();
        const tenantId = await calls.newTenant();
        const request = { tenantId, role: Role.ADMIN, name: 'x' };
        const past = { case: 'expireTime', value: timestampFromMs(1_000) } as const;
        for (const [bad, field] of [
          [{ ...request, role: Role.ROOT }, 'role'],
          [{ ...request, role: Role.UNSPECIFIED }, 'role'],
          [{ ...request, name: '' }, 'name'],
          [{ ...request, expiry: past }, 'expire_time'],
        ] as const) {
          expect(await failureOf(calls.tokens.createToken(bad, BY_ROOT))).toMatchObject({
            reason: 'INVALID_FIELDS',
            violations: [{ field }],
          });
        }
      });

      test('[69] a token of one tenant reaches no other, and root names only what is there', async () => {
        const calls = open();
        const [ours, theirs] = [await calls.newTenant(), await calls.newTenant()];
        const admin = bearer(await calls.newSecret(ours));
        const denied = { code: 'PERMISSION_DENIED', reason: 'TENANT_DENIED' };
        const request = { tenantId: theirs, role: Role.ADMIN, name: 'x' };
        expect(await failureOf(calls.tokens.createToken(request, admin))).toMatchObject(denied);
        expect(await failureOf(calls.tokens.listTokens({ tenantId: newTenant() }, admin))).toMatchObject(denied);
        expect(await failureOf(runs().listRuns({ tenantId: theirs }, admin))).toMatchObject(denied);
        const nowhere = newTenant();
        expect(await failureOf(runs().listRuns({ tenantId: nowhere }, BY_ROOT))).toMatchObject({
          code: 'NOT_FOUND',
          reason: 'TENANT_NOT_FOUND',
        });
        expect(await failureOf(calls.tokens.createToken({ ...request, tenantId: nowhere }, BY_ROOT))).toMatchObject({
          reason: 'TENANT_NOT_FOUND',
        });
        expect(await runs().listRuns({}, BY_ROOT)).toMatchObject({ runs: [] });
      });

      test('[71] more tokens than the tenant may have are refused, and a revoked one makes room', async () => {
        const calls = open();
        const tenantId = newTenant();
        await calls.tenants.createTenant({ tenantId, limits: { maxTokens: 2n } }, BY_ROOT);
        const request = { tenantId, role: Role.VIEWER, name: 'x' };
        await calls.tokens.createToken(request, BY_ROOT);
        const { token } = await calls.tokens.createToken(request, BY_ROOT);
        expect(await failureOf(calls.tokens.createToken(request, BY_ROOT))).toMatchObject({
          code: 'RESOURCE_EXHAUSTED',
          reason: 'QUOTA_EXCEEDED',
          metadata: { limit: 'max_tokens', maximum: '2' },
        });
        await calls.tokens.revokeToken({ tenantId, tokenId: token?.tokenId ?? '' }, BY_ROOT);
        expect((await calls.tokens.createToken(request, BY_ROOT)).secret).not.toBe('');
      });
    });
  });
}
