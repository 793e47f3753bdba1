import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import { incarnationFrom } from '#libs/partition/runs/incarnation.ts';
import { failureOf } from '#test/doors/failure.ts';
import { kindsOf, numbersOf, runWithSteps, upTo } from './event-logs.ts';
import { type HeldStore, holdJournal } from './held-journal.ts';
import { clientCalls } from './recording-calls.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { DOORS, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

/** What EventLogService and DispatchService.GetHistory promise to readers, on any store and through both doors. */
export function eventsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let held: HeldStore;
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      const store = stack.use(await home.openState());
      held = holdJournal(store);
      served = stack.use(await serveState(held.store));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<RunCalls> => runCalls(door, served);

      test('[58] events after a number are listed in order, and beyond the end there are none', async () => {
        const calls = await open();
        const { tenantId, events } = calls;
        await using worker = await runWithSteps(calls, 250);
        const list = (afterSequence: bigint, pageSize = 0): ReturnType<typeof events.listEvents> =>
          events.listEvents({ tenantId, runId: 'r', afterSequence, pageSize }, ROOT);
        const first = await list(0n);
        expect([numbersOf(first.events), first.lastSequence]).toEqual([upTo(100), 253n]);
        expect(kindsOf(first.events).slice(0, 4)).toEqual([
          'runStarted',
          'taskScheduled',
          'taskLeased',
          'stepRecorded',
        ]);
        expect(numbersOf((await list(0n, 1_000)).events)).toEqual(upTo(253));
        expect(numbersOf((await list(199n, 10)).events)).toEqual(upTo(209, 200));
        expect(numbersOf((await list(252n)).events)).toEqual([253]);
        for (const beyond of [253n, 254n, 10n ** 18n]) {
          expect(await list(beyond)).toMatchObject({ events: [], nextPageToken: '', lastSequence: 253n });
        }
        expect(await failureOf(list(-1n))).toMatchObject({ reason: 'INVALID_FIELDS' });
        expect(await failureOf(list(0n, 1_001))).toMatchObject({ reason: 'INVALID_FIELDS' });
        expect(worker.received).not.toEqual([]);
      });

      test('[58] pages go on where the one before ended, also while the log grows, and their tokens are their own', async () => {
        const calls = await open();
        const { tenantId, events } = calls;
        await using worker = await runWithSteps(calls, 47);
        const found: number[] = [];
        let pageToken = '';
        let steps = 47;
        do {
          const page = await events.listEvents({ tenantId, runId: 'r', pageSize: 20, pageToken }, ROOT);
          found.push(...numbersOf(page.events));
          pageToken = page.nextPageToken;
          if (steps < 60) await worker.step(await worker.assigned('r'), (steps += 1));
        } while (pageToken !== '');
        expect(found).toEqual(upTo(found.length));
        expect(found.length).toBeGreaterThan(50);
        const { nextPageToken } = await events.listEvents({ tenantId, runId: 'r', pageSize: 20 }, ROOT);
        const invalid = { code: 'INVALID_ARGUMENT', reason: 'PAGE_TOKEN_INVALID' };
        for (const other of [{ afterSequence: 1n }, { includeSystem: true }, { runId: 'other' }]) {
          const request = { tenantId, runId: 'r', pageToken: nextPageToken, ...other };
          expect(await failureOf(events.listEvents(request, ROOT))).toMatchObject(invalid);
        }
        const history = { tenantId, runId: 'r', pageToken: nextPageToken };
        expect(await failureOf(calls.dispatch.getHistory(history, ROOT))).toMatchObject(invalid);
      });

      test('a page ends at 1 MiB though more was asked for', async () => {
        const calls = await open();
        const { tenantId, events } = calls;
        await using worker = await runWithSteps(calls, 60, JSON.stringify('x'.repeat(40_000)));
        const page = await events.listEvents({ tenantId, runId: 'r', pageSize: 1_000 }, ROOT);
        expect(page.events).toHaveLength(3 + Math.floor(1_048_576 / 40_050));
        const rest = await events.listEvents(
          { tenantId, runId: 'r', pageSize: 1_000, pageToken: page.nextPageToken },
          ROOT,
        );
        expect(numbersOf(rest.events)[0]).toBe(page.events.length + 1);
        expect(worker.sessionId).not.toBe('');
      });

      test('[58] the latest number is that of the last event, and 0 of a log that is empty', async () => {
        const calls = await open();
        const { tenantId, events, start } = calls;
        const { run } = await start('r');
        const latest = (runId: string): ReturnType<typeof events.getLatestSequence> =>
          events.getLatestSequence({ tenantId, runId }, ROOT);
        expect(await latest('r')).toMatchObject({ sequence: 2n, incarnation: run?.incarnation });
        const incarnation = await (await clientCalls(door, served, tenantId)).startClient('client');
        expect(await latest('client')).toMatchObject({ sequence: 0n, incarnation });
        expect(await failureOf(latest('none'))).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
      });

      test('[39] the history of an incarnation that was replaced stays readable, and its pages stay with it', async () => {
        const { tenantId, events, start } = await open();
        const old = (await start('r')).run?.incarnation ?? '';
        const first = await events.listEvents({ tenantId, runId: 'r', pageSize: 1 }, ROOT);
        const { run } = await start('r', { conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        for (const waitMs of [0, 300]) {
          await sleep(waitMs);
          const named = await events.listEvents({ tenantId, runId: 'r', incarnation: old }, ROOT);
          expect(kindsOf(named.events)).toEqual(['runStarted', 'taskScheduled', 'runEnded']);
          const rest = await events.listEvents(
            { tenantId, runId: 'r', pageSize: 1, pageToken: first.nextPageToken },
            ROOT,
          );
          expect(kindsOf(rest.events)).toEqual(['taskScheduled']);
          const newest = await events.getLatestSequence({ tenantId, runId: 'r' }, ROOT);
          expect(newest).toMatchObject({ sequence: 2n, incarnation: run?.incarnation });
        }
        const unknown = incarnationFrom(Date.now(), randomBytes(10));
        const absent = events.listEvents({ tenantId, runId: 'r', incarnation: unknown }, ROOT);
        expect(await failureOf(absent)).toMatchObject({ reason: 'RUN_NOT_FOUND', metadata: { incarnation: unknown } });
      });

      test('of a CLIENT run system records are shown on request, each after the event that it followed', async () => {
        const { tenantId, events, dispatch, signals, startClient, append } = await clientCalls(door, served);
        const key = { tenantId, runId: 'client' };
        await startClient('client');
        const signal = (): Promise<unknown> => signals.sendSignal({ ...key, name: 's' }, ROOT);
        await signal();
        await append('client', 'one', 'two');
        await signal();
        await signal();
        await append('client', 'three');
        await signal();
        const list = async (request: { includeSystem?: boolean; afterSequence?: bigint; pageSize?: number }) => {
          const found: Event[] = [];
          let pageToken = '';
          do {
            const page = await events.listEvents({ ...key, ...request, pageToken }, ROOT);
            expect(page.lastSequence).toBe(3n);
            found.push(...page.events);
            pageToken = page.nextPageToken;
          } while (pageToken !== '');
          return found.map(({ sequence, kind }) => `${sequence} ${kind.case}`);
        };
        const all = [
          '0 systemRecord',
          '0 systemRecord',
          '1 clientEvent',
          '2 clientEvent',
          '2 systemRecord',
          '2 systemRecord',
          '3 clientEvent',
          '3 systemRecord',
        ];
        for (const pageSize of [0, 1, 3]) {
          expect(await list({ includeSystem: true, pageSize })).toEqual(all);
          expect(await list({ pageSize })).toEqual(['1 clientEvent', '2 clientEvent', '3 clientEvent']);
          expect(await list({ includeSystem: true, afterSequence: 2n, pageSize })).toEqual(all.slice(4));
          expect(await list({ afterSequence: 2n, pageSize })).toEqual(['3 clientEvent']);
        }
        expect(await failureOf(dispatch.getHistory(key, ROOT))).toMatchObject({
          code: 'FAILED_PRECONDITION',
          reason: 'WRONG_DRIVER',
        });
        const watched: string[] = [];
        for await (const { events: more } of events.watchEvents(
          { ...key, afterSequence: 1n, includeSystem: true },
          ROOT,
        )) {
          watched.push(...more.map(({ sequence, kind }) => `${sequence} ${kind.case}`));
          if (watched.length === 5) {
            await signal();
            await append('client', 'four');
          }
          if (watched.length === 7) break;
        }
        expect(watched).toEqual([...all.slice(3), '3 systemRecord', '4 clientEvent']);
      });

      test('what is decided and not durable is neither listed nor streamed', async () => {
        const { tenantId, events, dispatch, start, signals } = await open();
        await start('r');
        const stream = events.watchEvents({ tenantId, runId: 'r' }, ROOT)[Symbol.asyncIterator]();
        expect(numbersOf((await stream.next()).value?.events ?? [])).toEqual([1, 2]);
        held.hold();
        const answered: string[] = [];
        const note = async (what: string, answer: Promise<unknown>): Promise<void> => {
          await answer;
          answered.push(what);
        };
        const sent = note('sent', signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT));
        await sleep(50);
        const run = { tenantId, runId: 'r' };
        const reads = [
          sent,
          note('listed', events.listEvents(run, ROOT)),
          note('latest', events.getLatestSequence(run, ROOT)),
          note('history', dispatch.getHistory({ ...run, afterSequence: 2n }, ROOT)),
          note('streamed', stream.next()),
        ];
        await sleep(250);
        expect(answered).toEqual([]);
        held.release();
        await Promise.all(reads);
        expect(answered).toHaveLength(5);
        expect((await events.getLatestSequence(run, ROOT)).sequence).toBe(3n);
        await stream.return?.();
      });

      describe('the history for a worker', () => {
        test('is paged as events are, and is of the incarnation that is named', async () => {
          const calls = await open();
          const { tenantId, dispatch } = calls;
          await using worker = await runWithSteps(calls, 120);
          const { incarnation } = await worker.assigned('r');
          const found: number[] = [];
          let pageToken = '';
          do {
            const page = await dispatch.getHistory(
              { tenantId, runId: 'r', incarnation, afterSequence: 3n, pageToken },
              ROOT,
            );
            expect(page.lastSequence).toBe(123n);
            found.push(...numbersOf(page.events));
            pageToken = page.nextPageToken;
          } while (pageToken !== '');
          expect(found).toEqual(upTo(123, 4));
          expect(await failureOf(dispatch.getHistory({ tenantId, runId: 'none' }, ROOT))).toMatchObject({
            reason: 'RUN_NOT_FOUND',
          });
        });

        test('is waited for as long as the caller says, and no longer than the run lasts', async () => {
          const { tenantId, dispatch, runs, start, signals } = await open();
          await start('r');
          const wait = async (ms: number): Promise<[number[], number]> => {
            const startMs = performance.now();
            const page = await dispatch.getHistory(
              { tenantId, runId: 'r', afterSequence: 2n, wait: durationFromMs(ms) },
              ROOT,
            );
            return [numbersOf(page.events), performance.now() - startMs];
          };
          const [none, tookMs] = await wait(150);
          expect(none).toEqual([]);
          expect(tookMs).toBeGreaterThanOrEqual(145);
          expect((await wait(0))[0]).toEqual([]);
          const waiting = wait(20_000);
          await sleep(100);
          await signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT);
          const [one, untilMs] = await waiting;
          expect(one).toEqual([3]);
          expect(untilMs).toBeLessThan(5_000);
          await runs.terminateRun({ tenantId, runId: 'r' }, ROOT);
          const { lastSequence } = await dispatch.getHistory({ tenantId, runId: 'r' }, ROOT);
          const ended = await dispatch.getHistory(
            { tenantId, runId: 'r', afterSequence: lastSequence, wait: durationFromMs(20_000) },
            ROOT,
          );
          expect(ended.events).toEqual([]);
        });
      });
    });
  });
}
