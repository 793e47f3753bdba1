import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import type { AuditEntry } from '#gen/millrace/state/v1/audit_pb.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import { createAccess } from '#services/state/rpc/access/access.ts';
import { appendAudit } from '#services/state/rpc/access/append-audit.ts';
import { failureOf } from '#test/doors/failure.ts';
import { type AccessCalls, accessCalls } from './access-calls.ts';
import { runCalls } from './run-calls.ts';
import { DOORS, newTenant, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

/** What AuditService promises, on any store and through both doors. */
export function auditContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let home: StateHome;
    let store: OpenStateStore;
    let served: ServedState;
    let clock = Date.UTC(2026, 0, 1);
    const nowMs = (): number => (clock += 1_000);

    beforeAll(async () => {
      home = stack.use(await createHome());
      store = stack.use(await home.openState());
      served = stack.use(await serveState(store));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    /** A process that writes to the audit log. */
    const writer = () => {
      const log = pino({ level: 'silent' });
      const access = createAccess({ tables: store.tables, rootSecret: undefined, log, nowMs });
      return { store, access, nowMs };
    };
    const append = (tenantId: string, targetId: string, context = writer(), targetKind = 'thing') =>
      appendAudit(context, 'server', tenantId, { action: 'test/Do', targetKind, targetId, details: { n: targetId } });

    describe.each(DOORS)('by $name', (door) => {
      const open = (): AccessCalls => accessCalls(door, served);
      const list = async (tenantId: string, filter = {}, pageSize = 0): Promise<AuditEntry[]> => {
        const found: AuditEntry[] = [];
        for (let pageToken = ''; ; ) {
          const page = await open().audit.listEntries({ tenantId, filter, pageSize, pageToken }, ROOT);
          if (pageSize > 0) expect(page.entries.length).toBeLessThanOrEqual(pageSize);
          found.push(...page.entries);
          pageToken = page.nextPageToken;
          if (pageToken === '') return found;
        }
      };
      const verify = (tenantId: string, more = {}) => open().audit.verifyChain({ tenantId, ...more }, ROOT);

      test('[70] who made and revoked a token is written down, and its secret is not', async () => {
        const { tokens } = open();
        const tenantId = newTenant();
        const made = await tokens.createToken({ tenantId, role: Role.WORKER, name: 'w', requestId: 'r-1' }, ROOT);
        const tokenId = made.token?.tokenId ?? '';
        await tokens.revokeToken({ tenantId, tokenId, reason: 'lost' }, ROOT);
        await tokens.revokeToken({ tenantId, tokenId, reason: 'lost' }, ROOT);
        const entries = await list(tenantId);
        expect(entries).toMatchObject([
          {
            number: 2n,
            action: 'millrace.state.v1.TokenService/RevokeToken',
            targetKind: 'token',
            targetId: tokenId,
            details: { name: 'w', reason: 'lost' },
          },
          {
            number: 1n,
            tokenId: 'token-root',
            tokenName: 'token-root',
            role: Role.ROOT,
            action: 'millrace.state.v1.TokenService/CreateToken',
            targetKind: 'token',
            targetId: tokenId,
            details: { name: 'w', role: 'worker' },
            requestId: 'r-1',
            peer: expect.stringContaining('127.0.0.1'),
          },
        ]);
        expect(entries[0]?.previousHash).toEqual(entries[1]?.hash);
        expect(String(Object.values(entries[1]?.details ?? {}))).not.toContain(made.secret);
      });

      test('entries are listed newest first, by page and by filter', async () => {
        const tenantId = newTenant();
        expect(await list(tenantId)).toEqual([]);
        for (let index = 1; index <= 7; index += 1) {
          await append(tenantId, `t-${index % 2}`, writer(), index > 5 ? 'other' : 'thing');
        }
        const all = await list(tenantId, {}, 3);
        expect(all.map(({ number }) => Number(number))).toEqual([7, 6, 5, 4, 3, 2, 1]);
        const numbers = async (filter: object): Promise<number[]> =>
          (await list(tenantId, filter, 2)).map(({ number }) => Number(number));
        expect(await numbers({ targetId: 't-1' })).toEqual([7, 5, 3, 1]);
        expect(await numbers({ targetKind: 'other' })).toEqual([7, 6]);
        expect(await numbers({ targetId: 't-1', targetKind: 'thing', action: 'test/Do' })).toEqual([5, 3, 1]);
        expect(await numbers({ action: 'test/Undo' })).toEqual([]);
        const time = timestampMs(all[3]?.entryTime as never);
        expect(await numbers({ minEntryTime: timestampFromMs(time) })).toEqual([7, 6, 5, 4]);
        expect(await numbers({ maxEntryTime: timestampFromMs(time) })).toEqual([3, 2, 1]);
        const { nextPageToken: pageToken } = await open().audit.listEntries({ tenantId, pageSize: 3 }, ROOT);
        const misused = { tenantId, pageToken, filter: { targetId: 't-1' } };
        expect(await failureOf(open().audit.listEntries(misused, ROOT))).toMatchObject({
          reason: 'PAGE_TOKEN_INVALID',
        });
      });

      test('many writers at once, as of several nodes, make one chain without gaps', async () => {
        const tenantId = newTenant();
        const nodes = [writer(), writer(), writer()];
        await Promise.all(Array.from({ length: 24 }, (_, index) => append(tenantId, `${index}`, nodes[index % 3])));
        const entries = await list(tenantId);
        expect(entries.map(({ number }) => Number(number))).toEqual(
          Array.from({ length: 24 }, (_, index) => 24 - index),
        );
        expect(new Set(entries.map(({ targetId }) => targetId)).size).toBe(24);
        expect(await verify(tenantId)).toMatchObject({ valid: true, checked: 24n, lastNumber: 24n });
      });

      test('the chain is computed again in parts, and against a hash that was kept elsewhere', async () => {
        const tenantId = newTenant();
        expect(await verify(tenantId)).toMatchObject({ valid: true, checked: 0n, lastNumber: 0n });
        for (let index = 1; index <= 5; index += 1) await append(tenantId, `${index}`);
        const [newest, before] = await list(tenantId);
        const whole = await verify(tenantId, { expectedHash: newest?.hash });
        expect(whole).toMatchObject({ valid: true, checked: 5n, lastNumber: 5n, lastHash: newest?.hash });
        expect(await verify(tenantId, { maxEntries: 2 })).toMatchObject({ valid: true, checked: 2n, lastNumber: 2n });
        expect(await verify(tenantId, { fromNumber: 3n })).toMatchObject({ valid: true, checked: 3n, lastNumber: 5n });
        expect(await verify(tenantId, { expectedHash: before?.hash })).toMatchObject({
          valid: false,
          firstBadNumber: 5n,
          problem: 'its hash is not the one that was expected',
        });
        expect(await verify(tenantId, { toNumber: 6n })).toMatchObject({
          valid: false,
          checked: 5n,
          firstBadNumber: 6n,
          problem: 'it is missing',
        });
      });

      test('an entry of which one byte was changed is found and named', async () => {
        const tenantId = newTenant();
        for (let index = 1; index <= 4; index += 1) await append(tenantId, `${index}`);
        await home.flipAudit(tenantId, 3);
        expect(await verify(tenantId)).toMatchObject({
          valid: false,
          checked: 2n,
          lastNumber: 2n,
          firstBadNumber: 3n,
          problem: 'its hash is not that of its content',
        });
      });

      test('starts, controls and signals are read from the logs of runs where they are asked for', async () => {
        const { tenantId, runs, signals, start } = await runCalls(door, served);
        await start('a');
        await start('b');
        await runs.pauseRun({ tenantId, runId: 'a', reason: 'lunch' }, ROOT);
        await signals.sendSignal({ tenantId, runId: 'a', name: 'paid', signalId: 's-1' }, ROOT);
        await runs.resumeRun({ tenantId, runId: 'a' }, ROOT);
        await runs.terminateRun({ tenantId, runId: 'a', reason: 'enough' }, ROOT);
        const verbs = async (filter = {}, pageSize = 0): Promise<string[]> =>
          (await list(tenantId, { includeRuns: true, ...filter }, pageSize)).map(
            ({ targetId, action }) => `${targetId} ${action.split('/')[1]}`,
          );
        const ofA = ['a StartRun', 'a PauseRun', 'a SendSignal', 'a ResumeRun', 'a TerminateRun'];
        await expect.poll(() => verbs(), { timeout: 5_000 }).toEqual(['b StartRun', ...ofA]);
        expect(await verbs({}, 2)).toEqual(['b StartRun', ...ofA]);
        expect(await verbs({ targetId: 'a' }, 2)).toEqual(ofA);
        expect(await verbs({ action: 'millrace.state.v1.RunService/PauseRun' })).toEqual(['a PauseRun']);
        expect(await list(tenantId)).toEqual([]);
        const [paused] = await list(tenantId, { includeRuns: true, action: 'millrace.state.v1.RunService/PauseRun' });
        expect(paused).toMatchObject({ number: 0n, tokenName: 'token-root', details: { reason: 'lunch' } });
      });
    });
  });
}
