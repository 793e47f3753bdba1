import { describe, expect, test } from 'vitest';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import {
  type AppendRunStateResponse,
  ConflictPolicy,
  PatchMode,
  type PatchRunStateResponse,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { describeServed, type RunsContract } from '#test/contract/runs/describe-served.ts';
import { failureOf } from '#test/doors/failure.ts';
import { upTo } from './event-logs.ts';
import { type ClientCalls, clientCalls, jsonOf } from './recording-calls.ts';
import { DOORS, ROOT } from './serve-state.ts';

/** How a patch is made, besides what it says. */
interface PatchInit {
  readonly mode?: PatchMode;
  readonly expectedVersion?: bigint;
  readonly requestId?: string;
  readonly incarnation?: string;
}

interface StateCalls extends ClientCalls {
  readonly patch: (runId: string, patch: unknown, more?: PatchInit) => Promise<PatchRunStateResponse>;
  readonly push: (runId: string, key: string, value: unknown, requestId?: string) => Promise<AppendRunStateResponse>;
}

/** The document of an answer. */
function stateIn({ state }: PatchRunStateResponse): unknown {
  return state?.value.case === 'json' ? (JSON.parse(state.value.value) as unknown) : state?.value.case;
}

const MIB = 1024 * 1024;

/** What PatchRunState and AppendRunState promise, on any store and through both doors. */
export const runStateContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = async (): Promise<StateCalls> => {
        const calls = await clientCalls(door, served());
        const { tenantId, runs } = calls;
        return {
          ...calls,
          patch: (runId, patch, more = {}) =>
            runs.patchRunState({ tenantId, runId, patch: jsonOf(patch), ...more }, ROOT),
          push: (runId, key, value, requestId = '') =>
            runs.appendRunState({ tenantId, runId, key, value: jsonOf(value), requestId }, ROOT),
        };
      };

      test('[59] a patch is RFC 7396: null removes, objects merge, arrays replace', async () => {
        const { startClient, patch, state, read, kinds } = await open();
        await startClient('r');
        expect([await state('r'), (await read('r')).stateVersion]).toEqual([undefined, 0n]);
        const first = await patch('r', { a: { b: 1, c: [1, 2] }, d: 'x' });
        expect([stateIn(first), first.stateVersion]).toEqual([{ a: { b: 1, c: [1, 2] }, d: 'x' }, 1n]);
        const second = await patch('r', { a: { b: null, c: [3], e: { f: null, g: 1 } }, d: null });
        expect(stateIn(second)).toEqual({ a: { c: [3], e: { g: 1 } } });
        const third = await patch('r', { whole: null, n: 1 }, { mode: PatchMode.REPLACE });
        expect(stateIn(third)).toEqual({ whole: null, n: 1 });
        expect([await state('r'), (await read('r')).stateVersion]).toEqual([{ whole: null, n: 1 }, 3n]);
        expect(await kinds('r')).toEqual(['(started)', ...upTo(3).map(() => '(statePatched)')]);
      });

      test('[59] an append makes the array or goes on with it, and what is no array is NOT_AN_ARRAY', async () => {
        const { startClient, patch, push, state, log } = await open();
        await startClient('r');
        expect(await push('r', 'log', { n: 1 })).toMatchObject({ stateVersion: 1n, length: 1 });
        expect(await push('r', 'log', 'two')).toMatchObject({ stateVersion: 2n, length: 2 });
        await patch('r', { name: 'x', none: {} });
        expect(await state('r')).toEqual({ log: [{ n: 1 }, 'two'], name: 'x', none: {} });
        for (const key of ['name', 'none']) {
          expect(await failureOf(push('r', key, 1))).toMatchObject({
            code: 'FAILED_PRECONDITION',
            reason: 'NOT_AN_ARRAY',
            metadata: { key },
          });
        }
        expect((await log('r'))[2]?.kind).toMatchObject({
          value: { kind: { case: 'statePatched', value: { stateVersion: 2n, key: 'log' } } },
        });
      });

      test('[59] of patches and appends at the same time all survive', async () => {
        const { startClient, patch, push, state, read } = await open();
        await startClient('r');
        await Promise.all([patch('r', { one: { a: 1 } }), patch('r', { one: { b: 2 } })]);
        expect(await state('r')).toEqual({ one: { a: 1, b: 2 } });
        const answers = await Promise.all(
          upTo(40).flatMap((number) => [patch('r', { [`k-${number}`]: number }), push('r', 'all', number)]),
        );
        const versions = answers.map(({ stateVersion }) => Number(stateVersion));
        expect(versions.toSorted((one, other) => one - other)).toEqual(upTo(82, 3));
        const document = (await state('r')) as Record<string, unknown>;
        expect(Object.keys(document)).toHaveLength(42);
        expect((document['all'] as number[]).toSorted((one, other) => one - other)).toEqual(upTo(40));
        expect((await read('r')).stateVersion).toBe(82n);
      });

      test('[59] a patch that expects another version is VERSION_CONFLICT and changes nothing', async () => {
        const { startClient, patch, state } = await open();
        await startClient('r');
        await patch('r', { a: 1 }, { expectedVersion: 0n });
        const late = await failureOf(patch('r', { a: 2 }, { expectedVersion: 0n }));
        expect(late).toMatchObject({
          code: 'ABORTED',
          reason: 'VERSION_CONFLICT',
          metadata: { expected: '0', actual: '1' },
        });
        const racing = upTo(5).map((number) => patch('r', { a: number }, { expectedVersion: 1n }));
        const settled = await Promise.allSettled(racing);
        expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        expect(await state('r')).toEqual({ a: settled.findIndex(({ status }) => status === 'fulfilled') + 1 });
      });

      test('[41] a change that is repeated gets the first answer, whatever came after it', async () => {
        const { startClient, setStatus, patch, push, state } = await open();
        await startClient('r');
        const first = await patch('r', { n: 1 }, { requestId: 'one' });
        const pushed = await push('r', 'log', 1, 'push');
        for (const number of upTo(70)) await patch('r', { n: number });
        for (const when of ['open', 'ended']) {
          expect(await patch('r', { n: 1 }, { requestId: 'one' }), when).toEqual(first);
          expect(await push('r', 'log', 1, 'push'), when).toEqual(pushed);
          expect(await state('r')).toEqual({ n: 70, log: [1] });
          await setStatus('r', RunStatus.COMPLETED);
        }
        const reused = { reason: 'REQUEST_ID_REUSED' };
        expect(await failureOf(patch('r', { n: 2 }, { requestId: 'one' }))).toMatchObject(reused);
        expect(await failureOf(push('r', 'other', 1, 'push'))).toMatchObject(reused);
      });

      test('[59] what is no object of plain JSON is INVALID_FIELDS, and names the field', async () => {
        const { tenantId, runs, startClient, read } = await open();
        await startClient('r');
        const data = (text: string) => ({ case: 'data', value: Uint8Array.from(Buffer.from(text)) }) as const;
        const deep = `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`;
        const invalid = [
          ['patch', { value: data('[1]') }, 'must be a JSON object'],
          ['patch', jsonOf(null), 'must be a JSON object'],
          ['patch', {}, 'must be a JSON object'],
          ['patch', { value: data('{"a":') }, 'must be JSON'],
          ['patch', { value: { case: 'data', value: Uint8Array.of(0x22, 0xff, 0x22) } as const }, 'in UTF-8'],
          ['patch', { value: data(deep) }, 'at most 100 deep'],
          [
            'patch',
            { value: { case: 'ref', value: { sha256: new Uint8Array(32), size: BigInt(MIB + 1) } } } as const,
            `at most ${MIB} bytes`,
          ],
          ['patch.encodings', { encodings: ['zstd'], value: data('{}') }, 'must be empty'],
          ['patch.content_type', { contentType: 'text/plain', value: data('{}') }, 'application/json'],
        ] as const;
        for (const [field, payload, text] of invalid) {
          const patch = { ...payload, encodings: 'encodings' in payload ? [...payload.encodings] : [] };
          const failure = await failureOf(runs.patchRunState({ tenantId, runId: 'r', patch }, ROOT));
          expect(failure, text).toMatchObject({ reason: 'INVALID_FIELDS', violations: [{ field }] });
          expect(failure.violations[0]?.description).toContain(text);
        }
        expect(await failureOf(runs.patchRunState({ tenantId, runId: 'r' }, ROOT))).toMatchObject({
          reason: 'INVALID_FIELDS',
        });
        expect((await read('r')).stateVersion).toBe(0n);
        const json = { contentType: 'application/json', value: data('{"id":12345678901234567890}') };
        const { state } = await runs.patchRunState({ tenantId, runId: 'r', patch: json }, ROOT);
        expect(state?.value).toEqual({ case: 'json', value: '{"id":12345678901234567890}' });
      });

      test('[59] a document has at most 1 MiB, and what would make it larger names size and limit', async () => {
        const { tenantId, runs, startClient, upload, patch, push, state, read } = await open();
        await startClient('r');
        const half = 'x'.repeat(MIB / 2);
        await patch('r', { one: half });
        const tooLarge = { code: 'RESOURCE_EXHAUSTED', reason: 'PAYLOAD_TOO_LARGE' };
        const size = String(JSON.stringify({ one: half, two: half }).length);
        expect(await failureOf(patch('r', { two: half }))).toMatchObject({
          ...tooLarge,
          metadata: { field: 'state', size, limit: String(MIB) },
        });
        expect(await failureOf(push('r', 'log', half))).toMatchObject(tooLarge);
        expect((await read('r')).stateVersion).toBe(1n);
        const room = MIB - JSON.stringify({ one: half, two: '' }).length;
        expect(await patch('r', { two: 'y'.repeat(room) })).toMatchObject({ stateVersion: 2n });
        expect(await failureOf(push('r', 'log', 1))).toMatchObject(tooLarge);
        const uploaded = await runs.patchRunState({ tenantId, runId: 'r', patch: await upload({ two: null }) }, ROOT);
        expect(uploaded).toMatchObject({ stateVersion: 3n });
        expect(await state('r')).toEqual({ one: half });
      });

      test('[59] a large document that many change is shown as what they made of it', async () => {
        const { tenantId, runs, startClient, patch, push, state, list } = await open();
        await startClient('r');
        const large = { text: 'x'.repeat(100_000) };
        const first = await patch('r', large, { requestId: 'large' });
        const numbers = upTo(100);
        for (let from = 0; from < 100; from += 20) {
          await Promise.all(numbers.slice(from, from + 20).map((number) => push('r', 'log', number)));
        }
        const document = (await state('r')) as { readonly text: string; readonly log: number[] };
        expect(document.text).toBe(large.text);
        expect(document.log.toSorted((one, other) => one - other)).toEqual(numbers);
        expect(await patch('r', large, { requestId: 'large' })).toEqual(first);
        // It is recorded as a whole now and then, so that few changes are read to build it.
        const key = { tenantId, runId: 'r' };
        const look = { intent: 'read', act: ({ hot }: RunVisit) => hot?.run.client?.statePlaces.length } as const;
        expect(await ask(served().node.partitionOf(key), key, look)).toBeLessThan(90);
        const basic = await runs.getRun({ tenantId, runId: 'r', view: RunView.BASIC }, ROOT);
        expect(basic.run).toMatchObject({ stateVersion: 101n });
        expect(basic.run?.state).toBeUndefined();
        const { commitToken } = await patch('r', { last: true });
        const listed = await list({ view: RunView.STATE, afterCommit: commitToken });
        expect(listed.runs[0]?.state?.value.value).toBe(JSON.stringify({ ...document, last: true }));
      });

      test('[9, 39] a document is of an open CLIENT run, and stays readable of one that was replaced', async () => {
        const { tenantId, runs, start, startClient, setStatus, patch, push, state } = await open();
        await start('server');
        expect(await failureOf(patch('server', {}))).toMatchObject({ reason: 'WRONG_DRIVER' });
        expect(await failureOf(push('server', 'k', 1))).toMatchObject({ reason: 'WRONG_DRIVER' });
        expect(await failureOf(patch('missing', {}))).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
        const incarnation = await startClient('r');
        await patch('r', { old: true });
        await start('r', { driver: Driver.CLIENT, conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        expect(await failureOf(patch('r', {}, { incarnation }))).toMatchObject({ reason: 'LEASE_LOST' });
        expect([await state('r'), await state('r', incarnation)]).toEqual([undefined, { old: true }]);
        await patch('r', { fresh: true });
        await setStatus('r', RunStatus.COMPLETED);
        expect(await failureOf(patch('r', {}))).toMatchObject({ reason: 'RUN_TERMINAL' });
        const late = runs.appendRunState({ tenantId, runId: 'r', key: 'k', value: jsonOf(1) }, ROOT);
        expect(await failureOf(late)).toMatchObject({ reason: 'RUN_TERMINAL', metadata: { state: 'COMPLETED' } });
        expect(await state('r')).toEqual({ fresh: true });
      });
    });
  });
