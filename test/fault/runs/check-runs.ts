import { expect } from 'vitest';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient, type RpcClient } from '#libs/rpc/client/client.ts';
import { type DiaryLine, readDiary } from './diary.ts';
import type { LoadedRun } from './load.ts';
import { textOf } from './texts.ts';

/** Logs that are read at a time. */
const CONCURRENCY = 16;

/**
 * Checks, after all has ended, that nothing that was acknowledged is lost and nothing happened twice: every log is
 * without a gap, holds each step, signal, child and end once and with the result that its function was given, and no
 * step ran again after its function was given a result.
 */
export async function checkRuns(address: string, runs: readonly LoadedRun[], diaryPath: string): Promise<void> {
  await using channel = createChannel({ address });
  const client = createClient(EventLogService, channel);
  const diary = Map.groupBy(readDiary(diaryPath), ({ runId }) => runId);
  const children = runs
    .filter(({ kind }) => kind === 'parent')
    .flatMap((run) => Array.from({ length: run.size }, (_, index) => childOf(run, index)));
  const left = [...runs, ...children].values();
  const check = async (): Promise<void> => {
    for (const run of left) checkRun(run, await readLog(client, run.runId), diary.get(run.runId) ?? []);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, check));
}

function childOf({ runId, askedMs, endedMs }: LoadedRun, index: number): LoadedRun {
  return { runId: `${runId}-child-${index}`, kind: 'steps', size: 2, askedMs, endedMs };
}

function checkRun(run: LoadedRun, log: readonly Event[], lines: readonly DiaryLine[]): void {
  const { runId, kind, size } = run;
  expect(
    log.map(({ sequence }) => Number(sequence)),
    runId,
  ).toEqual(log.map((_, index) => index + 1));
  expect(countOf(log, 'runStarted'), runId).toBe(1);
  expect(countOf(log, 'runEnded'), runId).toBe(1);
  const signals = kind === 'signal' ? 1 : 0;
  expect(countOf(log, 'signalConsumed'), runId).toBe(signals);
  const started = kind === 'parent' ? size : 0;
  for (const name of ['childScheduled', 'childStarted', 'childEnded'] as const) {
    expect(countOf(log, name), runId).toBe(started);
  }

  const recorded = log.flatMap(({ kind: { case: name, value } }) => (name === 'stepRecorded' ? [value] : []));
  const names = recorded.map(({ step }) => nameOf(step));
  expect(new Set(names).size, runId).toBe(names.length);
  const steps = Array.from({ length: kind === 'steps' ? size : 2 }, (_, index) => String(index + 1));
  expect(recorded.length, runId).toBe(steps.length);
  for (const [index, step] of steps.entries()) {
    const ofStep = lines.filter((line) => line.step === step);
    const firstGiven = ofStep.findIndex((line) => line.kind === 'given');
    // It was given by the worker that went on with the run, and by every one that replayed it.
    expect(firstGiven, `${runId}, step ${step}, was given`).toBeGreaterThan(0);
    const after = ofStep.slice(firstGiven).filter((line) => line.kind === 'ran');
    expect(after, `${runId}, step ${step}, ran after it was acknowledged`).toEqual([]);
    const results = new Set(ofStep.filter((line) => line.kind === 'given').map(({ token }) => token));
    expect([...results], `${runId}, step ${step}`).toEqual([textOf(recorded[index]?.result)]);
    expect(ofStep.filter((line) => line.kind === 'ran').map(({ token }) => token)).toContain([...results][0]);
  }
}

function countOf(log: readonly Event[], name: Event['kind']['case']): number {
  return log.filter(({ kind }) => kind.case === name).length;
}

function nameOf(step: StepId | undefined): string {
  return JSON.stringify([step?.scope, step?.name, step?.occurrence]);
}

async function readLog(client: RpcClient<typeof EventLogService>, runId: string): Promise<readonly Event[]> {
  const found: Event[] = [];
  let pageToken = '';
  do {
    const { events, nextPageToken } = await client.listEvents({ runId, includeSystem: true, pageToken });
    found.push(...events);
    pageToken = nextPageToken;
  } while (pageToken !== '');
  return found;
}
