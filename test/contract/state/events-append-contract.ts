import { createHash } from 'node:crypto';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { describeServed, type RunsContract } from '#test/contract/runs/describe-served.ts';
import { failureOf } from '#test/doors/failure.ts';
import { numbersOf, upTo } from './event-logs.ts';
import { type ClientCalls, clientCalls, jsonOf } from './recording-calls.ts';
import { DOORS, ROOT } from './serve-state.ts';

/** The events of a runtime by their types. */
function typesOf(events: readonly Event[]): string[] {
  return events.flatMap(({ kind }) => (kind.case === 'clientEvent' ? [kind.value.type] : []));
}

/** What EventLogService.AppendEvents promises, on any store and through both doors. */
export const eventsAppendContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<ClientCalls> => clientCalls(door, served());

      test('[57] events are numbered from 1 without gaps, whatever controls, signals and states come between', async () => {
        const { tenantId, events, runs, signals, controls, startClient, setStatus, append, kinds } = await open();
        await startClient('r');
        expect(await append('r', 'one')).toMatchObject({ firstSequence: 1n, lastSequence: 1n });
        await controls.storeControl({ tenantId, runId: 'r', kind: ControlKind.PAUSE }, ROOT);
        expect(await append('r', 'two', 'three')).toMatchObject({ firstSequence: 2n, lastSequence: 3n });
        await signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT);
        await runs.patchRunState({ tenantId, runId: 'r', patch: jsonOf({ a: 1 }) }, ROOT);
        await setStatus('r', RunStatus.RUNNING);
        expect(await append('r', 'four')).toMatchObject({ firstSequence: 4n, lastSequence: 4n });
        expect(await kinds('r')).toEqual([
          '(started)',
          'clientEvent',
          '(controlRequested)',
          'clientEvent',
          'clientEvent',
          '(signalReceived)',
          '(statePatched)',
          '(statusChanged)',
          'clientEvent',
        ]);
        const listed = await events.listEvents({ tenantId, runId: 'r' }, ROOT);
        expect([numbersOf(listed.events), typesOf(listed.events)]).toEqual([upTo(4), ['one', 'two', 'three', 'four']]);
      });

      test('[57] an append that expects another number is SEQUENCE_CONFLICT and writes nothing', async () => {
        const { tenantId, events, startClient } = await open();
        await startClient('r');
        const append = (expectedSequence: bigint): ReturnType<typeof events.appendEvents> =>
          events.appendEvents({ tenantId, runId: 'r', expectedSequence, events: [{ type: 'e' }, { type: 'e' }] }, ROOT);
        await append(0n);
        for (const expected of [0n, 1n, 3n, 2n ** 60n]) {
          expect(await failureOf(append(expected))).toMatchObject({
            code: 'ABORTED',
            reason: 'SEQUENCE_CONFLICT',
            metadata: { actual: '2' },
          });
        }
        expect((await events.getLatestSequence({ tenantId, runId: 'r' }, ROOT)).sequence).toBe(2n);
        expect(await append(2n)).toMatchObject({ firstSequence: 3n, lastSequence: 4n });
      });

      test('[57] fifty appends at once are fifty events without a gap, and of those that expect a number one wins', async () => {
        const { tenantId, events, startClient, append } = await open();
        await startClient('r');
        const answers = await Promise.all(upTo(50).map((number) => append('r', `e-${number}`)));
        const given = answers.map(({ firstSequence }) => Number(firstSequence));
        expect(given.toSorted((one, other) => one - other)).toEqual(upTo(50));
        const listed = await events.listEvents({ tenantId, runId: 'r' }, ROOT);
        expect(numbersOf(listed.events)).toEqual(upTo(50));
        expect(typesOf(listed.events)).toEqual(upTo(50).map((at) => `e-${given.indexOf(at) + 1}`));
        const racing = upTo(8).map((number) =>
          events.appendEvents(
            { tenantId, runId: 'r', expectedSequence: 50n, events: [{ type: `race-${number}` }] },
            ROOT,
          ),
        );
        const settled = await Promise.allSettled(racing);
        expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        expect((await events.getLatestSequence({ tenantId, runId: 'r' }, ROOT)).sequence).toBe(51n);
      });

      test('[57] an event is kept as its runtime appended it, a thousand at once at most', async () => {
        const { tenantId, events, startClient } = await open();
        await startClient('r');
        const sourceTime = timestampFromMs(Date.UTC(1969, 6, 20) + 1);
        const event = { type: 'landed', data: jsonOf({ at: 'sea' }), sourceTime, metadata: { crew: '3', a: '' } };
        const many = upTo(999).map(() => ({ type: 'n' }));
        const run = { tenantId, runId: 'r' };
        const answer = await events.appendEvents({ ...run, events: [event, ...many] }, ROOT);
        expect(answer).toMatchObject({ firstSequence: 1n, lastSequence: 1_000n });
        const [first] = (await events.listEvents({ ...run, pageSize: 1 }, ROOT)).events;
        expect(first?.kind).toMatchObject({ case: 'clientEvent', value: event });
        for (const [field, given] of [
          ['events', []],
          ['events', [event, event, ...many]],
          ['events[0].type', [{ type: '' }]],
        ] as const) {
          const failure = await failureOf(events.appendEvents({ ...run, events: [...given] }, ROOT));
          expect(failure).toMatchObject({ reason: 'INVALID_FIELDS', violations: [{ field }] });
        }
      });

      test('[57] large data is kept beside the log, and an upload becomes the data of the event that names it', async () => {
        const { tenantId, events, startClient, log, upload, bytesOf } = await open();
        await startClient('r');
        const large = JSON.stringify('x'.repeat(70_000));
        const run = { tenantId, runId: 'r' };
        const ask = { ...run, requestId: 'large', events: [{ type: 'large', data: jsonOf('x'.repeat(70_000)) }] };
        const first = await events.appendEvents(ask, ROOT);
        expect(await events.appendEvents(ask, ROOT)).toEqual(first);
        const event = (await log('r')).at(-1)?.kind;
        const data = event?.case === 'clientEvent' ? event.value.data : undefined;
        expect(data?.value.case).toBe('ref');
        expect(await bytesOf('r', data)).toBe(large);
        await events.appendEvents({ ...run, events: [{ type: 'uploaded', data: await upload({ a: 1 }) }] }, ROOT);
        const uploaded = (await log('r')).at(-1)?.kind;
        expect(uploaded?.case === 'clientEvent' && (await bytesOf('r', uploaded.value.data))).toBe('{"a":1}');
        const sha256 = Uint8Array.from(createHash('sha256').update('nothing').digest());
        const missing = { value: { case: 'ref', value: { sha256, size: 7n } } } as const;
        const absent = events.appendEvents({ ...run, events: [{ type: 'absent', data: missing }] }, ROOT);
        expect(await failureOf(absent)).toMatchObject({ reason: 'PAYLOAD_NOT_FOUND' });
        expect((await events.getLatestSequence(run, ROOT)).sequence).toBe(2n);
      });

      test('[41] an append that is repeated is the one that was made, and its request id is not for another', async () => {
        const { tenantId, events, startClient, append } = await open();
        await startClient('r');
        const metadata = { a: '1', b: '2' };
        const ask = { tenantId, runId: 'r', requestId: 'once', events: [{ type: 'e', metadata }] };
        const first = await events.appendEvents(ask, ROOT);
        await append('r', 'between');
        expect(await events.appendEvents(ask, ROOT)).toEqual(first);
        expect((await events.getLatestSequence({ tenantId, runId: 'r' }, ROOT)).sequence).toBe(2n);
        for (const other of [{ events: [{ type: 'f', metadata }] }, { expectedSequence: 2n }]) {
          const reused = await failureOf(events.appendEvents({ ...ask, ...other }, ROOT));
          expect(reused).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_ID_REUSED' });
        }
      });

      test('[9, 39] only an open run of a client takes events, and only for its newest incarnation', async () => {
        const { tenantId, events, start, startClient, setStatus, append } = await open();
        await start('server');
        expect(await failureOf(append('server', 'e'))).toMatchObject({ reason: 'WRONG_DRIVER' });
        const large = { tenantId, runId: 'server', events: [{ type: 'e', data: jsonOf('x'.repeat(70_000)) }] };
        expect(await failureOf(events.appendEvents(large, ROOT))).toMatchObject({ reason: 'WRONG_DRIVER' });
        expect(await failureOf(append('missing', 'e'))).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
        const incarnation = await startClient('r');
        await append('r', 'old');
        await start('r', { driver: Driver.CLIENT, conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        const late = events.appendEvents({ tenantId, runId: 'r', incarnation, events: [{ type: 'late' }] }, ROOT);
        expect(await failureOf(late)).toMatchObject({ code: 'ABORTED', reason: 'LEASE_LOST' });
        expect(await append('r', 'new')).toMatchObject({ firstSequence: 1n });
        await setStatus('r', RunStatus.COMPLETED);
        expect(await failureOf(append('r', 'late'))).toMatchObject({
          code: 'FAILED_PRECONDITION',
          reason: 'RUN_TERMINAL',
          metadata: { state: 'COMPLETED' },
        });
      });

      test('[58] a watch delivers what is appended, in order and to the end of the run', async () => {
        const { tenantId, events, startClient, setStatus, append } = await open();
        await startClient('r');
        await append('r', 'one', 'two');
        const watching = (async () => {
          const found: Event[] = [];
          const request = { tenantId, runId: 'r', afterSequence: 1n, includeSystem: true };
          for await (const frame of events.watchEvents(request, ROOT)) found.push(...frame.events);
          return found;
        })();
        for (const number of upTo(20)) await append('r', `e-${number}`);
        await setStatus('r', RunStatus.COMPLETED);
        const found = await watching;
        expect(typesOf(found)).toEqual(['two', ...upTo(20).map((number) => `e-${number}`)]);
        expect(found.at(-1)).toMatchObject({ sequence: 22n, kind: { value: { kind: { case: 'ended' } } } });
      });
    });
  });
