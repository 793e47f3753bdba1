import { expect, test } from 'vitest';
import { keepWorking } from './keep-working.ts';
import type { WorkerProcess } from './worker-process.ts';

interface Hand extends WorkerProcess {
  readonly wasStopped: () => boolean;
  becomesReady(): void;
  ends(code: number): void;
}

/** A worker by hand: it is ready and ends when a test says so, and ends with 0 when it is stopped. */
function workerByHand(): Hand {
  const ready = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<number>();
  let isStopped = false;
  const ends = (code: number): void => {
    ready.resolve(false);
    ended.resolve(code);
  };
  return {
    ready: ready.promise,
    ended: ended.promise,
    stop: () => {
      isStopped = true;
      ends(0);
    },
    wasStopped: () => isStopped,
    becomesReady: () => ready.resolve(true),
    ends,
  };
}

/** Keeps workers by hand at work. */
function work(isWatched: boolean) {
  const workers: Hand[] = [];
  const notes: string[] = [];
  const asked = new AbortController();
  let change = Promise.withResolvers<string>();
  const code = keepWorking({
    start: () => {
      const worker = workerByHand();
      workers.push(worker);
      return worker;
    },
    nextChange: isWatched ? () => change.promise : undefined,
    signal: asked.signal,
    note: (line) => notes.push(line),
  });
  return {
    code,
    notes,
    stopped: () => workers.map((worker) => worker.wasStopped()),
    worker: (index: number): Hand => workers[index] ?? workerByHand(),
    ask: () => asked.abort(),
    changes: (file: string): void => {
      const { resolve } = change;
      change = Promise.withResolvers();
      resolve(file);
    },
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the worker of before is stopped when the next one is ready, and not sooner', async () => {
  const { code, worker, stopped, changes, ask, notes } = work(true);
  worker(0).becomesReady();
  await soon();
  changes('a.ts');
  await soon();
  expect(stopped()).toEqual([false, false]);
  worker(1).becomesReady();
  await soon();
  expect(stopped()).toEqual([true, false]);
  ask();
  expect(await code).toBe(0);
  expect(stopped()).toEqual([true, true]);
  expect(notes).toEqual(['a.ts has changed']);
});

test('one that still starts makes way for the next change', async () => {
  const { worker, stopped, changes, ask, code } = work(true);
  worker(0).becomesReady();
  await soon();
  changes('a.ts');
  await soon();
  changes('b.ts');
  await soon();
  expect(stopped()).toEqual([false, true, false]);
  ask();
  expect(await code).toBe(0);
});

test('one that does not start leaves the worker of before at work', async () => {
  const { worker, stopped, changes, ask, code, notes } = work(true);
  worker(0).becomesReady();
  await soon();
  changes('a.ts');
  await soon();
  worker(1).ends(1);
  await soon();
  expect(stopped()).toEqual([false, false]);
  worker(0).ends(1);
  await soon();
  expect(notes.slice(1)).toEqual(['the code of before works on', 'nothing works until the code changes']);
  changes('a.ts');
  await soon();
  expect(stopped()).toHaveLength(3);
  ask();
  expect(await code).toBe(0);
});

test('where nobody watches the code, its end is the end of all', async () => {
  const { worker, code } = work(false);
  worker(0).becomesReady();
  await soon();
  worker(0).ends(3);
  expect(await code).toBe(3);
});
