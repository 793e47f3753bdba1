import { describe, expect, test, vi } from 'vitest';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { ConsumeSignalResponse, SendSignalResponse } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { describeServed, type RunsContract } from '#test/contract/runs/describe-served.ts';
import { failureOf } from '#test/doors/failure.ts';
import { upTo } from './event-logs.ts';
import { type ClientCalls, clientCalls, jsonOf } from './recording-calls.ts';
import { DOORS, ROOT } from './serve-state.ts';

interface SignalCalls extends ClientCalls {
  readonly send: (runId: string, name: string, value: unknown, signalId?: string) => Promise<SendSignalResponse>;
  readonly consume: (runId: string, name: string, requestId?: string) => Promise<ConsumeSignalResponse>;
}

/** What an answer brings. Undefined: no signal. */
function valueOf({ signal }: ConsumeSignalResponse): unknown {
  const value = signal?.payload?.value;
  return value?.case === 'json' ? (JSON.parse(value.value) as unknown) : value?.case;
}

/** What SignalService promises to runs that their clients drive, on any store and through both doors. */
export const clientSignalsContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = async (): Promise<SignalCalls> => {
        const calls = await clientCalls(door, served());
        const { tenantId, signals } = calls;
        return {
          ...calls,
          send: (runId, signal, value, signalId = '') =>
            signals.sendSignal({ tenantId, runId, name: signal, signalId, payload: jsonOf(value) }, ROOT),
          consume: (runId, signal, requestId = '') =>
            signals.consumeSignal({ tenantId, runId, name: signal, requestId }, ROOT),
        };
      };

      test('[33] signals are consumed in order, by name and by run', async () => {
        const { startClient, send, consume } = await open();
        await startClient('r');
        await startClient('other');
        await send('r', 's', 'm1', 'id-1');
        await send('r', 't', 'of t');
        await send('other', 's', 'of other');
        await send('r', 's', 'm2');
        const first = await consume('r', 's');
        expect(first).toMatchObject({ remaining: 1, signal: { name: 's', signalId: 'id-1' } });
        expect(first.signal?.sendTime).toBeDefined();
        expect(valueOf(first)).toBe('m1');
        expect(valueOf(await consume('r', 's'))).toBe('m2');
        const none = await consume('r', 's');
        expect([none.signal, none.remaining]).toEqual([undefined, 0]);
        expect(valueOf(await consume('other', 's'))).toBe('of other');
        expect(valueOf(await consume('r', 't'))).toBe('of t');
      });

      test('[33] of many who consume at once each gets another signal', async () => {
        const { startClient, send, consume } = await open();
        await startClient('r');
        for (const number of upTo(20)) await send('r', 's', number);
        const answers = await Promise.all(upTo(25).map(() => consume('r', 's')));
        const values = answers.flatMap((answer) => (answer.signal === undefined ? [] : [Number(valueOf(answer))]));
        expect(values.toSorted((one, other) => one - other)).toEqual(upTo(20));
        expect(answers.filter(({ signal }) => signal === undefined)).toHaveLength(5);
      });

      test('[36] a signal id is stored once, also after it was consumed', async () => {
        const { startClient, send, consume } = await open();
        await startClient('r');
        expect(await send('r', 's', 'first', 'id')).toMatchObject({ duplicate: false });
        expect(await send('r', 's', 'second', 'id')).toMatchObject({ duplicate: true });
        expect(valueOf(await consume('r', 's'))).toBe('first');
        expect(await send('r', 's', 'third', 'id')).toMatchObject({ duplicate: true });
        expect((await consume('r', 's')).signal).toBeUndefined();
      });

      test('[36] a run that is started later has what was sent before, and one that has ended takes and gives none', async () => {
        const { tenantId, signals, startClient, setStatus, send, consume } = await open();
        expect(await failureOf(send('r', 's', 1))).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
        expect(await failureOf(consume('r', 's'))).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
        const unborn = { tenantId, runId: 'r', name: 's', payload: jsonOf('early'), allowUnborn: true };
        expect(await signals.sendSignal(unborn, ROOT)).toMatchObject({ unborn: true });
        await startClient('r');
        expect(valueOf(await consume('r', 's'))).toBe('early');
        await send('r', 's', 'late');
        await setStatus('r', RunStatus.COMPLETED);
        const ended = { code: 'FAILED_PRECONDITION', reason: 'RUN_TERMINAL', metadata: { state: 'COMPLETED' } };
        expect(await failureOf(send('r', 's', 1))).toMatchObject(ended);
        expect(await failureOf(consume('r', 's'))).toMatchObject(ended);
      });

      test('[38, 41] a consume that is repeated answers the same signal, which is gone once', async () => {
        const { startClient, setStatus, send, consume, kinds } = await open();
        await startClient('r');
        for (const number of upTo(3)) await send('r', 's', number);
        const first = await consume('r', 's', 'once');
        expect([valueOf(first), first.remaining]).toEqual([1, 2]);
        expect(await consume('r', 's', 'once')).toEqual(first);
        expect(valueOf(await consume('r', 's', 'twice'))).toBe(2);
        expect((await kinds('r')).slice(-2)).toEqual(['(signalConsumed)', '(signalConsumed)']);
        expect(await failureOf(consume('r', 't', 'once'))).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
        await setStatus('r', RunStatus.COMPLETED);
        // What was answered stays so after the end.
        expect(await consume('r', 's', 'once')).toEqual(first);
      });

      test('[33] a payload is answered also when it is large, or has left memory', async () => {
        const { tenantId, startClient, append, send, consume, bytesOf } = await open();
        await startClient('r');
        await send('r', 's', 'small');
        await send('r', 's', 'x'.repeat(70_000));
        // Until the segment that has the signals is full, and its rows are written.
        for (let round = 0; round < 3; round += 1) await append('r', ...upTo(100).map(String));
        const key = { tenantId, runId: 'r' };
        await vi.waitFor(
          async () => {
            const look = { intent: 'read', act: ({ hot }: RunVisit) => hot?.tail.firstSequence } as const;
            expect(await ask(served().node.partitionOf(key), key, look)).toBeGreaterThan(100);
          },
          { timeout: 10_000, interval: 50 },
        );
        expect(valueOf(await consume('r', 's'))).toBe('small');
        const large = await consume('r', 's');
        expect(large.signal?.payload?.value.case).toBe('ref');
        expect(await bytesOf('r', large.signal?.payload)).toBe(JSON.stringify('x'.repeat(70_000)));
      });

      test('[9, 39] signals of a SERVER run are for its waits, and another incarnation has none of the one before', async () => {
        const { tenantId, signals, start, startClient, send, consume } = await open();
        await start('server');
        await send('server', 's', 1);
        expect(await failureOf(consume('server', 's'))).toMatchObject({ reason: 'WRONG_DRIVER' });
        const incarnation = await startClient('r');
        await send('r', 's', 'old');
        await start('r', { driver: Driver.CLIENT, conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        expect((await consume('r', 's')).signal).toBeUndefined();
        const late = signals.consumeSignal({ tenantId, runId: 'r', incarnation, name: 's' }, ROOT);
        expect(await failureOf(late)).toMatchObject({ code: 'ABORTED', reason: 'LEASE_LOST' });
      });
    });
  });
