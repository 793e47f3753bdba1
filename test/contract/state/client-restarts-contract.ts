import { toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import { EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { RunsContract } from '#test/contract/runs/describe-served.ts';
import { createMovingState } from '#test/contract/runs/moving-state.ts';
import { upTo } from './event-logs.ts';
import { type ClientCalls, clientCalls, jsonOf } from './recording-calls.ts';
import { GRPC, ROOT } from './serve-state.ts';

/** What is left of CLIENT runs when another process takes their partitions over, on any store. */
export const clientRestartsContract: RunsContract = (name, createHome) =>
  describe(name, { timeout: 60_000 }, () => {
    test('[41, 61] state, status, controls, signals and events of a CLIENT run are as before after a restart', async () => {
      await using moving = await createMovingState(createHome);
      const before = await clientCalls(GRPC, moving.served);
      const { tenantId } = before;
      const ids = upTo(6).map((number) => `r-${number}`);
      const firsts: unknown[] = [];
      for (const [at, runId] of ids.entries()) {
        await before.startClient(runId, 'first');
        await before.setStatus(runId, RunStatus.RUNNING);
        for (const number of upTo(at * 25)) {
          await before.append(runId, `e-${number}`);
          await patch(before, runId, { [`k-${number % 90}`]: number, nested: { n: number, gone: null } });
          if (number % 10 === 0) await send(before, runId, number);
        }
        await patch(before, runId, { text: 'x'.repeat(at * 30_000) }, 'large');
        await send(before, runId, 'last');
        firsts.push(await consume(before, runId, 'one'));
        await before.controls.storeControl({ tenantId, runId, kind: ControlKind.PAUSE, reason: runId }, ROOT);
      }
      const look = async (calls: ClientCalls): Promise<unknown[]> =>
        await Promise.all(
          ids.map(async (runId) => {
            const log = await calls.log(runId);
            return [toJson(RunSchema, await calls.read(runId)), log.map((event) => toJson(EventSchema, event))];
          }),
        );
      const seen = await look(before);
      for (let restart = 0; restart < 2; restart += 1) {
        const after = await clientCalls(GRPC, await moving.failOver(), tenantId);
        expect(await look(after)).toEqual(seen);
        // What was answered before is answered again, and nothing comes of it.
        for (const [at, runId] of ids.entries()) {
          expect(await consume(after, runId, 'one')).toEqual(firsts[at]);
          const again = await patch(after, runId, { text: 'x'.repeat(at * 30_000) }, 'large');
          expect(again.stateVersion).toBe(BigInt(at * 25 + 1));
        }
        expect(await look(after)).toEqual(seen);
      }
      const last = await clientCalls(GRPC, moving.served, tenantId);
      for (const [at, runId] of ids.entries()) {
        const next = await patch(last, runId, { after: 'restart' });
        expect(next.stateVersion).toBe(BigInt(at * 25 + 2));
        expect(await last.state(runId)).toMatchObject({ after: 'restart', text: 'x'.repeat(at * 30_000) });
        expect(await last.append(runId, 'next')).toMatchObject({ firstSequence: BigInt(at * 25 + 1) });
        const checked = await last.controls.checkAndPause({ tenantId, runId }, ROOT);
        expect(checked).toMatchObject({ paused: true, control: { reason: runId } });
        const { signal } = await consume(last, runId, 'two');
        expect(signal === undefined).toBe(at === 0);
      }
    });
  });

function patch(
  { tenantId, runs }: ClientCalls,
  runId: string,
  value: unknown,
  requestId = '',
): ReturnType<ClientCalls['runs']['patchRunState']> {
  return runs.patchRunState({ tenantId, runId, patch: jsonOf(value), requestId }, ROOT);
}

async function send({ tenantId, signals }: ClientCalls, runId: string, value: unknown): Promise<void> {
  await signals.sendSignal({ tenantId, runId, name: 's', payload: jsonOf(value) }, ROOT);
}

function consume(
  { tenantId, signals }: ClientCalls,
  runId: string,
  requestId: string,
): ReturnType<ClientCalls['signals']['consumeSignal']> {
  return signals.consumeSignal({ tenantId, runId, name: 's', requestId }, ROOT);
}
