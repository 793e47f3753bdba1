import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WatchEventsResponse } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { StateStore } from '#libs/store/store.ts';
import { failureOfStream } from '#test/doors/failure.ts';
import { kindsOf, numbersOf, runWithSteps, upTo } from './event-logs.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { DOORS, GRPC, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

/** What EventLogService.WatchEvents promises, on any store and through both doors. */
export function eventsWatchContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let segmentReads = 0;
    let served: ServedState;
    /** Sends every stream away soon, and pings often. */
    let restless: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(countReads(stack.use(await home.openState()))));
      const second = stack.use(await createHome());
      const limits = { streamMaxAgeMs: 250, streamPingMs: 40 };
      restless = stack.use(await serveState(stack.use(await second.openState()), {}, { limits }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    function countReads(store: StateStore): StateStore {
      const { tables } = store;
      const readSegments: typeof tables.readSegments = (...args) => {
        segmentReads += 1;
        return tables.readSegments(...args);
      };
      return { ...store, tables: { ...tables, readSegments } };
    }

    describe.each(DOORS)('by $name', (door) => {
      const open = (node: ServedState = served): Promise<RunCalls> => runCalls(door, node);

      test('[58] a watch delivers what is there and what comes, and ends after the last event of the run', async () => {
        const calls = await open();
        const { tenantId, events } = calls;
        await using worker = await runWithSteps(calls, 5);
        const watching = (async () => {
          const found: WatchEventsResponse[] = [];
          for await (const frame of events.watchEvents({ tenantId, runId: 'r', afterSequence: 3n }, ROOT))
            found.push(frame);
          return found;
        })();
        const assignment = await worker.assigned('r');
        for (let ordinal = 6; ordinal <= 20; ordinal += 1) await worker.step(assignment, ordinal);
        await worker.complete(assignment, 20);
        const frames = await watching;
        const found = frames.flatMap((frame) => frame.events);
        expect(numbersOf(found)).toEqual(upTo(found.length + 3, 4));
        expect(kindsOf(found).slice(-1)).toEqual(['runEnded']);
        const { lastSequence } = await events.listEvents({ tenantId, runId: 'r' }, ROOT);
        expect(found.at(-1)?.sequence).toBe(lastSequence);
        expect(new Set(frames.map(({ incarnation }) => incarnation)).size).toBe(1);
        expect([frames.at(-1)?.caughtUp, frames.at(-1)?.goAway]).toEqual([true, undefined]);
        // Whoever comes after the end gets the rest and the end.
        const late = [];
        for await (const frame of events.watchEvents({ tenantId, runId: 'r', afterSequence: lastSequence }, ROOT))
          late.push(frame);
        expect(late).toMatchObject([{ events: [], caughtUp: true, incarnation: frames[0]?.incarnation }]);
      });

      test('[58] a watch that is cut at any point goes on from the last event received, with no gap and none twice', async () => {
        const calls = await open();
        const { tenantId, events } = calls;
        await using worker = await runWithSteps(calls, 130);
        const steps = (async () => {
          const assignment = await worker.assigned('r');
          for (let ordinal = 131; ordinal <= 170; ordinal += 1) await worker.step(assignment, ordinal);
          await worker.complete(assignment, 170);
        })();
        const found: number[] = [];
        let hasEnded = false;
        for (let round = 1; !hasEnded; round += 1) {
          const stream = events.watchEvents({ tenantId, runId: 'r', afterSequence: BigInt(found.at(-1) ?? 0) }, ROOT);
          let taken = 0;
          for await (const frame of stream) {
            found.push(...numbersOf(frame.events));
            hasEnded ||= frame.events.some(({ kind }) => kind.case === 'runEnded');
            taken += 1;
            // Cut in the middle, at another place each time.
            if (taken > round % 4 && !hasEnded) break;
          }
        }
        await steps;
        expect(found).toEqual(upTo(found.length));
        expect(found.length).toBe(175);
      });

      test('a watch stays with the incarnation that it began with, and ends with it', async () => {
        const { tenantId, events, start } = await open();
        const { run } = await start('r');
        const frames: WatchEventsResponse[] = [];
        for await (const frame of events.watchEvents({ tenantId, runId: 'r' }, ROOT)) {
          if (frames.length === 0) await start('r', { conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
          frames.push(frame);
        }
        expect(kindsOf(frames.flatMap((frame) => frame.events))).toEqual(['runStarted', 'taskScheduled', 'runEnded']);
        for (const { incarnation } of frames) expect(incarnation).toBe(run?.incarnation);
        expect(await failureOfStream(events.watchEvents({ tenantId, runId: 'none' }, ROOT))).toMatchObject({
          reason: 'RUN_NOT_FOUND',
        });
      });

      test('a watch is pinged, told to go away and taken up again without a gap', async () => {
        const { tenantId, events, start, signals } = await open(restless);
        await start('r');
        const found: number[] = [];
        let pings = 0;
        for (let round = 0; round < 3; round += 1) {
          let isSentAway = false;
          const afterSequence = BigInt(found.at(-1) ?? 0);
          for await (const frame of events.watchEvents({ tenantId, runId: 'r', afterSequence }, ROOT)) {
            found.push(...numbersOf(frame.events));
            if (frame.ping !== undefined) pings += 1;
            isSentAway ||= frame.goAway !== undefined;
          }
          expect(isSentAway).toBe(true);
          await signals.sendSignal({ tenantId, runId: 'r', name: 's', signalId: String(round) }, ROOT);
        }
        expect(pings).toBeGreaterThan(3);
        expect(found).toEqual([1, 2, 3, 4]);
      });
    });

    test('a watch of a caller who does not read stops reading the log, and loses nothing of it', async () => {
      const calls = await runCalls(GRPC, served);
      const { tenantId, events } = calls;
      await using worker = await runWithSteps(calls, 2_000, JSON.stringify('x'.repeat(8_000)));
      // Until the rows have it, the log is read in memory.
      await sleep(1_000);
      const before = segmentReads;
      const stream = events.watchEvents({ tenantId, runId: 'r' }, ROOT)[Symbol.asyncIterator]();
      const first = await stream.next();
      let readUnread = 0;
      for (let quietMs = 0; quietMs < 300; quietMs += 50) {
        await sleep(50);
        if (segmentReads - before !== readUnread) quietMs = 0;
        readUnread = segmentReads - before;
      }
      const found = numbersOf(first.value?.events ?? []);
      while (found.length < 2_003) {
        const next = await stream.next();
        found.push(...numbersOf(next.value?.events ?? []));
      }
      expect(found).toEqual(upTo(2_003));
      expect(readUnread).toBeLessThan((segmentReads - before) / 2);
      await stream.return?.();
      expect(worker.sessionId).not.toBe('');
    });
  });
}
